"""What may not end yet: a text of fewer characters than were asked for, an empty document."""

import numpy as np

from chargen.generation.novelty import NewLines
from chargen.generation.state import Floats
from chargen.generation.stopping import StopCondition
from chargen.text.vocabulary import BOUNDARY, Vocabulary


class MinLength:
    """Rule out what would end a text that is too short: its last line end, or a stop text's end.

    Where nothing else may come, the text ends.

    Args:
        stop: where the text ends.
        vocabulary: the network's.
        lines: what holds its lines back, if they are to be unique.
    """

    def __init__(
        self, stop: StopCondition, vocabulary: Vocabulary, lines: NewLines | None = None
    ) -> None:
        self._stop, self._lines, self._known = stop, lines, vocabulary.char2idx

    def read(self, index: int) -> None:
        """Do nothing: the stop condition counts the characters, but for those of other lines."""

    def adjust(self, logits: Floats) -> None:
        early = self._stop.too_early("" if self._lines is None else self._lines.held)
        _rule_out(logits, [self._known[c] for c in early if c in self._known])


class NoEmptyDocument:
    """Let no document end before it has a character that can be seen; no corpus has such."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._boundary, self._characters = vocabulary.char2idx[BOUNDARY], vocabulary.idx2char
        self._is_empty = True

    def read(self, index: int) -> None:
        if self._is_empty or index == self._boundary:
            self._is_empty = index == self._boundary or self._characters[index].isspace()

    def adjust(self, logits: Floats) -> None:
        if self._is_empty:
            _rule_out(logits, [self._boundary])


def _rule_out(logits: Floats, banned: list[int]) -> None:
    """Ban characters, unless no others are left."""
    if banned:
        before = logits[banned]
        logits[banned] = -np.inf
        if logits.max() == -np.inf:
            logits[banned] = before
