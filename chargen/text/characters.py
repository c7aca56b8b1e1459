"""Characters as numbers, by name, and as a person can see them."""

import unicodedata
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from chargen.errors import CorpusError

_SIGNS = {"\0": "␃", "\n": "↵", "\r": "␍", "\t": "⇥"}  # NUL: the end of a document
# Unicode gives control characters no name; these are its aliases for those that texts have.
_CONTROLS = {"\t": "CHARACTER TABULATION", "\n": "LINE FEED", "\r": "CARRIAGE RETURN"}
_FIRST_SURROGATE, _LAST_SURROGATE = 0xD800, 0xDFFF


def code_points(text: str) -> NDArray[np.uint32]:
    """Return the code points of `text`, shape [len(text)]; lone surrogates pass."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")


def refuse_surrogates(codes: NDArray[np.uint32]) -> None:
    """Check that there are no lone surrogates among code points.

    Raises:
        CorpusError: naming the first one.
    """
    surrogates = codes[(codes >= _FIRST_SURROGATE) & (codes <= _LAST_SURROGATE)]
    if surrogates.size:
        raise CorpusError(
            f"The text holds the lone surrogate {describe(chr(surrogates[0]))}, which is half "
            "of a character and has no UTF-8 form; remove it or decode the source again."
        )


def unicode_name(character: str) -> str:
    """Return a character's name in Unicode; empty where it has none."""
    return unicodedata.name(character, _CONTROLS.get(character, ""))


def describe(character: str) -> str:
    """Return a character as messages name it: quoted if it can be printed, with its code point."""
    code = f"U+{ord(character):04X}"
    if character.isprintable():
        return f"{character!r} ({code})"
    name = unicode_name(character)
    return f"{code} ({name})" if name else code


def enumerate_some(names: Sequence[str], *, max_names: int = 8, separator: str = ", ") -> str:
    """Return the first `max_names` of `names` in one string, and how many more there are."""
    more = f" and {len(names) - max_names:,} more" if len(names) > max_names else ""
    return separator.join(names[:max_names]) + more


def visible(character: str) -> str:
    """Return a character so that it is seen: line ends and tabs as signs, the hidden escaped."""
    return _SIGNS.get(character) or (character if character == "\\" else escape_hidden(character))


def escape_hidden(text: str) -> str:
    r"""Return `text` on one line: hidden characters as escapes such as \n, a backslash doubled."""
    return "".join(c if c.isprintable() and c != "\\" else ascii(c)[1:-1] for c in text)
