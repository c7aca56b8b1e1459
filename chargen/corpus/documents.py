"""Where one document of a corpus ends and the next begins: boundaries between the pieces."""

import re
from collections.abc import Iterable, Iterator

from chargen.text.vocabulary import BOUNDARY


def unescaped(separator: str) -> str:
    r"""A separator with the characters that \n, \t and \f in it stand for."""
    return separator.replace("\\n", "\n").replace("\\t", "\t").replace("\\f", "\f")


def split_documents(pieces: Iterable[str], separator: str) -> Iterator[str]:
    """The pieces of a text with a boundary in place of every separator."""
    held = ""
    for piece in pieces:
        text = (held + piece).replace(separator, BOUNDARY)
        cut = len(text) - (len(separator) - 1)
        yield text[: max(0, cut)]
        held = text[max(0, cut) :]
    yield held


def mark_boundaries(pieces: Iterable[str]) -> Iterator[str]:
    """Pieces in which documents are set apart, without those that are empty.

    A boundary comes first and last, and no two come together.
    """
    at_boundary = False
    for piece in _enclosed(pieces):
        text = re.sub(f"{BOUNDARY}+", BOUNDARY, piece)
        if at_boundary:
            text = text.removeprefix(BOUNDARY)
        if text:
            at_boundary = text.endswith(BOUNDARY)
            yield text


def _enclosed(pieces: Iterable[str]) -> Iterator[str]:
    yield BOUNDARY
    yield from pieces
    yield BOUNDARY
