"""What may not end yet: a text of fewer characters than were asked for, an empty document."""

import numpy as np

from chargen.config import SamplingConfig
from chargen.generation.state import Floats
from chargen.text.line_ends import MARKS
from chargen.text.vocabulary import BOUNDARY, Vocabulary


class MinLength:
    """Rule out what would end a text that is too short: its last line end, or a stop text's end.

    Where nothing else may come, the text ends.

    Args:
        config: the settings, with what ends a document among the stop texts.
        vocabulary: the network's.
    """

    def __init__(self, config: SamplingConfig, vocabulary: Vocabulary) -> None:
        self._min_length, self._lines_left = config.min_length, config.lines
        self._characters, known = vocabulary.idx2char, vocabulary.char2idx
        self._line_ends = [known[mark] for mark in MARKS if mark in known]
        self._stops = [(stop[:-1], known[stop[-1]]) for stop in config.stop if stop[-1] in known]
        self._kept = max((len(beginning) for beginning, _ in self._stops), default=1)
        self._end, self._length = "", 0

    def read(self, index: int) -> None:
        if self._length >= self._min_length + self._kept:
            return
        self._length += 1
        character = self._characters[index]
        if self._lines_left is not None and character in MARKS:
            self._lines_left -= not (character == "\n" and self._end.endswith("\r"))
        self._end = (self._end + character)[-max(self._kept, 1) :]

    def adjust(self, logits: Floats) -> None:
        if self._length >= self._min_length + self._kept:
            return
        banned = [
            last
            for beginning, last in self._stops
            if self._length - len(beginning) < self._min_length and self._end.endswith(beginning)
        ]
        if self._lines_left == 1 and self._length < self._min_length:
            banned += self._line_ends
        _rule_out(logits, banned)


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
