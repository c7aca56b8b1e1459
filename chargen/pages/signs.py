"""Signs for characters of a text that would not be seen, and what they mean."""

from chargen.text.characters import visible
from chargen.text.vocabulary import BOUNDARY

_MEANINGS = {"\n": "line end", "\r": "carriage return", "\t": "tab", BOUNDARY: "end of a document"}


def after(character: str) -> str:
    """Return what follows the sign of a character: the line end or the tab that it stands for."""
    return "\n" if character == BOUNDARY else character if character in "\n\t" else ""


def meanings(text: str) -> str:
    """Return a sentence on the signs in a text, after a space; empty where there are none."""
    found = set(text)
    told = [f"{visible(each)} {name}" for each, name in _MEANINGS.items() if each in found]
    hidden = [each for each in found - set(_MEANINGS) if not each.isprintable()]
    if hidden:
        told.append(f"{visible(min(hidden))} and the like: characters that cannot be seen")
    return f" Signs: {', '.join(told)}." if told else ""
