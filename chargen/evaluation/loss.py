"""The loss of a network on a text, by the definitions of the held-out losses in training."""

import math
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chargen.errors import CorpusError
from chargen.generation.blas import held
from chargen.generation.decoder import MAX_BATCH, Decoder
from chargen.generation.log_probs import WINDOW, Progress, bits, no_progress, perplexity, surprisal
from chargen.generation.state import State
from chargen.generation.weights import DecoderWeights
from chargen.text.vocabulary import Ids, Vocabulary
from chargen.wording import count

_MIN_WINDOWS = 16  # in a row, so that warming up costs a sixteenth at most


@dataclass(frozen=True)
class Evaluation:
    """Mean losses over a text, in nats per character: every character weighs the same."""

    characters: int  # that were predicted: all but the first, the ends of documents among them
    carried: float  # the state flows through the whole text
    windowed: float  # windows of 256 characters, each from a zero state, all positions counted
    adapted: float | None = None  # carried, and the network goes on learning as it reads
    # That these characters take in UTF-8, as the model reads them: prepared, without those that
    # were left out, and with one for each boundary between documents. 0 where not counted.
    bytes: int = 0

    @property
    def bits_per_char(self) -> float:
        """Return the carried loss in bits."""
        return bits(self.carried)

    @property
    def bits_per_byte(self) -> float:
        """Return the carried loss in bits per byte of UTF-8, as enwik8 and text8 are reported."""
        return self._per_byte(self.carried)

    def _per_byte(self, loss: float) -> float:
        return bits(loss) * self.characters / self.bytes if self.bytes else math.nan

    @property
    def perplexity(self) -> float:
        """Return the number of equally likely characters that the carried loss amounts to."""
        return perplexity(self.carried)

    def __repr__(self) -> str:
        losses = {"carried": self.carried, "windowed": self.windowed, "adapted": self.adapted}
        said = [
            f"{name} {loss:.4f} nats = {bits(loss):.4f} bits per character"
            for name, loss in losses.items()
            if loss is not None
        ]
        return f"Evaluation({', '.join([count(self.characters, 'character'), *said])})"

    def to_json(self) -> dict[str, Any]:
        """Return plain values: each loss per character and byte, and as perplexity."""
        losses = {name: loss for name, loss in asdict(self).items() if isinstance(loss, float)}
        return {
            "characters": self.characters,
            "bytes": self.bytes,
            **{
                name: {
                    "nats_per_char": loss,
                    "bits_per_char": bits(loss),
                    "bits_per_byte": self._per_byte(loss),
                    "perplexity": perplexity(loss),
                }
                for name, loss in losses.items()
            },
        }


def evaluate(
    weights: DecoderWeights,
    ids: Ids,
    *,
    labels: Ids | None = None,
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
        labels: the number of each character's label, if the network has labels; shape as `ids`.
        progress: told how many characters were read; twice the text's in all.

    Raises:
        CorpusError: if there is nothing to predict.
    """
    check_predictable(ids)
    text, characters = _Text(weights, ids, labels), len(ids) - 1
    with held():
        return Evaluation(
            characters,
            carried=_carried(text, progress) / characters,
            windowed=_windowed(text, progress) / characters,
            bytes=_utf8_bytes(weights.checkpoint.tokenizer.vocabulary, ids[1:]),
        )


def windowed_loss(weights: DecoderWeights, ids: Ids) -> float:
    """Return `Evaluation.windowed` alone, of a network without labels.

    Raises:
        CorpusError: if there is nothing to predict.
    """
    check_predictable(ids)
    with held():
        return _windowed(_Text(weights, ids, labels=None), no_progress) / (len(ids) - 1)


def _utf8_bytes(vocabulary: Vocabulary, ids: Ids) -> int:
    lengths = np.array([len(character.encode()) for character in vocabulary.idx2char])
    return int(lengths[ids].sum())


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


@dataclass(frozen=True, eq=False)
class _Text:
    """What is read, and by which network."""

    weights: DecoderWeights
    ids: Ids
    labels: Ids | None  # of each id

    def zero_state(self, rows: int) -> State:
        """Return the state of so many places in the text, each as if a text began there."""
        labels = None if self.labels is None else self.labels[np.zeros(rows, np.int32)]
        return self.weights.zero_state(rows, labels)

    def decoder(self, state: State, positions: NDArray[np.integer]) -> Decoder:
        """Return a decoder that goes on from a state with the labels that some places have."""
        labels = None if self.labels is None else self.labels[positions]
        return Decoder(self.weights, replace(state, labels=labels), by_rows=False)

    def total(
        self, state: State, starts: NDArray[np.integer], steps: int, progress: Progress
    ) -> tuple[float, State]:
        """Return the summed loss over `steps` characters from each start, inside the text.

        And the state after them.
        """
        total, predictable = 0.0, len(self.ids) - 1
        decoder = None
        for position in range(min(steps, predictable - int(starts[0]))):
            positions = starts + position
            inside = (positions >= 0) & (positions < predictable)
            positions = positions.clip(0, predictable - 1)
            if decoder is None or self._is_relabelled(positions):
                decoder = self.decoder(decoder.state if decoder else state, positions)
            nats = surprisal(decoder.step(self.ids[positions]), self.ids[positions + 1])
            total += float(nats[inside].sum())
            progress(int(inside.sum()))
        return total, decoder.state if decoder else state

    def _is_relabelled(self, positions: NDArray[np.integer]) -> bool:
        """Return whether some of the places have another label than those before them."""
        labels = self.labels
        return labels is not None and bool((labels[positions] != labels[positions - 1]).any())


def _carried(text: _Text, progress: Progress) -> float:
    windows = math.ceil((len(text.ids) - 1) / WINDOW)
    rows = max(1, min(MAX_BATCH, windows // _MIN_WINDOWS))
    length = math.ceil(windows / rows) * WINDOW
    starts = np.arange(rows) * length
    state = text.zero_state(rows)
    if rows > 1:
        _, state = text.total(state, starts - WINDOW, WINDOW, no_progress)
        state = state.reset_rows(np.arange(rows) == 0)  # nothing comes before the first
    total, _ = text.total(state, starts, length, progress)
    return total


def _windowed(text: _Text, progress: Progress) -> float:
    windows = math.ceil((len(text.ids) - 1) / WINDOW)
    rows, total = min(MAX_BATCH, windows), 0.0
    for first in range(0, windows, rows):
        starts = (first + np.arange(rows)) * WINDOW
        total += text.total(text.zero_state(rows), starts, WINDOW, progress)[0]
    return total
