"""What one text may not say next, given what it has said: processors that change its logits.

A processor reads every character that is written and, before the next is drawn, adjusts the logits:
shape [vocab_size], in place, -inf for what may not be.
"""

import re
import warnings
from typing import Protocol

import numpy as np

from chargen.config import SamplingConfig
from chargen.errors import SettingError
from chargen.generation.repetition import NoRepeat
from chargen.generation.state import Floats
from chargen.text.copies import CopyIndex, CopyTracker
from chargen.text.vocabulary import BOUNDARY, Ids, Vocabulary

_SPACES = " \t\N{IDEOGRAPHIC SPACE}"  # where a line may be broken
_LAST_WORD = 16  # characters before the limit of a line from which on it ends at a space


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

    In the last characters of the limit a newline comes where a space would: it takes over the
    probability of the spaces.

    Args:
        max_length: the most characters of a line.
        vocabulary: the network's.
    """

    def __init__(self, max_length: int, vocabulary: Vocabulary) -> None:
        self._max_length, self._newline = max_length, vocabulary.char2idx["\n"]
        self._spaces = [vocabulary.char2idx[each] for each in _SPACES if each in vocabulary]
        self._breaking = max(1, max_length - min(_LAST_WORD, max_length // 2))
        self._length = 0

    def read(self, index: int) -> None:
        self._length = 0 if index == self._newline else self._length + 1

    def adjust(self, logits: Floats) -> None:
        if self._length < self._breaking:
            return
        newline = logits[self._newline]
        if self._length >= self._max_length:
            logits[:] = -np.inf
        elif self._spaces:
            newline = np.logaddexp.reduce(logits[[self._newline, *self._spaces]])
            logits[self._spaces] = -np.inf
        logits[self._newline] = newline


class MinLength:
    """Rule out what would end a text that is too short: its last newline, or a stop text's end.

    Where nothing else may come, the text ends.

    Args:
        config: the settings, with what ends a document among the stop texts.
        vocabulary: the network's.
    """

    def __init__(self, config: SamplingConfig, vocabulary: Vocabulary) -> None:
        self._min_length, self._lines_left = config.min_length, config.lines
        self._newline, self._characters = vocabulary.char2idx.get("\n"), vocabulary.idx2char
        known = vocabulary.char2idx
        self._stops = [(stop[:-1], known[stop[-1]]) for stop in config.stop if stop[-1] in known]
        self._longest = max((len(beginning) for beginning, _ in self._stops), default=0)
        self._end, self._length = "", 0

    def read(self, index: int) -> None:
        self._length += 1
        if self._length < self._min_length + self._longest:
            self._end = (self._end + self._characters[index])[-self._longest or self._length :]
        if index == self._newline and self._lines_left is not None:
            self._lines_left -= 1

    def adjust(self, logits: Floats) -> None:
        if self._length >= self._min_length + self._longest:
            return
        banned = [
            last
            for beginning, last in self._stops
            if self._length - len(beginning) < self._min_length and self._end.endswith(beginning)
        ]
        if self._lines_left == 1 and self._length < self._min_length and self._newline is not None:
            banned.append(self._newline)
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


class CopyLimit:
    """Keep short what of a text stands word for word in a corpus; its prompt does not count.

    Args:
        tracker: of the corpus.
        max_length: characters that may be copied in one piece.
        vocabulary: the network's.
    """

    def __init__(self, tracker: CopyTracker, max_length: int, vocabulary: Vocabulary) -> None:
        self._tracker, self._max_length, self._vocabulary = tracker, max_length, vocabulary

    def read(self, index: int) -> None:
        self._tracker.read(self._vocabulary.idx2char[index])

    def adjust(self, logits: Floats) -> None:
        known = self._vocabulary.char2idx
        if banned := [known[c] for c in self._tracker.extensions(self._max_length) if c in known]:
            logits[banned] = -np.inf
            if logits.max() == -np.inf:
                raise NothingLeft


def _rule_out(logits: Floats, banned: list[int]) -> None:
    """Ban characters, unless no others are left."""
    if banned:
        before = logits[banned]
        logits[banned] = -np.inf
        if logits.max() == -np.inf:
            logits[banned] = before


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
    config: SamplingConfig, vocabulary: Vocabulary, unknown: str | None = None
) -> Floats | None:
    """Return what `only` and `ban` leave, to be added to logits: 0 or -inf, shape [vocab_size].

    They are about what is written. So what ends a document, which is not, is always left.

    Args:
        config: the settings.
        vocabulary: the network's.
        unknown: the character that stands for others, which is banned whatever they say.

    Returns:
        None if they leave everything.

    Raises:
        SettingError: if they leave nothing, or no newline where `max_line` needs one.
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
    if config.max_line is not None and (
        "\n" not in vocabulary or mask[vocabulary.char2idx["\n"]] == -np.inf
    ):
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
    copies: CopyIndex | None = None,
    copied: Ids | None = None,
) -> list[LogitsProcessor]:
    """Return the processors that `config` asks for, for one sequence that continues a text.

    Args:
        config: the settings.
        vocabulary: the network's.
        text: so far, prompt included, shape [n].
        copies: of the corpus that `max_copy` is about.
        copied: the end of the text that was written, and counts as a copy; shape [m].
    """
    processors: list[LogitsProcessor] = []
    read = text.tolist()
    if config.max_line is not None:
        processors.append(LineLimit(config.max_line, vocabulary))
    if BOUNDARY in vocabulary:
        processors.append(NoEmptyDocument(vocabulary))
    for processor in processors:
        for index in read:
            processor.read(index)
    if config.min_length:
        processors.append(MinLength(config, vocabulary))
    if config.max_copy is not None and copies is not None:
        limit = CopyLimit(CopyTracker(copies), config.max_copy, vocabulary)
        for index in [] if copied is None else copied.tolist():
            limit.read(index)
        processors.append(limit)
    if config.no_repeat is not None:  # the last, since it gives way where nothing else is left
        no_repeat = NoRepeat(config.no_repeat, config.no_repeat_window)
        for index in read[-no_repeat.memory :]:
            no_repeat.read(index)
        processors.append(no_repeat)
    return processors
