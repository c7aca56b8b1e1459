"""A text that was generated, and what was recorded on the way."""

from dataclasses import dataclass
from typing import Any

from chargen.generation.log_probs import log_softmax, most_likely
from chargen.generation.state import Floats
from chargen.generation.stopping import FinishReason

Alternatives = tuple[tuple[str, float], ...]  # the likeliest characters and their log-probabilities


@dataclass(frozen=True)
class Sample:
    """A text that was generated, and how."""

    prompt: str  # as it was prepared; where one character stands for all rare ones, they are in it
    text: str  # without the prompt
    seed: int
    number: int  # which sample of that seed, from 0
    finish_reason: FinishReason | None  # None while it is written
    label: str | None = None  # that it was written with, if the network has any
    # For each character of the text, in nats, as the network has it: before temperature and
    # logits processors.
    log_probs: tuple[float, ...] | None = None
    top: tuple[Alternatives, ...] | None = None  # at each place, the likeliest first

    def to_json(self) -> dict[str, Any]:
        """Return plain values; what was not asked for is left out."""
        return {name: value for name, value in vars(self).items() if value is not None}


class SampleRecorder:
    """Record a text while it is written.

    Args:
        characters: of the vocabulary, by id.
        log_probs: whether to record the log-probability of each character.
        top: how many of the likeliest characters to record at each place.

    Attributes:
        characters: of the vocabulary, by id.
        pieces: of the text, one for each character drawn; empty where one was held back.
        log_probs: of the characters drawn, if they are recorded; of more than the text has, while
            some are held back.
        top: the same of the likeliest characters.
    """

    def __init__(self, characters: str, *, log_probs: bool = False, top: int = 0) -> None:
        self.characters, self._want_log_probs, self._top_k = characters, log_probs, top
        self.pieces: list[str] = []
        self.log_probs: list[float] = []
        self.top: list[Alternatives] = []

    @property
    def is_used(self) -> bool:
        """Return whether anything but the text is recorded."""
        return self._want_log_probs or bool(self._top_k)

    def add(self, piece: str, index: int, logits: Floats) -> None:
        """Record the character drawn, from which logits, and what became certain to be text."""
        self.pieces.append(piece)
        if not self.is_used:
            return
        log_probs = log_softmax(logits)
        self.log_probs.append(float(log_probs[index]))
        if self._top_k:
            likeliest = most_likely(log_probs, self._top_k).tolist()
            self.top.append(tuple((self.characters[i], float(log_probs[i])) for i in likeliest))

    def sample(
        self,
        *,
        prompt: str,
        seed: int,
        number: int,
        finish_reason: FinishReason | None,
        label: str | None = None,
    ) -> Sample:
        """Return what there is so far, which is all of it when the text is over."""
        text = "".join(self.pieces)
        return Sample(
            prompt,
            text,
            seed,
            number,
            finish_reason,
            label,
            tuple(self.log_probs[: len(text)]) if self._want_log_probs else None,
            tuple(self.top[: len(text)]) if self._top_k else None,
        )
