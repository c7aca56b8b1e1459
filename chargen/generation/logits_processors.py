"""What one text may not say next, given what it has said: processors that change its logits.

A processor reads every character that is written and, before the next is drawn, adjusts the logits:
shape [vocab_size], in place, -inf for what may not be.
"""

import re
import warnings
from collections.abc import Sequence, Set
from copy import copy
from typing import Protocol

import numpy as np

from chargen.config import SamplingConfig
from chargen.errors import SettingError
from chargen.generation.min_length import MinLength, NoEmptyDocument
from chargen.generation.novelty import NewLines
from chargen.generation.repetition import NoRepeat
from chargen.generation.state import Floats
from chargen.generation.stopping import StopCondition
from chargen.text.copies import CopyIndex, CopyTracker
from chargen.text.line_ends import MARKS
from chargen.text.vocabulary import BOUNDARY, Ids, Vocabulary

_SPACES = " \t\N{IDEOGRAPHIC SPACE}"  # where a line may be broken
_LAST_WORD = 12  # characters before the limit of a line from which on it ends at a space


class NothingLeft(Exception):
    """A processor left no character to go on with."""


class LogitsProcessor(Protocol):
    """Change the logits of one text as it goes on."""

    def read(self, index: int) -> None:
        """Take the next character of the text."""

    def adjust(self, logits: Floats) -> None:
        """Change the logits of the character after it.

        Raises:
            NothingLeft: if all of them are -inf.
        """


