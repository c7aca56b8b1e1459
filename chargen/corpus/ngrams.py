"""What counting alone knows of a text: yardsticks for a network's loss."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from chargen.text.vocabulary import Ids

Labels = NDArray[np.int64]


def entropies(ids: Ids, orders: int) -> list[float]:
    """How uncertain a character is, on average, where the `order` characters before it are known.

    For each order from 0 to `orders`, in nats per character, by the counts of the text itself
    (Shannon 1951). In a short text the high orders come out too low, since it then knows itself by
    heart.
    """
    return [
        float(-np.mean(np.log(grams[following] / contexts[before])))
        for before, following in _labelled(ids, orders)
        for contexts, grams in [(np.bincount(before), np.bincount(following))]
    ]


def held_out_losses(training: Ids, held_out: Ids, vocab_size: int, orders: int) -> list[float]:
    """The loss on `held_out` of n-gram models that counted `training`, in nats per character.

    One model for each order from 0 to `orders`, the number of characters that it looks back. A
    model leans on the next shorter one, the more so the more different characters it saw in a
    place: Witten and Bell 1991, "The zero-frequency problem", method C.
    """
    ids = np.concatenate([training, held_out])
    losses = []
    probabilities = np.full(len(held_out), 1 / vocab_size)
    for before, following in _labelled(ids, orders):
        order = len(ids) - len(following)
        cut = len(training) - order  # labels up to here are of the training part
        # Where the text is too short for the order, the first predictions stay the shorter one's.
        known = probabilities[max(0, -cut) :]
        new = slice(max(0, cut), None)
        contexts = np.bincount(before[: max(0, cut)], minlength=before.max() + 1)
        grams = np.bincount(following[: max(0, cut)], minlength=following.max() + 1)
        context_of = np.empty(len(grams), np.int64)
        context_of[following] = before
        distinct = np.bincount(context_of[grams > 0], minlength=len(contexts))
        seen, kinds = contexts[before[new]], distinct[before[new]]
        known[seen > 0] = ((grams[following[new]] + kinds * known) / np.maximum(1, seen + kinds))[
            seen > 0
        ]
        losses.append(float(-np.mean(np.log(probabilities))))
    return losses


def _labelled(ids: Ids, orders: int) -> Iterator[tuple[Labels, Labels]]:
    """For each order, every character's label of what stands before it, and of that with itself.

    Equal labels mean equal characters. Both are shaped [len(ids) - order].
    """
    ids = ids.astype(np.int64)
    kinds = int(ids.max()) + 1
    contexts = np.zeros(len(ids), np.int64)
    for order in range(min(orders, len(ids) - 1) + 1):
        pairs = contexts * kinds + ids[order:]
        _, grams = np.unique(pairs, return_inverse=True)
        yield contexts, grams
        contexts = grams[:-1]
