"""chargen score: show how much each character of a text surprises a model."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from chargen.cli import options
from chargen.cli.escapes import TEXT
from chargen.cli.help import command
from chargen.cli.models import describe_model, load_model
from chargen.cli.terminal import say
from chargen.cli.texts import (
    check_one_source,
    json_text,
    note_file,
    progress_bar,
    read_texts,
    source_name,
)
from chargen.config.model import MAX_CHARACTERS
from chargen.wording import count

if TYPE_CHECKING:
    from chargen.evaluation.score import Score

# From so many bits on, this background: colours of the 256 that keep black text legible, on dark
# terminals and on light ones.
_BACKGROUNDS = ((2, 186), (4, 215), (6, 209), (8, 203), (10, 170))


@command(
    'chargen score "Once upon a time"', "chargen score --file other.txt -m novel --html score.html"
)
@click.argument("text", required=False, type=TEXT)
@options.file("Read the text from this file, or from the files of this folder.")
@options.model
@options.verbose
@options.label
@options.encoding("the file or standard input")
@options.column("--file or -")
@options.unknown("nearest")
@options.number(
    "List this many of the most likely characters at each place.", 5, "--top", max=MAX_CHARACTERS
)
@options.threads
@options.json
@options.html
def score(
    text: str | None,
    file: Path | None,
    model: str | None,
    verbose: bool,
    label: str | None,
    encoding: str,
    column: str | None,
    unknown: Any,
    top: int,
    threads: int | None,
    as_json: bool,
    html: Path | None,
) -> None:
    r"""Show how much each character of a text surprises a model, in bits.

    A TEXT of - is read from standard input. In any other one, \n, \t and \f stand for those
    characters, \\ for a backslash.

    In a terminal the text is coloured. Elsewhere, or if NO_COLOR is set, there is a line for each
    character, with tabs between its fields: the character, its bits, then the characters that
    were most likely, each with its probability. Backslashes, tabs, line ends and invisible
    characters are escaped.
    """
    from chargen.storage.atomic import write_atomically
    from chargen.storage.runs import find_checkpoint

    check_one_source(text, file, column)
    note_file(text, "--file")
    texts = [text or ""]
    if file is not None or text == "-":
        texts = [each for _, each in read_texts("-" if file is None else file, encoding, column)]
    path = find_checkpoint(model)
    loaded = load_model(path, verbose=verbose, threads=threads)
    prepared = loaded.checkpoint.tokenizer.prepare_text(texts, unknown)
    for note in prepared.notes:
        say(note)
    with progress_bar(len(prepared.text)) as progress:
        result = loaded.score(prepared, label=label, top=top, progress=progress)
    if html is not None:
        named = describe_model(path, loaded, label)
        page = result.to_html(model=named, source=source_name(text, file))
        write_atomically(html, page.encode())
        say(f"Written to {html}.")
    summary = (
        f"{count(len(result.text), 'character')}, {result.total_bits:,.1f} bits: "
        f"{result.bits_per_char:.3f} bits per character, perplexity {result.perplexity:.2f}"
    )
    if as_json:  # bytes, here and below, for they are UTF-8 whatever the locale
        click.echo(json_text(result.to_json()).encode())
    elif html is not None:
        return
    elif sys.stdout.isatty() and not os.environ.get("NO_COLOR"):
        click.echo(_coloured(result).encode())
        steps = "".join(_painted(f" {bits} ", bits) for bits, _ in _BACKGROUNDS)
        click.echo(f"\nbits, from: 0 {steps}\n{summary}".encode())
    else:
        click.echo("\n".join(_table(result)).encode())
        say(summary)


def _painted(text: str, cost: float) -> str:
    backgrounds = [background for min_bits, background in _BACKGROUNDS if min_bits <= cost]
    return click.style(text, fg=16, bg=backgrounds[-1]) if backgrounds else text


def _coloured(score: "Score") -> str:
    """Return the text with colours behind surprising characters and signs for invisible ones."""
    from chargen.text.characters import visible
    from chargen.text.vocabulary import BOUNDARY

    painted = []
    for character, cost in zip(score.text, score.bits.tolist(), strict=True):
        is_space = character in "\n\t"
        is_plain = is_space and cost < _BACKGROUNDS[0][0]
        painted.append("" if is_plain else _painted(visible(character), cost))
        painted.append("\n" if character == BOUNDARY else character if is_space else "")
    return "".join(painted)


def _table(score: "Score") -> list[str]:
    """Return a header and a line for each character."""
    from chargen.text.characters import escape_hidden

    header = ["character", "bits"]
    for number in range(1, score.probabilities.shape[1] + 1):
        header += [f"expected{number}", f"probability{number}"]
    lines = ["\t".join(header)]
    for position, character in enumerate(score.text):
        fields = [escape_hidden(character), f"{score.bits[position]:.4f}"]
        for other, probability in score.alternatives(position):
            fields += [escape_hidden(other), f"{probability:.4f}"]
        lines.append("\t".join(fields))
    return lines
