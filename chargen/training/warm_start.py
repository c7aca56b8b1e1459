"""Grow the weights of a trained network, for training to go on with more characters and labels."""

from collections.abc import Sequence

import numpy as np

from chargen.checkpoint import Checkpoint
from chargen.generation.state import Floats
from chargen.text.vocabulary import Vocabulary


def warm_start_weights(
    checkpoint: Checkpoint, vocabulary: Vocabulary, labels: Sequence[str] = ()
) -> dict[str, Floats]:
    """Return the weights of `checkpoint`, grown to `vocabulary` and `labels`.

    A new character gets the mean of the known ones' weights, in the embedding and the last layer,
    and the lowest of their biases. A new label gets the mean of the known labels' embeddings; if
    there are none, zero, so that labels change nothing at first.

    Args:
        checkpoint: the network to go on from.
        vocabulary: all of the network's characters, and others.
        labels: all of the network's labels, and others.
    """
    characters = [
        vocabulary.char2idx[character] for character in checkpoint.tokenizer.vocabulary.idx2char
    ]
    weights = dict(checkpoint.weights)

    def spread(name: str, new: Floats, axis: int, places: Sequence[int], size: int) -> None:
        """Make the array `size` long on `axis`: the old parts at `places`, `new` elsewhere."""
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
