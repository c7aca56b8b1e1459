"""A text that was written, with what was noted while it was."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from chargen.generation.state import Floats
from chargen.generation.stopping import FinishReason

Alternatives = tuple[tuple[str, float], ...]  # the likeliest characters and their log-probabilities


@dataclass(frozen=True)
class Sample:
    """A text that was written, and how."""

    prompt: str  # as it was fitted; where one character stands for all rare ones, they are in it
    text: str  # without the prompt
    seed: int
    number: int  # which sample of that seed, from 0
    finish_reason: FinishReason | None  # None while it is written
    label: str | None = None  # that it was written with, if the network has any
    # Of each character of the text, in nats, as the network has it: before temperature and rules.
    log_probs: tuple[float, ...] | None = None
    top: tuple[Alternatives, ...] | None = None  # in the place of each, the likeliest first

    def to_json(self) -> dict[str, Any]:
        """Plain values; what was not asked for is left out."""
        return {name: value for name, value in vars(self).items() if value is not None}


class Record:
    """Notes a text while it is written.

    Args:
        characters: of the vocabulary, by id.
        log_probs: whether to note the log-probability of each character.
        top: how many of the likeliest characters to note in the place of each.
    """

    def __init__(self, characters: str, *, log_probs: bool = False, top: int = 0) -> None:
        self._characters, self._want_log_probs, self._most = characters, log_probs, top
        self._pieces: list[str] = []
        self._log_probs: list[float] = []
        self._top: list[Alternatives] = []

    def add(self, piece: str, index: int, logits: Floats) -> None:
        """The character drawn, from which logits, and what became certain to be text with it."""
        self._pieces.append(piece)
        if not (self._want_log_probs or self._most):
            return
        log_probs = logits - logits.max().astype(np.float64)
        log_probs -= np.log(np.exp(log_probs).sum())
        self._log_probs.append(float(log_probs[index]))
        if self._most:
            likeliest = np.argsort(-log_probs, kind="stable")[: self._most].tolist()
            self._top.append(tuple((self._characters[i], float(log_probs[i])) for i in likeliest))

    def sample(
        self,
        *,
        prompt: str,
        seed: int,
        number: int,
        finish_reason: FinishReason | None,
        label: str | None = None,
    ) -> Sample:
        """What there is so far, which is all of it when the text is over."""
        text = "".join(self._pieces)
        return Sample(
            prompt,
            text,
            seed,
            number,
            finish_reason,
            label,
            tuple(self._log_probs[: len(text)]) if self._want_log_probs else None,
            tuple(self._top[: len(text)]) if self._most else None,
        )
