"""The loss of a network on a text, by the definitions of the held-out losses in training."""

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chargen.errors import CorpusError
from chargen.generation.decoder import MAX_BATCH, Decoder
from chargen.generation.log_probs import WINDOW, Progress, bits, no_progress, perplexity, surprisal
from chargen.generation.threads import held
from chargen.generation.weights import DecoderWeights
from chargen.text.vocabulary import Ids

_MIN_WINDOWS = 16  # in a row, so that warming up costs a sixteenth at most


@dataclass(frozen=True)
class Evaluation:
    """Mean losses over a text, in nats per character: every character weighs the same."""

    characters: int  # that were predicted: all but the first
    carried: float  # the state flows through the whole text
    windowed: float  # windows of 256 characters, each from a zero state, all positions counted
    adapted: float | None = None  # carried, and the network goes on learning as it reads

    @property
    def bits_per_char(self) -> float:
        """Return the carried loss in bits."""
        return bits(self.carried)

    @property
    def perplexity(self) -> float:
        """Return the number of equally likely characters that the carried loss amounts to."""
        return perplexity(self.carried)

    def to_json(self) -> dict[str, Any]:
        """Return plain values: each loss in nats and bits per character and as perplexity."""
        losses = {name: loss for name, loss in asdict(self).items() if isinstance(loss, float)}
        return {
            "characters": self.characters,
            **{
                name: {
                    "nats_per_char": loss,
                    "bits_per_char": bits(loss),
                    "perplexity": perplexity(loss),
                }
                for name, loss in losses.items()
            },
        }


def evaluate(
    weights: DecoderWeights,
    ids: Ids,
    *,
    label: str | None = None,
    progress: Progress = no_progress,
) -> Evaluation:
    """Measure the loss of a network on a text.

    Windows are read side by side. For the carried loss, a text of less than 32 windows (8,192
    characters) is read from end to end. A longer one is cut into at most 64 rows that are read
    side by side, and each row but the first reads the window before it, uncounted, to arrive with
    the state that one long reading would have, as far as networks remember.

    Args:
        weights: of the network.
        ids: the text, at least two characters.
        label: the text's, if the network has labels.
        progress: told how many characters were read; twice the text's in all.

    Raises:
        CorpusError: if there is nothing to predict.
        SettingError: if the network has no such label, or needs one.
    """
    check_predictable(ids)
    characters = len(ids) - 1
    with held():
        return Evaluation(
            characters,
            carried=_carried(weights, ids, label, progress) / characters,
            windowed=_windowed(weights, ids, label, progress) / characters,
        )


def check_predictable(ids: Ids) -> None:
    """Refuse a text without a character that has one before it.

    Raises:
        CorpusError: saying how long it is.
    """
    if len(ids) < 2:
        raise CorpusError(
            "A text needs at least 2 characters that the model can read, as each is predicted "
            f"from those before it; this one has {len(ids)}."
        )


def _carried(weights: DecoderWeights, ids: Ids, label: str | None, progress: Progress) -> float:
    windows = math.ceil((len(ids) - 1) / WINDOW)
    rows = max(1, min(MAX_BATCH, windows // _MIN_WINDOWS))
    length = math.ceil(windows / rows) * WINDOW
    starts = np.arange(rows) * length
    decoder = _decoder(weights, rows, label)
    if rows > 1:
        _total(decoder, ids, starts - WINDOW, WINDOW, no_progress)
        first = np.arange(rows) == 0  # nothing comes before it
        decoder = Decoder(weights, decoder.state.reset_rows(first))
    return _total(decoder, ids, starts, length, progress)


def _windowed(weights: DecoderWeights, ids: Ids, label: str | None, progress: Progress) -> float:
    windows = math.ceil((len(ids) - 1) / WINDOW)
    rows, total = min(MAX_BATCH, windows), 0.0
    for first in range(0, windows, rows):
        decoder = _decoder(weights, rows, label)
        total += _total(decoder, ids, (first + np.arange(rows)) * WINDOW, WINDOW, progress)
    return total


def _decoder(weights: DecoderWeights, rows: int, label: str | None) -> Decoder:
    return Decoder(weights, weights.zero_state(rows, weights.checkpoint.label_ids(label, rows)))


def _total(
    decoder: Decoder, ids: Ids, starts: NDArray[np.integer], steps: int, progress: Progress
) -> float:
    """Return the summed loss over `steps` characters from each start, inside the text."""
    total, predictable = 0.0, len(ids) - 1
    for position in range(min(steps, predictable - int(starts[0]))):
        positions = starts + position
        inside = (positions >= 0) & (positions < predictable)
        positions = positions.clip(0, predictable - 1)
        nats = surprisal(decoder.step(ids[positions]), ids[positions + 1])
        total += float(nats[inside].sum())
        progress(int(inside.sum()))
    return total
