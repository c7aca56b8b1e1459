"""What a network knows before a text: nothing but the label to write with, if there are labels."""

import numpy as np

from chargen.checkpoint import Checkpoint
from chargen.generation.state import State


def initial_state(checkpoint: Checkpoint, label: str | None = None) -> State:
    """Return the state at the start of one text.

    Raises:
        SettingError: if the network has no such label, or needs one.
    """
    config = checkpoint.config
    return State.zeros(config.cell, config.units, 1, checkpoint.label_ids(label))


def choose_label(
    checkpoint: Checkpoint, asked: str | None, *, seed: int, number: int = 0
) -> str | None:
    """Return the label for sample `number` of a seed; None where the network has no labels.

    It is the one asked for. Where none is, it is drawn in proportion to how much text each has.
    Its random numbers are other ones than the text's, which is therefore the same as if the label
    had been asked for.

    Raises:
        SettingError: if the network has no such label.
    """
    if asked is not None or not checkpoint.labels:
        checkpoint.label_ids(asked)
        return asked
    sequence = np.random.SeedSequence(seed, spawn_key=(number, 1))
    counts = np.array(list(checkpoint.labels.values()), np.float64)
    drawn = np.random.default_rng(sequence).choice(len(counts), p=counts / counts.sum())
    return list(checkpoint.labels)[drawn]
