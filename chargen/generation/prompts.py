"""Reading the prompts of several texts, so that these can be written side by side."""

from collections.abc import Sequence

import numpy as np

from chargen.generation.generate import Network
from chargen.generation.state import Floats, State
from chargen.text.vocabulary import Ids


def read_prompts(network: Network, prompts: Sequence[Ids], beginnings: Sequence[State]) -> Floats:
    """Read prompts, each after a state, and leave the network with the states of all.

    What is the same prompt after the same state, the very objects, is read once.

    Args:
        network: what reads.
        prompts: one or several, each of shape [n], n at least 1.
        beginnings: the state that goes before each, of one text.

    Returns:
        The logits after each, shape [len(prompts), vocab_size].
    """
    read: dict[tuple[int, int], tuple[State, Floats]] = {}
    keys = [(id(prompt), id(state)) for prompt, state in zip(prompts, beginnings, strict=True)]
    for key, prompt, beginning in zip(keys, prompts, beginnings, strict=True):
        if key not in read:
            network.resume(beginning)
            logits = network.read(prompt[None])
            read[key] = network.state, logits
    if len(keys) > 1:
        network.resume(State.joined([read[key][0] for key in keys]))
    return np.concatenate([read[key][1] for key in keys])
