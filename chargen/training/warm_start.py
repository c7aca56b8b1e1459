"""Weights for a network that is to know more characters and labels than that it goes on from."""

from collections.abc import Sequence

import numpy as np

from chargen.checkpoint import Checkpoint
from chargen.generation.state import Floats
from chargen.text.vocabulary import Vocabulary


def warm_start_weights(
    checkpoint: Checkpoint, vocabulary: Vocabulary, labels: Sequence[str] = ()
) -> dict[str, Floats]:
    """The weights of `checkpoint` with its characters where `vocabulary` has them.

    A new character is read as the average of the known ones, and as unlikely as the unlikeliest.
    A new label is the average of the known ones too; where there are none, labels change nothing
    at first.

    Args:
        checkpoint: the network to go on from.
        vocabulary: holds all of its characters, and others.
        labels: all of its labels, and others.
    """
    characters = [
        vocabulary.char2idx[character] for character in checkpoint.tokenizer.vocabulary.idx2char
    ]
    weights = dict(checkpoint.weights)

    def spread(name: str, new: Floats, axis: int, places: Sequence[int], size: int) -> None:
        """Give the array `size` rows or columns, with the old ones at their places."""
        old = np.moveaxis(weights[name], axis, 0)
        grown = np.tile(new, (size, *[1] * new.ndim)).astype(np.float32)
        grown[places] = old
        weights[name] = np.ascontiguousarray(np.moveaxis(grown, 0, axis))

    embeddings, kernel = weights["embedding/embeddings"], weights["dense/kernel"]
    of_characters = characters, vocabulary.vocab_size
    spread("embedding/embeddings", embeddings.mean(axis=0), 0, *of_characters)
    spread("dense/kernel", kernel.mean(axis=1), 1, *of_characters)
    spread("dense/bias", weights["dense/bias"].min(), 0, *of_characters)
    if labels:
        none = np.zeros((0, checkpoint.config.embedding_dim), np.float32)
        known = weights.setdefault("label/embeddings", none)
        mean = known.sum(axis=0) / max(1, len(known))
        ranks = {label: rank for rank, label in enumerate(labels)}
        places = [ranks[label] for label in checkpoint.labels]
        spread("label/embeddings", mean, 0, places, len(labels))
    return weights
