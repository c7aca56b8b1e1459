"""How likely a network holds each character to be, and how surprising it finds what came.

Losses are in nats per character; bits are nats divided by ln 2.
"""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from chargen.generation.state import Floats
from chargen.text.vocabulary import Ids

WINDOW = 256  # characters that a windowed loss reads from a zero state; nanoGPT's figure has it too

Progress = Callable[[int], object]
"""Is told each time that some more characters were read, and how many."""


def no_progress(characters: int) -> None:
    """Tell nobody."""


def log_softmax(logits: Floats) -> NDArray[np.float64]:
    """Return the natural logarithm of softmax(logits), along the last axis, in the same shape."""
    shifted: NDArray[np.float64] = np.subtract(
        logits, logits.max(axis=-1, keepdims=True), dtype=np.float64
    )
    shifted -= np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return shifted


def most_likely(log_probs: NDArray[np.float64], k: int) -> Ids:
    """Return the ids of the k most likely characters, best first; of equals, the lowest id first.

    Args:
        log_probs: of one place, shape [vocab_size].
        k: how many; all, if there are fewer.
    """
    return np.argsort(-log_probs, kind="stable")[:k]


def surprisal(logits: Floats, targets: Ids) -> NDArray[np.float64]:
    """Return the nats that each row's target costs, its negative log-probability.

    Args:
        logits: what was expected, shape [batch_size, vocab_size].
        targets: what came, shape [batch_size].

    Returns:
        Shape [batch_size].
    """
    return -log_softmax(logits)[np.arange(len(targets)), targets]


def bits(nats: float) -> float:
    """Return nats as bits."""
    return nats / math.log(2)


def perplexity(loss: float) -> float:
    """Return the exponential of a loss in nats; infinite where no float could hold it."""
    return math.exp(loss) if loss < math.log(np.finfo(float).max) else math.inf
