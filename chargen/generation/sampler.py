"""From logits to the id of the next character."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from chargen.config import SamplingConfig
from chargen.generation.state import Floats
from chargen.text.vocabulary import Ids

Sampler = Callable[[Floats], Ids]
"""Takes logits, shape [batch_size, vocab_size]; gives an id for each row, shape [batch_size]."""


def make_sampler(config: SamplingConfig) -> Sampler:
    """The sampler that `config` asks for; its random numbers start from `config.seed`."""
    if config.temperature == 0:
        return greedy
    generator = np.random.default_rng(config.seed)

    def sample(logits: Floats) -> Ids:
        scaled = at_temperature(logits, config.temperature)
        return categorical(scaled, generator.random(len(logits)))

    return sample


def at_temperature(logits: Floats, temperature: float) -> NDArray[np.float64]:
    """Logits, the highest of each row moved to 0, divided by a temperature above 0."""
    shifted = np.subtract(logits, logits.max(axis=1, keepdims=True), dtype=np.float64)
    with np.errstate(over="ignore"):  # close to 0, all but the likeliest go to -inf
        scaled: NDArray[np.float64] = shifted / temperature
    return scaled


def greedy(logits: Floats) -> Ids:
    """The likeliest id of each row; the lowest, if several are."""
    drawn: Ids = logits.argmax(axis=1).astype(np.int32)
    return drawn


def categorical(logits: NDArray[np.floating], uniform: NDArray[np.float64]) -> Ids:
    """Draw each row's id with probability softmax(logits), by inverting its running sum.

    Args:
        logits: shape [batch_size, vocab_size]; -inf marks what is never drawn.
        uniform: shape [batch_size], each in [0, 1): the place in the distribution to read off.
    """
    shifted = logits - logits.max(axis=1, keepdims=True)  # so that exp cannot overflow
    sums = np.exp(shifted, dtype=np.float64).cumsum(axis=1)
    drawn: Ids = (sums <= (uniform * sums[:, -1])[:, None]).sum(axis=1, dtype=np.int32)
    return drawn
