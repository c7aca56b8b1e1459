"""Stretches of a text, read one after the other as if they were one."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

Positions = NDArray[np.integer[Any]]


@dataclass(frozen=True, eq=False)
class Spans:
    """Where in a text each stretch begins and where it ends, in order, none of them empty."""

    starts: Positions  # shape [stretches]
    ends: Positions  # shape [stretches]

    @classmethod
    def of(cls, starts: Positions, ends: Positions) -> Self:
        """Return the stretches between each start and its end, without the empty ones."""
        filled = starts < ends
        return cls(starts[filled], ends[filled])

    @cached_property
    def _edges(self) -> Positions:
        """Return where the stretches would begin and end in one text, shape [stretches + 1]."""
        return np.concatenate([[0], np.cumsum(self.ends - self.starts)])

    def __len__(self) -> int:
        return int(self._edges[-1])

    def positions(self, places: Positions) -> Positions:
        """Return where places in the stretches are in the text, in the shape of `places`."""
        stretches = np.searchsorted(self._edges[1:-1], places, side="right")
        return places + (self.starts - self._edges[:-1])[stretches]
