"""Texts under way: each has its random numbers, logits processors and stop condition.

A `Generator` makes the sequences that sampling settings ask for; `batching.py` steps them through
the network, and neither the network nor the sampler knows of texts.
"""

from collections.abc import Callable
from collections.abc import Sequence as Several
from dataclasses import replace

import numpy as np

from chargen.config import SamplingConfig
from chargen.errors import SettingError
from chargen.generation.logits_processors import (
    LogitsProcessor,
    NothingLeft,
    allowed,
    make_processors,
)
from chargen.generation.novelty import MAX_REJECTED, NewLines, Novelty, last_line
from chargen.generation.recorder import SampleRecorder
from chargen.generation.sampler import Sampler, make_sampler
from chargen.generation.state import Floats
from chargen.generation.stopping import FinishReason, StopCondition, length_limit
from chargen.text.characters import describe
from chargen.text.copies import CopyIndex
from chargen.text.tokenizer import CharTokenizer
from chargen.text.vocabulary import Ids

_MAX_GREEDY = 10  # of the likeliest text, which is the same each time unless its label is drawn


def random_numbers(seed: int, number: int = 0) -> np.random.Generator:
    """Return the random numbers of sample `number` of a seed.

    They depend on these two alone, so that a text is the same, however many are written beside it.
    """
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(number,)))


def fresh_seed() -> int:
    """Return a seed that the system draws."""
    return int(np.random.SeedSequence().generate_state(1)[0])


class Sequence:
    """One text while it is written.

    Args:
        characters: of the vocabulary, by id.
        stop: where it ends.
        sampler: draws its characters.
        uniform: gives a random number from [0, 1) for each.
        mask: what to add to the logits of each character, shape [vocab_size].
        processors: change its logits; they have read the prompt.
        recorder: records it, if anything does.
        begun: the last line of what it continues, without a line end.
        lines: let only new lines pass, if lines are to be unique.

    Attributes:
        drawn: the id of the last character, once there is one.
        taken: of the last step, the characters that belong to the text.
    """

    def __init__(
        self,
        characters: str,
        stop: StopCondition,
        sampler: Sampler,
        uniform: Callable[[], float],
        *,
        mask: Floats | None = None,
        processors: Several[LogitsProcessor] = (),
        recorder: SampleRecorder | None = None,
        begun: str = "",
        lines: NewLines | None = None,
    ) -> None:
        self._characters, self._stop, self._recorder = characters, stop, recorder
        self._mask, self._processors = mask, processors
        self._lines, self.begun = lines, begun
        self._held: list[tuple[int, Floats]] = []  # what the recorder is told of a line held back
        self.sampler, self.uniform = sampler, uniform
        self.drawn = 0
        self.taken = ""

    @property
    def finish_reason(self) -> FinishReason | None:
        """Return why it is over; None while it is not."""
        return self._stop.reason

    @property
    def left_out(self) -> str:
        """Return what was drawn at its end and is no part of it, such as the text it stopped at."""
        return self._stop.left_out

    @property
    def met_stop(self) -> str:
        """Return the text that it stopped at, also where it began before; "" if at none."""
        return self._stop.met_stop

    @property
    def is_spoilt(self) -> bool:
        """Return whether it is over before its first line, which was not new."""
        return self._lines is not None and self._lines.is_spoilt

    @property
    def held(self) -> str:
        """Return what was drawn of a line that is not yet whole, if lines are to be unique."""
        return "" if self._lines is None else self._lines.held

    @property
    def is_constrained(self) -> bool:
        """Return whether anything changes its logits."""
        return self._mask is not None or bool(self._processors)

    def adjust(self, logits: Floats) -> None:
        """Change the logits of the next character, shape [vocab_size], in place."""
        if self._mask is not None:
            logits += self._mask
        try:
            for processor in self._processors:
                processor.adjust(logits)
        except NothingLeft:  # every character that may come would make too long a copy
            self._stop.reason = "max_copy"
            logits[:] = 0

    def add(self, index: int, logits: Floats) -> str:
        """Take the character that was drawn; return what has become certain to be text."""
        if self._stop.reason:  # it was over before this one
            self.taken = ""
            piece = self._stop.release()
        else:
            self.drawn = index
            for processor in self._processors:
                processor.read(index)
            self.taken = self._characters[index]
            if self._lines is not None:
                return self._add_to_line(self._lines, index, logits)
            piece = self._stop.add(self.taken)
        if self._recorder is not None:
            self._recorder.add(piece, index, logits)
        return piece

    def _add_to_line(self, lines: NewLines, index: int, logits: Floats) -> str:
        """Hold a character back until its line is whole; return what has become certain."""
        if self._recorder is not None:
            self._held.append((index, logits.copy()))
        line = lines.add(self.taken)
        self.taken = line or ""
        if line is None:
            return ""
        # Of a line that is not new, only the end is left, if anything.
        held, self._held = self._held[len(self._held) - len(line) :], []
        piece = ""
        for place, character in enumerate(line):
            certain = self._stop.add(character)
            if self._recorder is not None:
                self._recorder.add(certain, *held[place])
            piece += certain
            if self._stop.reason:
                break
        if lines.is_stuck or lines.is_spoilt:
            self._stop.reason = "unique"
        elif lines.is_cut:
            self._stop.reason = "length"
        return piece


