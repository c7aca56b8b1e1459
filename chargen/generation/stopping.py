"""Where a text ends: at its length, at its last line, or before a text to stop at."""

from typing import Literal

from chargen.config import SamplingConfig
from chargen.text.line_ends import MARKS

FinishReason = Literal["length", "lines", "stop", "max_copy"]


class StopCondition:
    """Take the characters of one text as they are drawn, and say when it is over.

    What may turn out to be the beginning of a stop text is held back until that is known.

    Args:
        config: the settings.
        last: the character before the first one, if there is one.
    """

    def __init__(self, config: SamplingConfig, last: str = "") -> None:
        self._last = last
        self._left = config.max_length
        self._lines_left = config.lines
        self._stop = config.stop
        self._beginnings = {text[:size] for text in config.stop for size in range(1, len(text))}
        self._longest = max(map(len, self._beginnings), default=0)
        self._held = ""
        self.reason: FinishReason | None = None if config.max_length else "length"

    def add(self, character: str) -> str:
        """Take one more character; return what has become certain to belong to the text."""
        self._left -= 1
        ended, self._last = self._last == "\r" and character == "\n", character
        if self._lines_left is not None and character in MARKS and not ended:
            self._lines_left -= 1
            if self._lines_left == 0:
                self.reason = "lines"
                return self.release()
        if not self._stop:
            if not self._left:
                self.reason = "length"
            return character
        self._held += character
        if self._held.endswith(self._stop):
            self.reason = "stop"
            met = max(len(text) for text in self._stop if self._held.endswith(text))
            self._held = self._held[:-met]
        elif not self._left:
            self.reason = "length"
        return self.release(0 if self.reason else self._undecided())

    def release(self, but: int = 0) -> str:
        """Return what was held back, but for its last characters."""
        cut = len(self._held) - but
        released, self._held = self._held[:cut], self._held[cut:]
        return released

    def _undecided(self) -> int:
        """Return how many of the held characters, at their end, begin a stop text."""
        for size in range(min(len(self._held), self._longest), 0, -1):
            if self._held[-size:] in self._beginnings:
                return size
        return 0
