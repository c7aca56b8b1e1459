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
from chargen.generation.recorder import SampleRecorder
from chargen.generation.sampler import Sampler, make_sampler
from chargen.generation.state import Floats
from chargen.generation.stopping import FinishReason, StopCondition, length_limit
from chargen.text.copies import CopyIndex
from chargen.text.tokenizer import CharTokenizer
from chargen.text.vocabulary import Ids


def random_numbers(seed: int, number: int = 0) -> np.random.Generator:
    """Return the random numbers of sample `number` of a seed.

    They depend on these two alone, so that a text is the same, but for rounding in the network,
    however many are written beside it.
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
    ) -> None:
        self._characters, self._stop, self._recorder = characters, stop, recorder
        self._mask, self._processors = mask, processors
        self.sampler, self.uniform = sampler, uniform
        self.drawn = 0  # the id of the last character, once there is one

    @property
    def finish_reason(self) -> FinishReason | None:
        """Return why it is over; None while it is not."""
        return self._stop.reason

    @property
    def character(self) -> str:
        """Return the last character drawn."""
        return self._characters[self.drawn]

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
            piece = self._stop.release()
        else:
            self.drawn = index
            for processor in self._processors:
                processor.read(index)
            piece = self._stop.add(self._characters[index])
        if self._recorder is not None:
            self._recorder.add(piece, index, logits)
        return piece


class Generator:
    """Make the sequences that sampling settings ask for.

    Attributes:
        seed: that of the settings, or one that the system drew.

    Args:
        tokenizer: the network's.
        config: the settings.
        sampler: instead of what they say of temperature, top_k, top_p and min_p.
        copies: of the corpus that `max_copy` is about.

    Raises:
        SettingError: if the settings leave nothing to write with, or limit copies of no corpus.
    """

    def __init__(
        self,
        tokenizer: CharTokenizer,
        config: SamplingConfig,
        sampler: Sampler | None = None,
        copies: CopyIndex | None = None,
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

    @property
    def characters(self) -> str:
        """Return the characters of the vocabulary, by id."""
        return self._tokenizer.vocabulary.idx2char

    def sequence(
        self,
        text: Ids,
        uniform: Callable[[], float],
        *,
        copied: Ids | None = None,
        recorder: SampleRecorder | None = None,
    ) -> Sequence:
        """Return a sequence that continues a text.

        Args:
            text: that the logits processors count: the text so far, shape [n].
            uniform: the random numbers.
            copied: the end of the text that counts as written, where `max_copy` is about it.
            recorder: records the sequence, if anything does.
        """
        tokenizer, last = self._tokenizer, self.characters[text[-1]] if len(text) else ""
        processors = make_processors(
            self._config, tokenizer.vocabulary, text, self._copies, copied, tokenizer.newline
        )
        return Sequence(
            self.characters,
            StopCondition(self._config, last),
            self._sampler,
            uniform,
            mask=self._mask,
            processors=processors,
            recorder=recorder,
        )
