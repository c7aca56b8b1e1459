"""chargen sample: write in the style of a trained model."""

import json
import sys
from collections.abc import Callable
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any

import click

from chargen.cli.options import checkpoint_option, setting_options, unknown_option
from chargen.cli.texts import read_text
from chargen.config import SamplingConfig

if TYPE_CHECKING:
    from chargen.text.copies import CopyIndex, Passage


@click.command()
@click.argument("prompts", metavar="[PROMPT]...", nargs=-1)
@checkpoint_option
@click.option(
    "--prompt-file",
    "prompt_files",
    multiple=True,
    type=click.Path(readable=False),
    help="A file to take a prompt from; may be repeated.",
)
@click.option("--encoding", default="utf-8", show_default=True, help="Encoding of files and input.")
@click.option("-n", "--samples", "n", default=1, show_default=True, help="Texts for each prompt.")
@click.option(
    "--label",
    "labels",
    multiple=True,
    help="Which of the model's labels to write as; may be repeated, for texts of each.  "
    "[default: one drawn for each text]",
)
@setting_options(
    SamplingConfig,
    short={"length": "l", "temperature": "t", "seed": "s"},
    without=("label",),  # one; here there may be several
)
@unknown_option
@click.option("--no-echo", is_flag=True, help="Leave the prompt out of the text.")
@click.option("--separator", default="\n", help="Between texts.  [default: an empty line]")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line for each text.")
@click.option(
    "--top", type=int, default=0, help="In JSON, how many likely characters for each place."
)
@click.option(
    "--report-copies",
    "corpus",
    metavar="CORPUS",
    help="Say what of each text stands word for word in the file CORPUS.",
)
@click.option(
    "--engine",
    type=click.Choice(["numpy", "keras"]),
    default="numpy",
    show_default=True,
    help="What computes; keras is the slow reference.",
)
def sample(
    prompts: tuple[str, ...],
    checkpoint: str | None,
    prompt_files: tuple[str, ...],
    encoding: str,
    n: int,
    labels: tuple[str, ...],
    unknown: Any,
    no_echo: bool,
    separator: str,
    as_json: bool,
    top: int,
    corpus: str | None,
    engine: Any,
    **settings: Any,
) -> None:
    """Write what might follow each PROMPT, the prompt first, on standard output.

    Of a model with several labels, standard error says which each text has.

    A PROMPT of - is read from standard input, without its last newline.

    The next character is chosen in this order: --only, --ban, --repetition-penalty, --max-line
    and --max-copy say what may come; --temperature flattens or sharpens the odds; --top-k, --top-p
    and --min-p rule the unlikely out; and one of what is left is drawn.
    """
    from chargen.corpus.sources import check_standard_input
    from chargen.language_model import load

    if top and not as_json:
        raise click.UsageError("--top is shown in JSON only; add --json.")
    if settings["max_copy"] is not None and corpus is None:
        raise click.UsageError("--max-copy needs the corpus; name it with --report-copies CORPUS.")
    given = {key: value for key, value in settings.items() if value not in (None, ())}
    SamplingConfig(**given)  # what is wrong with them is told before anything is read
    check_standard_input([*prompts, *prompt_files, corpus])
    model = load(checkpoint, engine=engine)
    for label in labels:
        model.checkpoint.label_ids(label)
    read = partial(_read, encoding=encoding)
    texts = [read(text) if text == "-" else text for text in prompts]
    texts = [*texts, *map(read, prompt_files)] or [""]
    tokenizer = model.checkpoint.tokenizer
    prepared = [tokenizer.prepare_prompt(text, unknown) for text in texts]
    for note in dict.fromkeys(note for each in prepared for note in each.notes):
        click.echo(note, err=True)
    index = _copy_index(corpus, encoding, tokenizer.prepare)

    if len(prepared) * n * max(1, len(labels)) == 1 and not as_json:
        session = model.session(copies=index, label=labels[0] if labels else None, **given)
        if not labels:
            _tell(session.label)
        pieces = session.stream(prepared[0])
        _put("" if no_echo else prepared[0].text)
        passage = None
        if index is not None:
            passage = index.longest(chain.from_iterable(map(_put, pieces)))
        for piece in pieces:
            _put(piece)
        _put("\n")
        _report("The text", passage, corpus)
        return
    samples = model.samples(
        prepared, n=n, label=labels or None, log_probs=as_json, top=top, copies=index, **given
    )
    for number, each in enumerate(samples):
        passage = None if index is None else index.longest(each.text)
        if as_json:
            copy = {} if index is None else {"copy": passage and vars(passage)}
            _put(json.dumps(each.to_json() | copy, ensure_ascii=False) + "\n")
        else:
            _put(separator if number else "", "surrogateescape")  # it may be any bytes
            if len(labels) != 1:
                _tell(each.label)
            _put(("" if no_echo else each.prompt) + each.text + "\n")
            _report(f"Text {number + 1}", passage, corpus)


def _read(path: str, encoding: str) -> str:
    """A prompt from a file, or from standard input for "-", without its last newline."""
    return read_text(path, encoding).removesuffix("\n").removesuffix("\r")


def _copy_index(
    corpus: str | None, encoding: str, prepare: Callable[[str], str]
) -> "CopyIndex | None":
    if corpus is None:
        return None
    from chargen.text.copies import CopyIndex

    return CopyIndex(prepare(read_text(corpus, encoding)))


def _put(text: str, errors: str = "backslashreplace") -> str:
    """Write at once, as bytes, so that neither locale nor platform changes the text."""
    sys.stdout.buffer.write(text.encode(errors=errors))
    sys.stdout.buffer.flush()
    return text


def _tell(label: str | None) -> None:
    """Say which label a text has, if any."""
    if label is not None:
        click.echo(f"Label: {label}", err=True)


def _report(which: str, passage: "Passage | None", corpus: str | None) -> None:
    """Say how much of a text was copied at most, and from where."""
    if corpus is None:
        return
    if passage is None:
        click.echo(f"{which} has nothing that stands in {corpus}.", err=True)
        return
    click.echo(
        f"{which} has at most {len(passage.text):,} characters in one piece from {corpus}, "
        f"line {passage.line:,}: {passage.text!r}",
        err=True,
    )
