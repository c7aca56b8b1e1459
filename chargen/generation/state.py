"""What a network remembers of a text, to be kept, put back, joined and picked apart."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chargen.config import Cell
from chargen.errors import StateError
from chargen.text.vocabulary import Ids

Floats = NDArray[np.float32]
LayerState = tuple[Floats, ...]  # (h, c) for lstm, (h,) otherwise; each [batch_size, units]

STATES = {"lstm": ("h", "c"), "gru": ("h",), "rnn": ("h",)}


@dataclass(frozen=True, eq=False)
class State:
    """All that a network remembers of the text so far: a tuple of arrays per layer, its label."""

    cell: Cell
    layers: tuple[LayerState, ...]
    labels: Ids | None = None  # the number of each text's, [batch_size], if the network has any

    @classmethod
    def zeros(
        cls, cell: Cell, units: tuple[int, ...], batch_size: int, labels: Ids | None = None
    ) -> "State":
        """The state at the start of a text."""
        return cls(
            cell,
            tuple(
                tuple(np.zeros((batch_size, width), np.float32) for _ in STATES[cell])
                for width in units
            ),
            labels,
        )

    @property
    def batch_size(self) -> int:
        """Of how many texts."""
        return len(self.layers[0][0])

    @classmethod
    def joined(cls, states: Sequence["State"]) -> "State":
        """Several states of one network as one state of all their texts."""
        layers = zip(*(state.layers for state in states), strict=True)
        return cls(
            states[0].cell,
            tuple(tuple(map(np.concatenate, zip(*layer, strict=True))) for layer in layers),
            _joined([state.labels for state in states if state.labels is not None]),
        )

    def rows(self, numbers: Sequence[int]) -> "State":
        """The state of some of the texts, in the order of their numbers, repeated or not."""
        index = np.asarray(numbers)
        labels = None if self.labels is None else self.labels[index]
        layers = tuple(tuple(a[index] for a in layer) for layer in self.layers)
        return State(self.cell, layers, labels)

    def forgotten(self, rows: NDArray[np.bool_]) -> "State":
        """The state with that of some of the texts, where `rows` is true, set to zero.

        Their labels stay.
        """
        kept = np.where(rows, np.float32(0), np.float32(1))[:, None]
        layers = tuple(tuple(a * kept for a in layer) for layer in self.layers)
        return State(self.cell, layers, self.labels)

    def check(self, cell: Cell, units: tuple[int, ...], batch_size: int, labels: int = 0) -> None:
        """Refuse to serve a network of another kind, or with another number of labels.

        Raises:
            StateError: naming what differs.
        """
        if self.cell != cell:
            raise StateError(f"The state is of a {self.cell} network; this one is {cell}.")
        if len(self.layers) != len(units):
            raise StateError(f"The state has {len(self.layers)} layers; the network {len(units)}.")
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
        self._check_labels(batch_size, labels)

    def _check_labels(self, batch_size: int, labels: int) -> None:
        if self.labels is None and not labels:
            return
        numbers = np.asarray([] if self.labels is None else self.labels)
        if numbers.shape != (batch_size,) or not 0 <= numbers.min() <= numbers.max() < labels:
            raise StateError(
                f"The state has the labels {numbers.tolist()}; this network expects "
                + (f"{batch_size} numbers from 0 to {labels - 1}." if labels else "none.")
            )


def _joined(labels: Sequence[Ids]) -> Ids | None:
    return np.concatenate(labels) if labels else None
