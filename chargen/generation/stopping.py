"""Where a text ends: at its length, at its last line, or before a text to stop at."""

from collections.abc import Iterator
from typing import Literal

from chargen.config import SamplingConfig
from chargen.config.base import shorten
from chargen.config.sampling import DOCUMENT_LENGTH
from chargen.errors import SettingError
from chargen.text.characters import describe, enumerate_some
from chargen.text.line_ends import MARKS
from chargen.text.tokenizer import CharTokenizer

FinishReason = Literal["length", "lines", "stop", "max_copy", "unique"]


class StopCondition:
    """Take the characters of one text as they are drawn, and say when it is over.

    What may turn out to be the beginning of a stop text is held back until that is known.

    Args:
        config: the settings.
        last: the character before the first one, if there is one.
        written: what was written before, at whose end a stop text may have begun.

    Attributes:
        texts: to stop at.
        left: how many more characters the text may have.
        reason: why it is over; None while it is not.
        left_out: what was drawn at the end and is no part of the text: the text that it stopped
            at, or what was not yet given of it, or the line end.
        met_stop: the text that it stopped at; "" if at none.
    """

    def __init__(self, config: SamplingConfig, last: str = "", written: str = "") -> None:
        self._last = last
        self.left = config.max_length
        self._lacking = config.min_length  # characters before it may end by itself
        self._lines_left = config.lines
        self.texts = config.stop
        self._beginnings = {text[:size] for text in config.stop for size in range(1, len(text))}
        self._longest = max(map(len, self._beginnings), default=0)
        # A stop text that was written as a whole has ended the part before.
        self._held = "" if written.endswith(config.stop) else written
        self._given = 0  # of what is held, what is no longer to be given
        self.release(self._undecided())
        self._given = len(self._held)
        self.left_out = self.met_stop = ""
        self.reason: FinishReason | None = None if config.max_length else "length"

    def add(self, character: str) -> str:
        """Take one more character; return what has become certain to belong to the text."""
        self.left -= 1
        self._lacking -= 1
        ended, self._last = self._last == "\r" and character == "\n", character
        if self._lines_left is not None and character in MARKS and not ended:
            self._lines_left -= 1
            if self._lines_left == 0:
                self.reason, self.left_out = "lines", character
                return self.release()
        if not self.texts:
            if not self.left:
                self.reason = "length"
            return character
        self._held += character
        if stop := self.met():
            self.reason, self.met_stop = "stop", stop
            start = len(self._held) - len(stop)
            self.left_out = self._held[max(start, self._given) :]
            self._held = self._held[:start]
        elif not self.left:
            self.reason = "length"
        return self.release(0 if self.reason else self._undecided())

    def met(self, more: str = "") -> str:
        """Return the longest stop text that the text and `more` end with; "" if there is none."""
        text = self._held + more
        return max(filter(text.endswith, self.texts), key=len) if text.endswith(self.texts) else ""

    def too_early(self, more: str = "") -> Iterator[str]:
        """Give the characters that would end the text before it has its least length.

        Args:
            more: what was drawn after the characters that were added; it may be left out.
        """
        text = self._held + more
        for stop in self.texts:
            lost = max(0, len(stop) - 1 - len(more))  # what the text would lose to the stop text
            if self._lacking + lost > 0 and text.endswith(stop[:-1]):
                yield stop[-1]
        if self._lines_left == 1 and self._lacking > len(more):
            has_ended = (self._last + more).endswith("\r")
            yield from MARKS.replace("\n", "") if has_ended else MARKS

    def release(self, but: int = 0) -> str:
        """Return what was held back, but for its last characters."""
        cut = len(self._held) - but
        released, self._held = self._held[self._given : cut], self._held[cut:]
        self._given = max(0, self._given - cut)
        return released

    def _undecided(self) -> int:
        """Return how many of the held characters, at their end, begin a stop text."""
        for size in range(min(len(self._held), self._longest), 0, -1):
            if self._held[-size:] in self._beginnings:
                return size
        return 0


def length_limit(config: SamplingConfig, tokenizer: CharTokenizer) -> int:
    """Return how many characters a text may have."""
    ends_by_document = tokenizer.boundary is not None and not (config.lines or config.stop)
    if config.length is None and ends_by_document:
        return max(DOCUMENT_LENGTH, config.min_length)
    return config.max_length


def unwritable_stops(config: SamplingConfig, tokenizer: CharTokenizer) -> list[str]:
    """Return a sentence on each text to stop at that the network cannot write."""
    from chargen.generation.logits_processors import allowed  # which needs this module

    vocabulary, notes = tokenizer.vocabulary, []
    try:
        mask = allowed(config, vocabulary, tokenizer.unknown, tokenizer.newline)
    except SettingError:  # which is told where a text begins
        mask = None
    for stop in config.stop:
        text = tokenizer.with_own_line_ends(tokenizer.prepare(stop))
        never = [c for c in sorted(set(text)) if c not in vocabulary]
        if never:
            known = f"the model does not know {enumerate_some(list(map(describe, never)))}"
            notes.append(f"No text will stop at {shorten(stop)}: {known}.")
        elif mask is not None and any(mask[vocabulary.char2idx[c]] for c in text):
            notes.append(f"No text will stop at {shorten(stop)}: only or ban rule it out.")
    return notes