class Generator:
    """Make the sequences that sampling settings ask for.

    Attributes:
        seed: that of the settings, or one that the system drew.

    Args:
        tokenizer: the network's.
        config: the settings.
        sampler: instead of what they say of temperature, top_k, top_p and min_p.
        copies: of the corpus that `max_copy` and `unique` are about.
        novelty: what was written before, where that matters for `unique`.

    Raises:
        SettingError: if the settings leave nothing to write with, or limit copies of no corpus.
    """

    def __init__(
        self,
        tokenizer: CharTokenizer,
        config: SamplingConfig,
        sampler: Sampler | None = None,
        copies: CopyIndex | None = None,
        novelty: Novelty | None = None,
    ) -> None:
        if config.max_copy is not None and copies is None:
            raise SettingError(
                "max_copy needs a corpus whose passages are not to be copied.", setting="max_copy"
            )
        self._tokenizer, self._copies = tokenizer, copies
        stop = [tokenizer.with_own_line_ends(tokenizer.prepare(text)) for text in config.stop]
        if tokenizer.boundary is not None:  # a document that ends is over
            stop.append(tokenizer.boundary)
        limit = length_limit(config, tokenizer)
        self._config = replace(config, stop=tuple(stop), length=limit)
        self._sampler = make_sampler(config) if sampler is None else sampler
        self._mask = allowed(config, tokenizer.vocabulary, tokenizer.unknown, tokenizer.newline)
        self.seed = fresh_seed() if config.seed is None else config.seed
        self._novelty = novelty
        if config.unique and novelty is None:
            self._novelty = Novelty(copies)

    @property
    def has_unique_lines(self) -> bool:
        """Return whether each line is to be new."""
        return self._config.unique and (self._config.lines or 0) > 1

    @property
    def has_unique_texts(self) -> bool:
        """Return whether each text as a whole is to be new."""
        return self._config.unique and not self.has_unique_lines

    @property
    def max_rejected(self) -> int:
        """Return after how many texts in a row that were not new no more are tried."""
        is_greedy = self._config.temperature == 0
        return _MAX_GREEDY if is_greedy else MAX_REJECTED

    def accepts(self, sequence: "Sequence", text: str) -> bool:
        """Return whether a text that is over is kept; it is not if it was to be new and is not."""
        if self._novelty is None or not self.has_unique_texts:
            return not sequence.is_spoilt
        return self._novelty.take(sequence.begun + text)

    @property
    def characters(self) -> str:
        """Return the characters of the vocabulary, by id."""
        return self._tokenizer.vocabulary.idx2char

    def sequence(
        self,
        text: Ids,
        uniform: Callable[[], float],
        *,
        written: str = "",
        recorder: SampleRecorder | None = None,
    ) -> Sequence:
        """Return a sequence that continues a text.

        Args:
            text: that the logits processors count: the text so far, shape [n].
            uniform: the random numbers.
            written: the end of the text that was written: it counts as a copy, and a text to stop
                at may have begun there.
            recorder: records the sequence, if anything does.

        Raises:
            SettingError: if there is no text, and the settings rule out what one begins with.
        """
        tokenizer, last = self._tokenizer, self.characters[text[-1]] if len(text) else ""
        if not len(text):
            self._check_start()
        stop = StopCondition(self._config, last, written)
        begun, lines = "", None
        if self._novelty is not None:
            begun = last_line("".join(self.characters[index] for index in text))
            if self.has_unique_lines:
                lines = NewLines(self._novelty, begun, stop)
        processors = make_processors(
            self._config,
            tokenizer.vocabulary,
            text,
            stop,
            copies=self._copies,
            written=written,
            newline=tokenizer.newline,
            lines=lines,
        )
        return Sequence(
            self.characters,
            stop,
            self._sampler,
            uniform,
            mask=self._mask,
            processors=processors,
            recorder=recorder,
            begun=begun,
            lines=lines,
        )

    def _check_start(self) -> None:
        """Refuse to begin a text with a character that `only` or `ban` rules out."""
        tokenizer, start = self._tokenizer, self._tokenizer.start
        if tokenizer.lead or self._mask is None or start == tokenizer.unknown:
            return
        if self._mask[tokenizer.vocabulary.char2idx[start]]:
            raise SettingError(
                f"Without a prompt, this model's texts begin with {describe(start)}, which only or "
                "ban rule out; give a prompt."
            )
