"""What commands share: reading the texts they are given, progress bars, JSON output."""

import json
import os.path
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from chargen.cli.terminal import say
from chargen.config.base import shorten
from chargen.shell import quoted
from chargen.text.controls import CONTROLS

if TYPE_CHECKING:
    from chargen.corpus.reader import Reader
    from chargen.corpus.sources import Source


def read_text(source: str | Path, encoding: str) -> str:
    """Read a file or, if `source` is "-", standard input; drop a byte order mark.

    Raises:
        CorpusError: if it cannot be read.
        EncodingError: if the bytes are not text in `encoding`.
    """
    from chargen.config import ReadingConfig
    from chargen.corpus.reader import Reader
    from chargen.errors import CorpusError

    if os.path.isdir(source):
        raise CorpusError(f"{source} is a folder; give the path of one text file.")
    reader = Reader([source], ReadingConfig(encoding=encoding))
    if (files := len(reader.sources)) > 1:
        raise CorpusError(f"{source} matches {files:,} files; give the path of one text file.")
    text = "".join(reader.pieces())
    _tell_notes(reader)
    return text


def read_texts(
    source: str | Path, encoding: str, column: str | None = None
) -> list[tuple["Source", str]]:
    """Read a file, the files of a folder or those of a glob or, if it is "-", standard input.

    What the user should know of them is told. With `column`, each row of a table is a text.

    Raises:
        CorpusError: if one cannot be read, or none is text.
        EncodingError: if the bytes are not text in `encoding`.
    """
    from chargen.config import ReadingConfig
    from chargen.corpus.reader import Reader

    reader = Reader([source], ReadingConfig(encoding=encoding, column=column))
    texts = list(reader.texts())
    _tell_notes(reader)
    return texts


def _tell_notes(reader: "Reader") -> None:
    for note in reader.notes():
        say(note)


def check_one_source(text: str | None, file: Path | None, column: str | None) -> None:
    """Check that a text is given once: as an argument or as a file. What is typed is no table.

    Raises:
        click.UsageError: if both or neither are given, or a column of a text that is typed.
    """
    if (text is None) == (file is None):
        raise click.UsageError("Give either TEXT (- reads standard input) or --file FILE.")
    if column is not None and text not in (None, "-"):
        raise click.UsageError("--column needs a table; name it with --file FILE.")


def source_name(text: str | None, file: Path | None) -> str:
    """Return what a page calls the text of a command: its file, without folders, or itself."""
    if "-" in (text, str(file)):
        return "standard input"
    return shorten(text) if file is None else file.name or str(file)


def note_file(text: str | None, option: str) -> None:
    """Say so if a text is the name of a file, whose text `option` would read."""
    if text is not None and text != "-" and os.path.isfile(text):
        named = f"{option} {quoted(text)}"
        say(f"Note: {text} is the name of a file; for the text in it, give {named}.")


def put_json(value: object) -> None:
    """Print a value as JSON, in UTF-8 whatever the locale; see `json_text`."""
    click.echo(json_text(value, indent=2).encode())


def json_text(value: object, indent: int | None = None) -> str:
    """Return a value as JSON, with control characters and halves of characters as its escapes.

    The name of a file can have bytes that are not text, which Python reads as such halves.
    """
    return _escaped(json.dumps(value, ensure_ascii=False, indent=indent))


def put_toml(text: str) -> None:
    """Print TOML, in UTF-8 whatever the locale, with control characters as its escapes."""
    click.echo(_escaped(text).encode(), nl=False)


def _escaped(text: str) -> str:
    """Return JSON or TOML with the control characters in its texts as escapes of both."""
    return CONTROLS.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


@contextmanager
def reading_bar() -> Iterator[Callable[[int, int], object]]:
    """Show a bar while a corpus is read; see `progress_bar`.

    Yields a function to call with how many bytes are done and how many there are. The bar goes when
    the two are equal, or on an error.
    """
    with _bar(desc="reading", unit="B") as bar:

        def show(done: int, total: int) -> None:
            if bar is not None:
                bar.total = total or None
                bar.update(done - bar.n)
                if done == total:
                    bar.close()

        yield show


@contextmanager
def progress_bar(total: int) -> Iterator[Callable[[int], object]]:
    """Show a bar on standard error, if that is a terminal and the work takes more than a second.

    Yields a function to call with how many more characters were read.
    """
    shape = "{percentage:3.0f}% {bar} {rate_fmt} · {remaining} left"
    with _bar(total=total, unit="char", bar_format=shape) as bar:
        yield bar.update if bar is not None else lambda characters: None


@contextmanager
def _bar(**settings: Any) -> Iterator[Any]:
    """Show a tqdm bar that is removed afterwards; None where standard error is no terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from tqdm import tqdm

    options = {"delay": 1, "leave": False, "dynamic_ncols": True, "unit_scale": True}
    with tqdm(file=sys.stderr, **options, **settings) as bar:
        yield bar
