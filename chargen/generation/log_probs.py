"""How unexpected a character was: its negative log-probability, in nats."""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from chargen.generation.state import Floats
from chargen.text.vocabulary import Ids

Progress = Callable[[int], object]
"""Told each time that some more characters were read, and how many."""


def no_progress(characters: int) -> None:
    """Tells nobody."""


def log_probabilities(logits: Floats) -> NDArray[np.float64]:
    """The natural logarithm of softmax(logits), row by row, shape [batch_size, vocab_size]."""
    shifted: NDArray[np.float64] = np.subtract(
        logits, logits.max(axis=1, keepdims=True), dtype=np.float64
    )
    shifted -= np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return shifted


def surprise(logits: Floats, targets: Ids) -> NDArray[np.float64]:
    """The nats that each row's target costs, shape [batch_size].

    Args:
        logits: what was expected, shape [batch_size, vocab_size].
        targets: what came, shape [batch_size].
    """
    return -log_probabilities(logits)[np.arange(len(targets)), targets]


def bits(loss: float) -> float:
    """Nats as bits."""
    return loss / math.log(2)


def perplexity(loss: float) -> float:
    """The exponential of a loss in nats; infinite where no float could hold it."""
    return math.exp(loss) if loss < math.log(np.finfo(float).max) else math.inf
