"""chargen evaluate: measure how well a model predicts a text."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from chargen.cli import options
from chargen.cli.help import command
from chargen.cli.models import load_model
from chargen.cli.terminal import say
from chargen.cli.texts import progress_bar, put_json, read_texts
from chargen.errors import CorpusError
from chargen.wording import count

if TYPE_CHECKING:
    from chargen.checkpoint import Checkpoint
    from chargen.corpus.sources import Source
    from chargen.text.tokenizer import CharTokenizer
    from chargen.text.unknown import PreparedText


@command("chargen evaluate other.txt -m novel", "chargen evaluate other.txt --unknown skip --json")
@click.argument("text", type=options.input_path)
@options.model
@options.verbose
@options.label
@options.encoding("the text")
@options.column("the text")
@options.unknown("error")
@options.option(
    "--adapt",
    is_flag=True,
    help="Also measure the loss while the model goes on learning from the text (slow).",
)
@options.threads
@options.json
def evaluate(
    text: Path,
    model: str | None,
    verbose: bool,
    label: str | None,
    encoding: str,
    column: str | None,
    unknown: Any,
    adapt: bool,
    threads: int | None,
    as_json: bool,
) -> None:
    """Measure how well a model predicts a text.

    TEXT is a file, a folder, or - for standard input. It is read as the model's corpus was: cut
    into documents where that was, and, unless --label names one, with the labels that its files
    would have had there. Every character but the first is predicted from those before it, in two
    ways. Carried: the state flows through the whole text. Windowed: each window
    of 256 characters starts from a zero state. With --adapt there is a third way, dynamic
    evaluation: the model predicts 20 characters, then learns from them, and so on. The model's
    file is never changed.
    """
    loaded = load_model(model, verbose=verbose, threads=threads)
    checkpoint, tokenizer = loaded.checkpoint, loaded.checkpoint.tokenizer
    if label is not None or not checkpoint.label_rules:
        checkpoint.label_ids(label)  # told before anything is read
    files = read_texts(text, encoding, column)
    labels, prepared = [], []
    for name, group in groupby(files, lambda each: label or _label_of(each[0], checkpoint)):
        labels.append(name)
        prepared.append(tokenizer.prepare_text([each for _, each in group], unknown))
    for note in (*_notes(tokenizer, prepared, len(files)), *(n for p in prepared for n in p.notes)):
        say(note)
    characters = sum(len(each.text) for each in prepared)
    with progress_bar((3 if adapt else 2) * characters) as progress:
        result = loaded.evaluate(prepared, label=labels, adapt=adapt, progress=progress)
    values = result.to_json()
    if as_json:
        put_json(values)
        return
    read = count(result.characters, "character"), count(result.bytes, "byte")
    click.echo(f"{read[0]} predicted, {read[1]} in UTF-8")
    click.echo(f"{'':<9}{'nats/char':>10}{'bits/char':>11}{'perplexity':>12}{'bits/byte':>11}")
    for name in ("carried", "windowed", "adapted"):
        if loss := values.get(name):
            click.echo(
                f"{name:<9}{loss['nats_per_char']:>10.4f}{loss['bits_per_char']:>11.4f}"
                f"{loss['perplexity']:>12.4f}{loss['bits_per_byte']:>11.4f}"
            )


def _label_of(source: "Source", checkpoint: "Checkpoint") -> str | None:
    """Return the label that a file would have had in the model's corpus, if it is the model's."""
    from chargen.corpus.labels import label_for_source

    if checkpoint.label_rules:
        with suppress(CorpusError):  # by no rule
            label = label_for_source(source, checkpoint.label_rules)
            return label if label in checkpoint.labels else None
    return None


def _notes(
    tokenizer: "CharTokenizer", prepared: Sequence["PreparedText"], files: int
) -> Iterator[str]:
    """Yield what the user should know of how files become documents, a sentence each."""
    from chargen.text.vocabulary import BOUNDARY

    if tokenizer.boundary is None and files > 1:
        yield f"The model learned from one text; the {count(files, 'text')} are read as one."
    boundaries = sum(each.text.count(BOUNDARY) for each in prepared)
    is_empty = boundaries == sum(len(each.text) for each in prepared)
    if tokenizer.separator is not None and boundaries <= files and not is_empty:
        yield (
            f"The document separator {tokenizer.separator!r} is nowhere in the text: each text is "
            "read as one document."
        )
