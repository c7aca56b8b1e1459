"""From logits to the id of the next character: a temperature, filters, a draw.

    logits --weigh--> weights --top_k--> --top_p--> --min_p--> weights --draw--> id

Weights are probabilities but for a factor that the draw divides out; each filter sets to zero what
it rules out, and always leaves the likeliest.
"""

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

What may not be drawn has the logit -inf. A sampler that takes its randomness from those numbers
alone writes the same text whenever it is given the same seed."""


def make_sampler(config: SamplingConfig) -> Sampler:
    """The sampler that `config` asks for."""
    if config.temperature == 0:
        return greedy

    def sample(logits: Floats, uniform: NDArray[np.float64]) -> Ids:
        weights = weigh(logits, config.temperature)
        if config.top_k:
            weights = top_k(weights, config.top_k)
        if config.top_p < 1:
            weights = top_p(weights, config.top_p)
        if config.min_p:
            weights = min_p(weights, config.min_p)
        return draw(weights, uniform)

    return sample


def greedy(logits: Floats, uniform: NDArray[np.float64]) -> Ids:
    """The likeliest id of each row; the lowest, if several are."""
    drawn: Ids = logits.argmax(axis=1).astype(np.int32)
    return drawn


def weigh(logits: Floats, temperature: float) -> Weights:
    """exp(logits / temperature), with the highest of each row moved to 1."""
    weights: Weights = np.subtract(logits, logits.max(axis=1, keepdims=True), dtype=np.float64)
    weights /= max(temperature, _LOWEST)
    return np.exp(weights, out=weights)


def top_k(weights: Weights, k: int) -> Weights:
    """Only the k highest weights of each row, and those that equal the lowest of them.

    Source: Fan et al. 2018, "Hierarchical Neural Story Generation".
    """
    if k >= weights.shape[1]:
        return weights
    lowest = np.partition(weights, -k, axis=1)[:, -k, None]
    return np.where(weights >= lowest, weights, 0.0)


def top_p(weights: Weights, p: float) -> Weights:
    """Of each row the fewest weights, from the highest down, that reach the share p of the sum.

    Those that equal the lowest of them stay too. Source: Holtzman et al. 2020, "The Curious Case
    of Neural Text Degeneration".
    """
    falling = np.sort(weights, axis=1)[:, ::-1]
    sums = falling.cumsum(axis=1)
    short = sums < p * sums[:, -1:]  # up to these, the share is not reached; one more reaches it
    lowest = falling[np.arange(len(falling)), short.sum(axis=1)]
    return np.where(weights >= lowest[:, None], weights, 0.0)


def min_p(weights: Weights, share: float) -> Weights:
    """Only the weights of each row that are at least that share of its highest.

    Source: Nguyen et al. 2024, "Turning Up the Heat: Min-p Sampling".
    """
    return np.where(weights >= share * weights.max(axis=1, keepdims=True), weights, 0.0)


def draw(weights: Weights, uniform: NDArray[np.float64]) -> Ids:
    """Draw each row's id with a probability in proportion to its weight.

    Args:
        weights: shape [batch_size, vocab_size], not negative, each row with one above 0.
        uniform: shape [batch_size], each in [0, 1): the place in the running sum to read off.
    """
    sums = weights.cumsum(axis=1)
    places = uniform[:, None] * sums[:, -1:]
    drawn: Ids = (sums > places).argmax(axis=1).astype(np.int32)  # the first that is above
    return drawn
