"""How a text begins: what a network knows before it, and what its first character may be."""

import numpy as np

from chargen.checkpoint import Checkpoint
from chargen.generation.decoder import StepDecoder
from chargen.generation.state import Floats, State
from chargen.text.tokenizer import CharTokenizer
from chargen.text.vocabulary import Ids

_NEVER = -1e4  # a logit that nothing is drawn by, and that JSON can hold


def initial_state(checkpoint: Checkpoint, label: str | None = None) -> State:
    """Return the state at the start of one text.

    Raises:
        SettingError: if the network has no such label, or needs one.
    """
    config = checkpoint.config
    return State.zeros(config.cell, config.units, 1, checkpoint.label_ids(label))


def first_logits(decoder: StepDecoder, tokenizer: CharTokenizer, ids: Ids) -> Floats:
    """Read what stands before the first character to write; return that one's logits.

    Where nothing does, the text begins with the start character, which is then written.

    Args:
        decoder: of one text.
        tokenizer: the network's.
        ids: to read, shape [n].

    Returns:
        Shape [1, vocab_size].
    """
    if len(ids):
        return decoder.read(ids[None])
    logits = np.full((1, tokenizer.vocabulary.vocab_size), _NEVER, np.float32)
    logits[0, tokenizer.vocabulary.char2idx[tokenizer.start]] = 0
    return logits


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
