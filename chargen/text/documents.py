"""Mark where one document of a text ends and the next begins: a boundary character."""

import re
from collections.abc import Iterable, Iterator
from itertools import chain

from chargen.text.line_ends import MARKS
from chargen.text.vocabulary import BOUNDARY

_NEWLINES = "\n\r\x85"  # what a line end in a separator is written as, besides CR LF


def split_documents(pieces: Iterable[str], separator: str) -> Iterator[str]:
    r"""Yield a text that comes in pieces, with a boundary in place of every separator.

    A line end in the separator stands for every kind of line end, so that "\n\n" is an empty line
    in any text. VT, FF, LS and PS in it stand for themselves alone.
    """
    pattern, longest = re.compile(separator_pattern(separator)), _longest(separator)
    held = ""
    for piece in pieces:
        text = held + piece
        kept = "\r" if text.endswith("\r") else ""  # it may be half of a line end
        text = pattern.sub(BOUNDARY, text.removesuffix(kept))
        cut = max(0, len(text) - (longest - 1))  # the rest may begin a separator
        yield text[:cut]
        held = text[cut:] + kept
    yield pattern.sub(BOUNDARY, held)


def separator_pattern(separator: str) -> str:
    """Return a regular expression of what a separator looks like in a text."""
    marks = "".join(mark for mark in MARKS if mark in _NEWLINES or mark not in separator)
    line_end = f"(?>\r\n|[{marks}])"  # never the first half of CR LF alone
    return line_end.join(map(re.escape, _parts(separator)))


def _longest(separator: str) -> int:
    """Return how many characters a separator has at most in a text."""
    return len(separator) + len(_parts(separator)) - 1


def _parts(separator: str) -> list[str]:
    return re.split(f"\r\n|[{_NEWLINES}]", separator)


def merge_boundaries(text: str) -> str:
    """Return a text with boundaries, without its empty documents."""
    return re.sub(f"{BOUNDARY}+", BOUNDARY, text)


def mark_boundaries(pieces: Iterable[str]) -> Iterator[str]:
    """Yield a text that comes in pieces, without its empty documents.

    In what comes out, a boundary is first and last, and no two come together.
    """
    at_boundary = False
    for piece in chain([BOUNDARY], pieces, [BOUNDARY]):
        text = merge_boundaries(piece)
        if at_boundary:
            text = text.removeprefix(BOUNDARY)
        if text:
            at_boundary = text.endswith(BOUNDARY)
            yield text
