"""What reaches a terminal: all that commands say, and the texts that models write.

File names, labels and texts can hold control characters, which a terminal would obey: they would
move the cursor, change the title, or hide a line. What commands say goes through `Escaping`, which
shows them instead, whoever wrote it: a command, click, a warning. Generated text goes through
`TextOutput`. What is ours to control the terminal with goes to the stream's `buffer`, as bytes.
"""

import errno
import os
import sys
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from chargen.errors import bounded
from chargen.text.controls import escape_controls, escape_line


class Escaping:
    """A text stream that shows control characters as escapes; line ends and tabs stay.

    Carriage returns at either end of what is written stay too: they are those of progress bars.
    Once nobody reads any more, as where a terminal was closed or a pipe is broken, nothing is
    written, so that a run can still save what it has.
    """

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        inner = text.lstrip("\r")
        lead = text[: len(text) - len(inner)]
        inner, tail = inner.rstrip("\r"), inner[len(inner.rstrip("\r")) :]
        with self._until_gone():
            self._stream.write(lead + escape_controls(inner) + tail)
        return len(text)

    def flush(self) -> None:
        with self._until_gone():
            self._stream.flush()

    def writelines(self, lines: Any) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    @contextmanager
    def _until_gone(self) -> Iterator[None]:
        """Let writing do nothing once nobody reads any more."""
        try:
            yield
        except OSError as error:
            if error.errno not in (errno.EIO, errno.EPIPE):
                raise
            # What was not written is still in the buffer. Python would flush it on leaving, and end
            # with an exit code of its own.
            discard(self._stream.fileno())


def discard(number: int) -> None:
    """Let all that is written to an open file, which has this number, go nowhere from now on."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), number)


@contextmanager
def controls_shown() -> Iterator[None]:
    """Let standard error show control characters, and standard output, if that is a terminal."""
    before = sys.stdout, sys.stderr
    sys.stderr = Escaping(sys.stderr)
    if is_terminal(sys.stdout):
        sys.stdout = Escaping(sys.stdout)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before


def is_terminal(stream: Any) -> bool:
    """Return whether a stream, which is None where it was closed, is a terminal."""
    return stream is not None and stream.isatty()


def say(message: str) -> None:
    """Say a message in one line of standard error, whatever line ends are in it, and how long."""
    click.echo(bounded(escape_line(message)), err=True)


def cells(text: str) -> int:
    """Return how many cells of a terminal a text takes."""
    wide = sum(unicodedata.east_asian_width(character) in "WF" for character in text)
    marks = sum(unicodedata.category(character) in ("Mn", "Me") for character in text)
    return len(text) + wide - marks


class TextOutput:
    """Standard output for generated text.

    Bytes, so that neither the locale nor the platform's line ends change the text. Only at a
    terminal, control characters are shown as escapes.
    """

    def __init__(self) -> None:
        self._file = sys.stdout.buffer
        self.at_terminal = is_terminal(sys.stdout)
        self._held = ""  # a carriage return that may turn out to be half of a line end

    def put(self, text: str, errors: str = "backslashreplace") -> str:
        """Write a piece of text at once; return it."""
        shown = text
        if self.at_terminal:
            shown = self._held + text
            self._held = "\r" if shown.endswith("\r") else ""
            shown = escape_controls(shown.removesuffix("\r").replace("\r\n", "\n"))
        self.put_styled(shown, errors)
        return text

    def put_styled(self, text: str, errors: str = "backslashreplace") -> None:
        """Write text with control characters of ours in it."""
        self._file.write(text.encode(errors=errors))
        self._file.flush()
