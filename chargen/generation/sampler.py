"""From logits to the id of the next character: a temperature, filters, a draw.

    logits --weigh--> weights --truncate--> weights --draw--> id

Weights are probabilities but for a factor that the draw divides out.
"""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from chargen.config import SamplingConfig
from chargen.generation.state import Floats
from chargen.text.vocabulary import Ids

Weights = NDArray[np.float64]
_LOWEST = 1e-200  # temperature; no difference of float32 logits, divided by it, overflows
Sampler = Callable[[Floats, NDArray[np.float64]], Ids]
"""Takes logits, shape [batch_size, vocab_size], and for each row a random number, drawn uniformly
from [0, 1), shape [batch_size]; gives an id for each row, shape [batch_size].

What may not be drawn has the logit -inf. A sampler leaves the logits as they are; one that takes
its randomness from those numbers alone writes the same text whenever the seed is the same."""


def make_sampler(config: SamplingConfig) -> Sampler:
    """Return the sampler that `config` asks for."""
    if config.temperature == 0:
        return greedy
    truncated = config.top_k or config.top_p < 1 or config.min_p

    def sample(logits: Floats, uniform: NDArray[np.float64]) -> Ids:
        weights = weigh(logits, config.temperature)
        if truncated:
            weights = truncate(weights, top_k=config.top_k, top_p=config.top_p, min_p=config.min_p)
        return draw(weights, uniform)

    return sample


def greedy(logits: Floats, uniform: NDArray[np.float64]) -> Ids:
    """Return the likeliest id of each row; the lowest, if several are."""
    drawn: Ids = logits.argmax(axis=1).astype(np.int32)
    return drawn


def weigh(logits: Floats, temperature: float) -> Weights:
    """Return exp(logits / temperature), with the highest of each row moved to 1."""
    weights = logits.astype(np.float64)
    weights -= weights.max(axis=1, keepdims=True)
    weights /= max(temperature, _LOWEST)
    return np.exp(weights, out=weights)


def truncate(weights: Weights, *, top_k: int = 0, top_p: float = 1, min_p: float = 0) -> Weights:
    """Set the unlikely to zero: of each row, what any of three filters rules out.

    A weight that equals the lowest that is kept is kept too.

    Args:
        weights: shape [batch_size, vocab_size].
        top_k: keeps so many of the highest; 0 keeps all (Fan et al. 2018, "Hierarchical Neural
            Story Generation").
        top_p: of what top_k keeps, keeps the fewest, from the highest down, that reach this share
            of its sum (Holtzman et al. 2020, "The Curious Case of Neural Text Degeneration").
        min_p: keeps those that are at least this share of the highest (Nguyen et al. 2024,
            "Turning Up the Heat: Min-p Sampling").
    """
    rising = np.sort(weights, axis=1)
    if top_k:
        rising = rising[:, -top_k:]
    lowest = rising[:, :1]  # [batch_size, 1]
    if top_p < 1:
        sums = np.add.accumulate(rising, axis=1)
        without = min(1 - top_p, math.nextafter(1, 0))  # with a tiny top_p the difference is 1
        first = (sums > without * sums[:, -1:]).argmax(axis=1)  # top_p without those before
        lowest = rising[np.arange(len(rising)), first, None]
    if min_p:
        lowest = np.maximum(lowest, min_p * rising[:, -1:])
    kept: Weights = weights * (weights >= lowest)
    return kept


def draw(weights: Weights, uniform: NDArray[np.float64]) -> Ids:
    """Draw each row's id with a probability in proportion to its weight.

    Args:
        weights: shape [batch_size, vocab_size], not negative, each row with one above 0.
        uniform: shape [batch_size], each in [0, 1): the place in the running sum to read off.
    """
    sums = np.add.accumulate(weights, axis=1)
    places = uniform[:, None] * sums[:, -1:]
    drawn: Ids = (sums > places).argmax(axis=1).astype(np.int32)  # the first that is above
    return drawn
