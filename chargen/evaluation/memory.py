"""How far back does a network remember? Its loss against the characters of context that it reads.

The same characters are predicted at each context, so the losses differ by nothing but what was
read before them.
"""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from chargen.evaluation.loss import check_predictable
from chargen.generation.blas import held
from chargen.generation.decoder import MAX_BATCH, Decoder
from chargen.generation.log_probs import WINDOW, Progress, no_progress, surprisal
from chargen.generation.weights import DecoderWeights
from chargen.text.vocabulary import Ids
from chargen.wording import count

PLACES = 1024  # characters that are predicted, if the text has as many
_NO_GAIN = 0.01  # nats; what more context lowers the loss by less than that is no use


@dataclass(frozen=True)
class Memory:
    """The mean loss of the same characters, each predicted from so many characters before it."""

    contexts: tuple[int, ...]  # characters read from a zero state: 1, 2, 4, ... up to 256
    losses: tuple[float, ...]  # nats per character
    places: int  # how many characters were predicted

    @property
    def reach(self) -> int:
        """Return the shortest context whose loss is within 0.01 nats of the best one."""
        enough = min(self.losses) + _NO_GAIN
        pairs = zip(self.contexts, self.losses, strict=True)
        return next(context for context, loss in pairs if loss <= enough)

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {name: list(v) if isinstance(v, tuple) else v for name, v in asdict(self).items()}

    def __repr__(self) -> str:
        pairs = zip(self.contexts, self.losses, strict=True)
        said = ", ".join(f"{context}: {loss:.4f}" for context, loss in pairs)
        return f"Memory(nats by characters of context {said}; {count(self.places, 'place')})"


def memory(
    weights: DecoderWeights,
    ids: Ids,
    *,
    labels: Ids | None = None,
    places: int = PLACES,
    progress: Progress = no_progress,
) -> Memory:
    """Measure the loss at contexts of 1, 2, 4 ... 256 characters, each from a zero state.

    The longest context is 256, or so long that half of the text's characters have as much before
    them, in their document. Of those, some are predicted, evenly chosen.

    Args:
        weights: of the network.
        ids: the text, at least two characters.
        labels: the number of each character's label, if the network has labels; shape as `ids`.
        places: how many characters to predict at most. Each is predicted at every context, which
            takes about 511 steps.
        progress: told how many characters were read.

    Raises:
        CorpusError: if there is nothing to predict.
    """
    check_predictable(ids)
    before = _characters_before(ids, weights.checkpoint.tokenizer.boundary_id)
    contexts = [1]
    while contexts[-1] < WINDOW and 2 * (before >= 2 * contexts[-1]).sum() >= len(ids) - 1:
        contexts.append(2 * contexts[-1])
    usable = np.flatnonzero(before >= contexts[-1])
    number = min(places, len(usable))
    targets = usable[np.arange(number) * len(usable) // number]
    losses = []
    with held():
        for context in contexts:
            total = 0.0
            for first in range(0, number, MAX_BATCH):
                rows = targets[first : first + MAX_BATCH]
                of_rows = None if labels is None else labels[rows]
                decoder = Decoder(weights, weights.zero_state(len(rows), of_rows), by_rows=False)
                logits = decoder.read(ids[rows[:, None] + np.arange(-context, 0)])
                total += float(surprisal(logits, ids[rows]).sum())
                progress(context * len(rows))
            losses.append(total / number)
    return Memory(tuple(contexts), tuple(losses), number)


def _characters_before(ids: Ids, boundary: int | None) -> Ids:
    """Return how many characters of its document stand before each one, shape as `ids`.

    The boundary that begins a document counts as its first; what ends it, as part of it.
    """
    places = np.arange(len(ids))
    starts = np.zeros_like(places)
    if boundary is not None:
        starts[1:] = np.maximum.accumulate(np.where(ids == boundary, places, 0))[:-1]
    return places - starts
