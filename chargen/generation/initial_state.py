"""What a network knows before a text: a state, or nothing, and the label to write with."""

from dataclasses import replace

import numpy as np

from chargen.checkpoint import Checkpoint
from chargen.generation.state import State


def beginning(checkpoint: Checkpoint, state: State | None, label: str | None) -> State:
    """The state that goes before a prompt.

    Args:
        checkpoint: the network.
        state: of one text; None is that of a text that starts from nothing.
        label: None leaves it to the state.

    Raises:
        SettingError: if the network has no such label, or neither the state nor `label` has one.
        StateError: if the state is of another network.
    """
    config = checkpoint.config
    kind = config.cell, config.units, 1
    if state is None:
        return State.zeros(*kind, checkpoint.label_ids(label))
    if label is not None:
        state = replace(state, labels=checkpoint.label_ids(label))
    state.check(*kind, config.labels)
    return state


def label_of(checkpoint: Checkpoint, state: State) -> str | None:
    """The label of the one text that a state is of."""
    return None if state.labels is None else list(checkpoint.labels)[state.labels[0]]


def choose_label(
    checkpoint: Checkpoint, state: State | None, asked: str | None, *, seed: int, number: int = 0
) -> str | None:
    """The label for sample `number` of a seed; None leaves it to the state, if there is any.

    It is the one asked for. Where none is, and no state has one, it is drawn in proportion to how
    much text each has. Its random numbers are other ones than the text's, which is therefore the
    same as if the label had been asked for.
    """
    if asked is not None or state is not None or not checkpoint.labels:
        return asked
    sequence = np.random.SeedSequence(seed, spawn_key=(number, 1))
    counts = np.array(list(checkpoint.labels.values()), np.float64)
    drawn = np.random.default_rng(sequence).choice(len(counts), p=counts / counts.sum())
    return list(checkpoint.labels)[drawn]
