"""Generation in three tiers, each a few lines over the one below: ids, pieces, the text."""

from collections.abc import Callable, Iterator

import numpy as np

from chargen.generation.sampler import Sampler
from chargen.generation.state import Floats
from chargen.text.vocabulary import Ids, Vocabulary

Step = Callable[[Ids], Floats]
"""Reads one id of each text, shape [batch_size]; gives logits, shape [batch_size, vocab_size]."""


def generate_ids(step: Step, prompt: Ids, sampler: Sampler, length: int) -> Iterator[int]:
    """Read the prompt, then draw `length` ids, each read back in before the next is drawn.

    Args:
        step: the network; its state is wherever the caller left it.
        prompt: shape [n], n at least 1.
        sampler: from logits to an id.
        length: how many ids to draw.
    """
    for index in prompt:
        logits = step(np.array([index]))
    for remaining in range(length, 0, -1):
        drawn = sampler(logits)
        yield int(drawn[0])
        if remaining > 1:
            logits = step(drawn)


def stream(
    step: Step, vocabulary: Vocabulary, prompt: str, sampler: Sampler, length: int
) -> Iterator[str]:
    """The characters that continue `prompt`, one at a time.

    Raises:
        UnknownCharacterError: at once, if the prompt has characters outside the vocabulary.
    """
    ids = vocabulary.encode(prompt)
    return (vocabulary.idx2char[i] for i in generate_ids(step, ids, sampler, length))


def generate(step: Step, vocabulary: Vocabulary, prompt: str, sampler: Sampler, length: int) -> str:
    """The text that continues `prompt`, without it."""
    return "".join(stream(step, vocabulary, prompt, sampler, length))
