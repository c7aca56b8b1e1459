"""A text on its way through the scheduler, and the prompt that is read before it."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from chargen.generation.decoder import MakeDecoder, StepDecoder
from chargen.generation.generate import Sequence
from chargen.generation.initial_state import first_logits
from chargen.generation.recorder import SampleRecorder
from chargen.generation.state import Floats, State
from chargen.text.tokenizer import CharTokenizer
from chargen.text.vocabulary import Ids

_SLICE = 32  # characters of a prompt that are read at a time


@dataclass(eq=False)
class Prompt:
    """What is read before one text, or before several that begin alike.

    Attributes:
        before: the state before the last character was read, once all are.
        after: the state after it, and the logits of the next character, once all are read.

    Args:
        tokenizer: the network's.
        make_decoder: gives decoders of the network; texts whose decoders are made by the same one
            share a batch.
        state: to go on from, of one text.
        ids: to read, shape [n]; may be empty.
        recorder: is told how likely each character was, after the first, if anything is.
    """

    tokenizer: CharTokenizer
    make_decoder: MakeDecoder
    state: State
    ids: Ids
    recorder: SampleRecorder | None = None
    before: State | None = None
    after: tuple[State, Floats] | None = None
    _decoder: StepDecoder | None = None
    _place: int = 0

    def read(self) -> tuple[State, Floats] | None:
        """Read the next slice; return the state and the logits after it, once all is read."""
        if self.after is None:
            decoder = self._decoder = self._decoder or self.make_decoder(self.state)
            last = max(0, len(self.ids) - 1)
            end = min(last, self._place + _SLICE)
            if end > self._place:
                self._read(decoder, self.ids[self._place : end])
                self._place = end
            if self._place == last:
                self.before = decoder.state
                logits = first_logits(decoder, self.tokenizer, self.ids[last:])
                self.after = decoder.state, logits
                self._decoder = None
        return self.after

    def _read(self, decoder: StepDecoder, ids: Ids) -> None:
        if self.recorder is None:
            decoder.read(ids[None])
            return
        for place, index in enumerate(ids, start=self._place):
            (logits,) = decoder.step(np.array([index]))
            following = int(self.ids[place + 1])
            self.recorder.add(self.recorder.characters[following], following, logits)


@dataclass(eq=False)
class Text:
    """One text to write.

    Attributes:
        state: where it ended, before the character drawn last was read; kept if `keeps_state`.
        error: what broke, if anything did.

    Args:
        prompt: what is read first.
        sequence: what is written.
        deliver: is given what has become certain to be text, and whether the text is over, in the
            thread of those who submit.
        keeps_state: whether to keep the state at its end.
    """

    prompt: Prompt
    sequence: Sequence
    deliver: Callable[[str, bool], object]
    keeps_state: bool = False
    state: State | None = None
    error: Exception | None = None
    is_over: bool = False
    _pieces: list[str] = field(default_factory=list)
    _is_begun: bool = False
