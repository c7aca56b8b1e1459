"""How well counting n-grams predicts a text: a yardstick for a network's loss."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from chargen.text.vocabulary import Ids

Numbers = NDArray[np.int64]

_MAX_MARKED = 1 << 24  # numbers, so that a mark for each takes little memory


def entropies(ids: Ids, orders: int) -> list[float]:
    """Return the entropy of a character where the `order` characters before it are known.

    There is one for each order from 0 to `orders`, in nats per character, by the counts of the text
    itself (Shannon 1951). In a short text the high orders come out too low, since few contexts
    occur more than once.
    """
    found = []
    for contexts, grams in _numbered(ids, orders):
        shares = np.bincount(grams)[grams] / np.bincount(contexts)[contexts]
        found.append(float(abs(np.mean(np.log(shares)))))  # of 0, not -0
    return found


def held_out_losses(training: Ids, held_out: Ids, vocab_size: int, orders: int) -> list[float]:
    """Return the losses on `held_out` of n-gram models of `training`, in nats per character.

    There is a model for each order from 0 to `orders`, the number of characters that it looks back.
    Its probabilities are mixed with those of the order below, which weigh the more, the more
    different characters followed the context: Witten and Bell 1991, "The zero-frequency problem",
    method C.
    """
    ids = np.concatenate([training, held_out])
    losses = []
    probabilities = np.full(len(held_out), 1 / vocab_size)
    for order, (contexts, grams) in enumerate(_numbered(ids, orders)):
        cut = max(0, len(training) - order)  # up to here, contexts are counted; then, predicted
        # Where the training part is shorter than the order, the first predictions of the held-out
        # part stay those of the order below.
        predicted = probabilities[max(0, order - len(training)) :]
        context_counts = np.bincount(contexts[:cut], minlength=contexts.max() + 1)
        gram_counts = np.bincount(grams[:cut], minlength=grams.max() + 1)
        context_of = np.empty(len(gram_counts), np.int64)
        context_of[grams] = contexts
        distinct = np.bincount(context_of[gram_counts > 0], minlength=len(context_counts))
        seen, followers = context_counts[contexts[cut:]], distinct[contexts[cut:]]
        mixed = gram_counts[grams[cut:]] + followers * predicted
        np.divide(mixed, seen + followers, out=predicted, where=seen > 0)
        losses.append(float(-np.mean(np.log(probabilities))))
    return losses


def _numbered(ids: Ids, orders: int) -> Iterator[tuple[Numbers, Numbers]]:
    """Yield, for each order, the number of each character's context, and of context and character.

    A context is the `order` characters before a character. The same characters have the same
    number. Both arrays are shaped [len(ids) - order].
    """
    ids = ids.astype(np.int64)
    vocab_size = int(ids.max()) + 1
    contexts = np.zeros(len(ids), np.int64)
    for order in range(min(orders, len(ids) - 1) + 1):
        grams = _renumbered(contexts * vocab_size + ids[order:])
        yield contexts, grams
        contexts = grams[:-1]


def _renumbered(numbers: Numbers) -> Numbers:
    """Return the numbers as 0, 1, 2 ... in their order, the same for the same number."""
    if numbers.max() >= _MAX_MARKED:
        return np.unique(numbers, return_inverse=True)[1]
    is_there = np.zeros(int(numbers.max()) + 1, np.bool_)  # marking them is quicker than sorting
    is_there[numbers] = True
    return np.cumsum(is_there)[numbers] - 1
