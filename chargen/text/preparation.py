"""Prepare a text before it is learned: line ends, letters, Unicode form, rare characters."""

import unicodedata
from collections.abc import Iterable, Iterator

from chargen.config import PreparationConfig
from chargen.text.line_ends import unify
from chargen.text.vocabulary import BOUNDARY, RARE, Vocabulary

_MAX_HELD = 1 << 22  # characters without a space, after which the text is cut anywhere


def prepare(text: str, config: PreparationConfig) -> str:
    """Return the text with its line ends, letters and Unicode form changed as `config` asks."""
    if config.newlines == "unix":
        text = unify(text)
    if config.normalize is not None:
        text = unicodedata.normalize(config.normalize, text)
    if config.lowercase:
        text = text.lower()
        if config.normalize is not None:  # a small letter can come apart into two characters
            text = unicodedata.normalize(config.normalize, text)
    return text


def prepare_pieces(pieces: Iterable[str], config: PreparationConfig) -> Iterator[str]:
    """Yield a text that comes in pieces, prepared as `prepare` would prepare the whole.

    What is done to a character depends on its neighbours, but never across a space or a line end.
    So the text is cut again, before one of these.
    """
    by_line_ends_only = config.normalize is None and not config.lowercase
    if by_line_ends_only and config.newlines == "keep":
        yield from pieces
        return
    held = ""
    for piece in pieces:
        text = held + piece
        if by_line_ends_only:
            cut = len(text) - text.endswith("\r")
        else:
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
    """Return the text with `RARE` in place of every character that is not in the vocabulary."""
    known = vocabulary.char2idx
    return "".join(character if character in known else RARE for character in text)
