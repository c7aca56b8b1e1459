"""Weights for a network that is to know more characters than the one it goes on from."""

import numpy as np

from chargen.checkpoint import Checkpoint
from chargen.generation.state import Floats
from chargen.text.vocabulary import Vocabulary


def inherited_weights(checkpoint: Checkpoint, vocabulary: Vocabulary) -> dict[str, Floats]:
    """The weights of `checkpoint` with its characters where `vocabulary` has them.

    A new character is read as the average of the known ones, and as unlikely as the unlikeliest.

    Args:
        checkpoint: the network to go on from.
        vocabulary: holds all of its characters, and others.
    """
    places = [vocabulary.char2idx[character] for character in checkpoint.vocabulary.idx2char]
    weights = dict(checkpoint.weights)

    def spread(name: str, new: Floats, axis: int) -> None:
        """Give the array a row or column for each character."""
        old = np.moveaxis(weights[name], axis, 0)
        grown = np.tile(new, (vocabulary.vocab_size, *[1] * new.ndim)).astype(np.float32)
        grown[places] = old
        weights[name] = np.ascontiguousarray(np.moveaxis(grown, 0, axis))

    embeddings, kernel = weights["embedding/embeddings"], weights["dense/kernel"]
    spread("embedding/embeddings", embeddings.mean(axis=0), 0)
    spread("dense/kernel", kernel.mean(axis=1), 1)
    spread("dense/bias", weights["dense/bias"].min(), 0)
    return weights
