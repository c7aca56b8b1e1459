"""Measure the held-out loss, with a network and states apart from those in training."""

import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chargen.config import ModelConfig
from chargen.generation.log_probs import WINDOW
from chargen.generation.state import Floats
from chargen.text.vocabulary import Ids
from chargen.training.backend import graph, tf
from chargen.training.model import TRAINING_CELLS, build_model, inputs_of, state_variables

_MAX_ROWS = 64
_TIMED_BATCHES = 4
_MAX_LOGITS = 16_000_000  # elements in one batch of logits, which bounds the memory


@dataclass(frozen=True)
class ValidationLoss:
    """Mean negative log-likelihood of the held-out part, in nats per character."""

    carried: float  # the state flows through the whole part
    windowed: float  # windows of 256 characters, each from a zero state, all positions counted


class Validator:
    """Measures the loss of given weights on the held-out part, with states of its own.

    For the carried loss the part is read in several rows at once. Each row but the first reads the
    window before it, uncounted, to arrive with the state that one long reading would have.

    Args:
        config: the network's shape.
        ids: the held-out part, at least two characters; all but the first are predicted.
        labels: the number of each id's label, if the network has labels.
        boundary: the id before which the states are set to zero, if there is one.
    """

    def __init__(
        self,
        config: ModelConfig,
        ids: Ids,
        labels: Ids | None = None,
        *,
        boundary: int | None = None,
    ) -> None:
        predictable = len(ids) - 1
        self._window = min(WINDOW, predictable)
        windows = -(-predictable // self._window)
        fitting = max(1, _MAX_LOGITS // (self._window * config.vocab_size))
        self._windows_per_row = -(-windows // min(fitting, _MAX_ROWS))
        self._rows = -(-windows // self._windows_per_row)
        self._targets = ids[1:]
        self._inputs = [ids[:-1]] if labels is None else [ids[:-1], labels[:-1]]
        self.model = build_model(
            config,
            batch_size=self._rows,
            seq_length=self._window,
            cells=TRAINING_CELLS,
            boundary=boundary,
        )
        self._states = state_variables(self.model)

    def __call__(self, weights: list[Floats], characters: int | None = None) -> ValidationLoss:
        """Return the loss of `weights`, which are in the order of Keras's `get_weights`.

        Of about `characters` of the part, the first in each row; None or more than there are mean
        all of it.
        """
        self.model.set_weights(weights)
        columns = self._columns(characters)
        row = np.arange(self._rows) * self._windows_per_row
        carried = windowed = 0.0
        for column in range(-1, columns):
            # Before the first column, every row reads the last window of the row before it. Row 0
            # has none before it, so its state is set to zero afterwards.
            keep = (row + column > 0).astype(np.float32)
            if column == -1:
                self._total(row - 1, np.zeros_like(keep), counted=False)
            else:
                carried += self._total(row + column, keep)
        for column in range(columns):
            windowed += self._total(row + column, np.zeros(self._rows, np.float32))
        starts = (row[:, None] + np.arange(columns)) * self._window
        count = int((len(self._targets) - starts).clip(0, self._window).sum())
        return ValidationLoss(carried / count, windowed / count)

    def _columns(self, characters: int | None) -> int:
        """Return how many windows of each row to read for about so many characters."""
        if characters is None or characters >= len(self._targets):
            return self._windows_per_row
        return max(1, min(self._windows_per_row, characters // (self._rows * self._window)))

    def seconds(self, characters: int | None = None) -> float:
        """Return about how long one call takes: the time of one batch, times how many there are.

        Of a few batches, that is the quickest, as other programs can make one slow.
        """
        args = np.zeros(self._rows, np.int32), np.zeros(self._rows, np.float32)
        times = []
        for _ in range(_TIMED_BATCHES):
            started = time.perf_counter()
            self._total(*args)
            times.append(time.perf_counter() - started)
        return min(times[1:]) * (2 * self._columns(characters) + 1)  # the first one compiles

    def _total(self, windows: NDArray[np.integer], keep: Floats, *, counted: bool = True) -> float:
        """Return the summed loss over one window of each row, or 0 if it is not `counted`.

        `windows` holds the number of each row's window, and `keep` 0 for rows whose state is set to
        zero first, else 1; both have shape [rows].
        """
        positions = windows[:, None] * self._window + np.arange(self._window)
        inside = (positions >= 0) & (positions < len(self._targets))
        positions = np.clip(positions, 0, len(self._targets) - 1)
        return float(
            self._step(
                tf.constant(self._targets[positions], tf.int32),
                tf.constant(inside & counted, tf.float32),
                tf.constant(keep[:, None]),
                *(tf.constant(each[positions], tf.int32) for each in self._inputs),
            )
        )

    @graph
    def _step(self, targets, weights, keep, *inputs):  # type: ignore[no-untyped-def]
        for state in self._states:
            state.assign(state * keep)
        logits = self.model(inputs_of(*inputs), training=False)
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(targets, logits)
        return tf.reduce_sum(losses * weights)
