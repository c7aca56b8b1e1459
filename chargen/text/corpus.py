"""A text file, read whole and checked, with what was noticed on the way."""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from chargen.errors import CorpusError, EncodingError
from chargen.text.vocabulary import Ids, Vocabulary, describe

_BOM = "\N{BYTE ORDER MARK}"


@dataclass(frozen=True)
class Corpus:
    """A text to learn from.

    Args:
        text: the characters.
        name: what to call it, such as the file's name.
        encoding: of the file it came from.
        notes: what a reader should know of how the text was taken in, one sentence each.

    Raises:
        CorpusError: if the text is empty, has one distinct character only, or holds NUL
            characters or lone surrogates.
    """

    text: str
    name: str = "text"
    encoding: str = "utf-8"
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.text:
            raise CorpusError(f"{self.name} is empty; a corpus needs text to learn from.")
        if (nul := self.text.find("\0")) >= 0:
            raise CorpusError(
                f"{self.name} holds NUL characters (the first is character {nul:,}), so it is not "
                "plain text; if it is text in UTF-16 or UTF-32, name it with --encoding."
            )
        if self.vocabulary.vocab_size < 2:
            raise CorpusError(
                f"{self.name} repeats one character, {describe(self.text[0])}; "
                "there is nothing to learn. At least two distinct characters are needed."
            )

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """The distinct characters."""
        return Vocabulary(self.text)

    @cached_property
    def ids(self) -> Ids:
        """The whole text as ids, shape [characters]."""
        return self.vocabulary.encode(self.text)

    @cached_property
    def sha256(self) -> str:
        """A fingerprint of the text: SHA-256 of its UTF-8 form, in hexadecimal."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def line_ending(self) -> str:
        """How its lines end: LF, CRLF, CR, or none."""
        return _line_ending(self.text)

    @property
    def start(self) -> str:
        """What generation starts from when nobody gives a prompt: a newline, where there is one."""
        return "\n" if "\n" in self.vocabulary else self.text[0]


def read_corpus(path: str | Path, encoding: str = "utf-8") -> Corpus:
    """Read a text file.

    A byte order mark is dropped and line endings are kept; `notes` say so. Any encoding that
    Python knows by name will do.

    Raises:
        CorpusError: if there is no such file, it cannot be read, or it is not a text to learn from.
        EncodingError: if the bytes are not text in `encoding`; the byte offset is named.
    """
    path = Path(path)
    text = decode(read_bytes(path), encoding, name=path)
    notes = []
    if text.startswith(_BOM):
        text = text.removeprefix(_BOM)
        notes.append("The byte order mark at the start was dropped.")
    if "\r" in text:
        ending = _line_ending(text)
        notes.append(f"Line endings are {ending} and are kept: the model will write them too.")
    return Corpus(text, name=path.name, encoding=encoding, notes=tuple(notes))


def read_bytes(path: Path) -> bytes:
    """What a file holds.

    Raises:
        CorpusError: if there is no such file, or it cannot be read.
    """
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise CorpusError(f"There is no file {path}; give the path of a text file.") from None
    except IsADirectoryError:
        raise CorpusError(f"{path} is a folder; give the path of one text file.") from None
    except OSError as error:
        raise CorpusError(f"{path} cannot be read: {error.strerror}.") from None


def decode(data: bytes, encoding: str, *, name: str | Path) -> str:
    """Bytes as text; `name` is what an error calls them.

    Raises:
        EncodingError: if they are not text in `encoding`, or there is no such encoding.
    """
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        offset = error.start + len(data) - len(error.object)  # utf-8-sig leaves the mark out
        raise EncodingError(
            f"{name} is not {encoding} text: byte {data[offset]:#04x} at offset "
            f"{offset:,}. If it was written in another encoding, name it, as in "
            "--encoding cp1252."
        ) from None
    except UnicodeError as error:  # such as UTF-16 without its mark
        raise EncodingError(f"{name} is not {encoding} text: {error}.") from None
    except LookupError:
        raise EncodingError(
            f"Python knows no encoding {encoding!r}; try utf-8, utf-16, cp1252 or latin-1."
        ) from None


def _line_ending(text: str) -> str:
    endings = {"CRLF": "\r\n", "LF": "\n", "CR": "\r"}
    return next((name for name, mark in endings.items() if mark in text), "none")
