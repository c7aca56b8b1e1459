"""Mark where one document of a corpus ends and the next begins: a boundary character."""

import re
from collections.abc import Iterable, Iterator
from itertools import chain

from chargen.text.vocabulary import BOUNDARY


def split_documents(pieces: Iterable[str], separator: str) -> Iterator[str]:
    """Yield a text that comes in pieces, with a boundary in place of every separator."""
    held = ""
    for piece in pieces:
        text = (held + piece).replace(separator, BOUNDARY)
        cut = max(0, len(text) - (len(separator) - 1))  # the rest may begin a separator
        yield text[:cut]
        held = text[cut:]
    yield held


def mark_boundaries(pieces: Iterable[str]) -> Iterator[str]:
    """Yield a text that comes in pieces, without its empty documents.

    In what comes out, a boundary is first and last, and no two come together.
    """
    at_boundary = False
    for piece in chain([BOUNDARY], pieces, [BOUNDARY]):
        text = re.sub(f"{BOUNDARY}+", BOUNDARY, piece)
        if at_boundary:
            text = text.removeprefix(BOUNDARY)
        if text:
            at_boundary = text.endswith(BOUNDARY)
            yield text
