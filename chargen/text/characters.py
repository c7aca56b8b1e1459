"""Characters as numbers, by name, and as a person can see them."""

import unicodedata
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from chargen.errors import CorpusError

_SIGNS = {"\n": "↵", "\r": "␍", "\t": "⇥"}
# Unicode gives control characters no name; these are its aliases for those that texts have.
_CONTROLS = {"\t": "CHARACTER TABULATION", "\n": "LINE FEED", "\r": "CARRIAGE RETURN"}


_FIRST_SURROGATE, _LAST_SURROGATE = 0xD800, 0xDFFF


def code_points(text: str) -> NDArray[np.uint32]:
    """The code points of `text`, shape [len(text)]; lone surrogates pass."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")


def refuse_surrogates(codes: NDArray[np.uint32]) -> None:
    """Refuse lone surrogates among code points.

    Raises:
        CorpusError: naming the first.
    """
    surrogates = codes[(codes >= _FIRST_SURROGATE) & (codes <= _LAST_SURROGATE)]
    if surrogates.size:
        raise CorpusError(
            f"The text holds the lone surrogate {describe(chr(surrogates[0]))}, which is half "
            "of a character and has no UTF-8 form; remove it or decode the source again."
        )


def unicode_name(character: str) -> str:
    """Its name in Unicode; empty where it has none."""
    return unicodedata.name(character, _CONTROLS.get(character, ""))


def describe(character: str) -> str:
    """A character as an error message names it: quoted where it prints, with its code point."""
    code = f"U+{ord(character):04X}"
    if character.isprintable():
        return f"{character!r} ({code})"
    name = unicode_name(character)
    return f"{code} ({name})" if name else code


def enumerate_some(names: Sequence[str], *, most: int = 8, separator: str = ", ") -> str:
    """The first few of `names`, and how many more there are."""
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return separator.join(names[:most]) + more


def visible(character: str) -> str:
    """A character that can be seen: a sign for a line end or tab, an escape for what is hidden."""
    if character in _SIGNS:
        return _SIGNS[character]
    return character if character.isprintable() else ascii(character)[1:-1]