class LineLimit:
    """End a line after a word before it is too long, prompt included; else in the middle of one.

    In the last characters of the limit a line end comes where a space would: it takes over the
    probability of the spaces.

    Args:
        max_length: characters of a line, its end left out.
        newline: the ids of the line end to force: one, or those of CR LF.
        ends: the ids of all characters that end a line.
        spaces: the ids of the characters after a word.
    """

    def __init__(
        self, max_length: int, newline: list[int], ends: Set[int], spaces: Sequence[int] = ()
    ) -> None:
        self._max_length, self._newline, self._ends = max_length, newline, ends
        self._spaces = list(spaces)
        self._breaking = max(1, max_length - min(_LAST_WORD, max_length // 2))
        self._length = 0
        self._due: list[int] = []  # the rest of a line end that has begun

    def read(self, index: int) -> None:
        is_forced = self._length >= self._breaking and index == self._newline[0]
        self._due = self._newline[1:] if is_forced else self._due[1:]
        self._length = 0 if index in self._ends else self._length + 1

    def adjust(self, logits: Floats) -> None:
        if self._length < self._breaking and not self._due:
            return
        (forced, *_) = self._due or self._newline
        logit = logits[forced]
        if self._length >= self._max_length or self._due:
            logits[:] = -np.inf
        elif self._spaces:
            logit = np.logaddexp.reduce(logits[[forced, *self._spaces]])
            logits[self._spaces] = -np.inf
        logits[forced] = logit


class CopyLimit:
    """Keep short what of a text stands word for word in a corpus; its prompt does not count.

    Args:
        tracker: of the corpus, after what was written before.
        max_length: characters that may be copied in one piece.
        vocabulary: the network's.
        lines: what holds the text's lines back, if they are to be unique.
    """

    def __init__(
        self,
        tracker: CopyTracker,
        max_length: int,
        vocabulary: Vocabulary,
        lines: NewLines | None = None,
    ) -> None:
        self._tracker, self._max_length, self._vocabulary = tracker, max_length, vocabulary
        self._lines, self._kept = lines, copy(tracker)  # the text without the line that goes on

    def read(self, index: int) -> None:
        self._tracker.read(self._vocabulary.idx2char[index])

    def adjust(self, logits: Floats) -> None:
        if self._lines is not None and not self._lines.held:  # a line begins
            if self._lines.has_passed:
                self._kept = copy(self._tracker)
            else:
                self._tracker = copy(self._kept)
        known = self._vocabulary.char2idx
        copied = self._tracker.extensions(self._max_length) - {BOUNDARY}  # a document may end
        if banned := [known[c] for c in copied if c in known]:
            logits[banned] = -np.inf
            if logits.max() == -np.inf:
                raise NothingLeft


def charset(pattern: str, name: str) -> "re.Pattern[str]":
    """Return a pattern of characters in the form of a regular expression's brackets: `a-z`.

    A closing bracket may stand for itself.

    Raises:
        SettingError: if that is no such form; `name` is the setting's.
    """
    inside = re.sub(r"(\\.)|\]", lambda found: found[1] or r"\]", pattern, flags=re.DOTALL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            return re.compile(f"[{inside}]")
    except re.error as error:
        raise SettingError(
            f"{name} must be characters as in a regular expression's brackets, such as 'a-z .'; "
            f"received {pattern!r} ({error}).",
            setting=name,
        ) from None


def allowed(
    config: SamplingConfig,
    vocabulary: Vocabulary,
    unknown: str | None = None,
    newline: str | None = "\n",
) -> Floats | None:
    """Return what `only` and `ban` leave, to be added to logits: 0 or -inf, shape [vocab_size].

    They are about what is written. So what ends a document, which is not, is always left.

    Args:
        config: the settings.
        vocabulary: the network's.
        unknown: the character that stands for others, which is banned whatever they say.
        newline: the line end that `max_line` forces.

    Returns:
        None if they leave everything.

    Raises:
        SettingError: if they leave nothing, or no line end where `max_line` needs one.
    """
    mask = np.zeros(vocabulary.vocab_size, np.float32)
    for name, pattern in (("only", config.only), ("ban", config.ban)):
        if pattern is not None:
            matches = charset(pattern, name).match
            inside = [matches(character) is not None for character in vocabulary.idx2char]
            mask[np.array(inside) == (name == "ban")] = -np.inf
    if unknown is not None:
        mask[vocabulary.char2idx[unknown]] = -np.inf
    ends = np.array([character == BOUNDARY for character in vocabulary.idx2char])
    if np.isneginf(mask[~ends]).all():
        raise SettingError(
            f"only {config.only!r} and ban {config.ban!r} leave none of the model's characters "
            f"(`chargen info` lists them)."
        )
    left = {each for each, added in zip(vocabulary.idx2char, mask, strict=True) if not added}
    if config.max_line is not None and not (newline and left.issuperset(newline)):
        raise SettingError(
            "max_line needs the newline, which is unknown to the model or banned.",
            setting="max_line",
        )
    mask[ends] = 0
    return mask if mask.any() else None


def make_processors(
    config: SamplingConfig,
    vocabulary: Vocabulary,
    text: Ids,
    stop: StopCondition,
    *,
    copies: CopyIndex | None = None,
    written: str = "",
    newline: str | None = "\n",
    lines: NewLines | None = None,
) -> list[LogitsProcessor]:
    """Return the processors that `config` asks for, for one sequence that continues a text.

    Args:
        config: the settings.
        vocabulary: the network's.
        text: so far, prompt included, shape [n].
        stop: where the sequence ends.
        copies: of the corpus that `max_copy` is about.
        written: the end of the text that was written, and counts as a copy.
        newline: the line end that `max_line` forces.
        lines: what holds its lines back, if they are to be unique.
    """
    processors: list[LogitsProcessor] = []
    read, known = text.tolist(), vocabulary.char2idx
    ends = {known[mark] for mark in MARKS + BOUNDARY if mark in known}
    if config.max_line is not None and newline is not None:
        spaces = [known[space] for space in _SPACES if space in known]
        forced = [known[character] for character in newline]
        processors.append(LineLimit(config.max_line, forced, ends, spaces))
    if BOUNDARY in vocabulary:
        processors.append(NoEmptyDocument(vocabulary))
    for processor in processors:
        for index in read:
            processor.read(index)
    if config.min_length:
        processors.append(MinLength(stop, vocabulary, lines))
    if config.max_copy is not None and copies is not None:
        tracker = CopyTracker(copies)
        for character in written[-config.max_copy :]:
            tracker.read(character)
        processors.append(CopyLimit(tracker, config.max_copy, vocabulary, lines))
    if config.max_repeat:  # the last, since it gives way where nothing else is left
        no_repeat = NoRepeat(config.max_repeat, config.no_repeat_window)
        for index in read[-no_repeat.memory :]:
            no_repeat.read(index)
        processors.append(no_repeat)
    return processors
