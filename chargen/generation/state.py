"""What a network remembers of a text, to be kept, put back, joined and picked apart."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chargen.config import Cell, ModelConfig
from chargen.errors import StateError
from chargen.text.vocabulary import Ids

Floats = NDArray[np.float32]
LayerState = tuple[Floats, ...]  # (h, c) for lstm, (h,) otherwise; each [batch_size, units]

STATES = {"lstm": ("h", "c"), "gru": ("h",), "rnn": ("h",)}


@dataclass(frozen=True, eq=False)
class State:
    """All that a network remembers of texts so far.

    Args:
        cell: of the recurrent layers.
        layers: a tuple of arrays for each layer.
        labels: the number of each text's label, [batch_size], if the network has any.
    """

    cell: Cell
    layers: tuple[LayerState, ...]
    labels: Ids | None = None

    @classmethod
    def zeros(
        cls, cell: Cell, units: tuple[int, ...], batch_size: int, labels: Ids | None = None
    ) -> "State":
        """Return the state at the start of texts."""
        layers = tuple(
            tuple(np.zeros((batch_size, width), np.float32) for _ in STATES[cell])
            for width in units
        )
        return cls(cell, layers, labels)

    @property
    def batch_size(self) -> int:
        """Return how many texts it is of."""
        return len(self.layers[0][0])

    @classmethod
    def concatenate(cls, states: Sequence["State"]) -> "State":
        """Return several states of one network as one state of all their texts."""
        layers = zip(*(state.layers for state in states), strict=True)
        labels = [state.labels for state in states if state.labels is not None]
        return cls(
            states[0].cell,
            tuple(tuple(map(np.concatenate, zip(*layer, strict=True))) for layer in layers),
            np.concatenate(labels) if labels else None,
        )

    def select(self, rows: Sequence[int]) -> "State":
        """Return the state of some of the texts, in the order of `rows`, repeated or not."""
        index = np.asarray(rows)
        labels = None if self.labels is None else self.labels[index]
        layers = tuple(tuple(array[index] for array in layer) for layer in self.layers)
        return State(self.cell, layers, labels)

    def reset_rows(self, rows: NDArray[np.bool_]) -> "State":
        """Return the state with that of some of the texts, where `rows` is true, set to zero.

        Their labels stay.
        """
        kept = np.where(rows, np.float32(0), np.float32(1))[:, None]
        layers = tuple(tuple(array * kept for array in layer) for layer in self.layers)
        return State(self.cell, layers, self.labels)

    def check(self, config: ModelConfig) -> None:
        """Refuse to serve a network of another shape.

        Raises:
            StateError: naming what differs.
        """
        cell, units = config.cell, config.units
        if self.cell != cell:
            raise StateError(f"The state is of a {self.cell} network; this one is {cell}.")
        if len(self.layers) != len(units):
            raise StateError(f"The state has {len(self.layers)} layers; the network {len(units)}.")
        batch_size = len(self.layers[0][0]) if self.layers[0] else 0
        for number, (layer, width) in enumerate(zip(self.layers, units, strict=True)):
            if len(layer) != len(STATES[cell]):
                raise StateError(
                    f"Layer {number} of the state has {len(layer)} arrays; "
                    f"{cell} has {len(STATES[cell])} ({', '.join(STATES[cell])})."
                )
            for name, array in zip(STATES[cell], layer, strict=True):
                shape = (batch_size, width)
                if np.shape(array) != shape or np.asarray(array).dtype != np.float32:
                    raise StateError(
                        f"Array {name} of layer {number} of the state is "
                        f"{np.asarray(array).dtype} {np.shape(array)}; "
                        f"this network expects float32 {shape}."
                    )
        self._check_labels(batch_size, config.labels)

    def _check_labels(self, batch_size: int, labels: int) -> None:
        if self.labels is None and not labels:
            return
        numbers = np.asarray([] if self.labels is None else self.labels)
        if numbers.shape != (batch_size,) or not 0 <= numbers.min() <= numbers.max() < labels:
            raise StateError(
                f"The state has the labels {numbers.tolist()}; this network expects "
                + (f"{batch_size} numbers from 0 to {labels - 1}." if labels else "none.")
            )
