"""What is done to a text before it is learned, in one piece or as it streams by."""

import re
import unicodedata
from collections.abc import Iterable, Iterator

from chargen.config import PreparationConfig
from chargen.text.vocabulary import BOUNDARY, RARE, Vocabulary

_MAX_HELD = 1 << 22  # characters without a space, after which a piece is cut anyhow
_ENDINGS = re.compile(r"\r\n?")


def prepare(text: str, config: PreparationConfig) -> str:
    """The text with its line ends, letters and Unicode form as `config` asks."""
    if config.newlines == "unix" and "\r" in text:
        text = _ENDINGS.sub("\n", text)
    if config.normalize is not None:
        text = unicodedata.normalize(config.normalize, text)
    if config.lowercase:
        text = text.lower()
        if config.normalize is not None:  # a small letter can come apart into two characters
            text = unicodedata.normalize(config.normalize, text)
    return text


def prepared(pieces: Iterable[str], config: PreparationConfig) -> Iterator[str]:
    """The pieces of a text, prepared as the whole would be.

    What is done to a character depends on its neighbours. So pieces are cut again, before a space
    or a line end, across which none of this reaches.
    """
    if config.newlines == "keep" and config.normalize is None and not config.lowercase:
        yield from pieces
        return
    held = ""
    for piece in pieces:
        text = held + piece
        cut = max(text.rfind(" "), text.rfind("\n"), text.rfind(BOUNDARY))
        if text[cut - 1 : cut + 1] == "\r\n":
            cut -= 1
        if cut <= 0:
            if len(text) < _MAX_HELD:
                held = text
                continue
            cut = len(held)
        yield prepare(text[:cut], config)
        held = text[cut:]
    yield prepare(held, config)


def fold_unknown(text: str, vocabulary: Vocabulary) -> str:
    """The text with every character outside a vocabulary replaced by the one for rare ones."""
    known = vocabulary.char2idx
    return "".join(character if character in known else RARE for character in text)
