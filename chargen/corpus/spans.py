"""Spans, stretches of a text that are read one after the other as if they were one text."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

Positions = NDArray[np.integer[Any]]

_MAX_STRETCHES = 40  # that a sample of a longer text is made of
_MIN_STRETCH = 1000  # characters, so that the n-grams across a stretch's ends hardly count


def _none() -> Positions:
    return np.zeros(0, np.int64)


@dataclass(frozen=True, eq=False)
class Spans:
    """Where in a text each stretch begins and where it ends, none of them empty."""

    starts: Positions  # shape [stretches]
    ends: Positions  # shape [stretches]
    # The numbers of the stretches, in ascending order, that do not go on from the one before them:
    # something was cut out between the two, and no document begins.
    cuts: Positions = field(default_factory=_none)

    @classmethod
    def of(cls, starts: Positions, ends: Positions) -> Self:
        """Return the stretches between each start and its end, without the empty ones."""
        filled = starts < ends
        return cls(starts[filled], ends[filled])

    @cached_property
    def _edges(self) -> Positions:
        """Return where each stretch begins, and the last ends, once joined, [stretches + 1]."""
        return np.concatenate([[0], np.cumsum(self.ends - self.starts)])

    @cached_property
    def _shifts(self) -> Positions:
        """Return how far each stretch is from where it is once joined, [stretches]."""
        return self.starts - self._edges[:-1]

    def __len__(self) -> int:
        return int(self._edges[-1])

    @cached_property
    def segments(self) -> Positions:
        """Return where each part without a cut begins, and the last ends, once joined."""
        return np.unique(np.concatenate([[0], self._edges[self.cuts], [len(self)]]))

    def positions(self, places: Positions) -> Positions:
        """Return where places in the joined stretches are in the text, shaped as `places`."""
        stretches = np.searchsorted(self._edges[1:-1], places, side="right")
        return places + self._shifts[stretches]

    @classmethod
    def whole(cls, length: int) -> Self:
        """Return the one stretch that is all of a text of so many characters."""
        return cls.of(np.array([0]), np.array([length]))

    def sample(self, max_length: int) -> Positions:
        """Return where all characters are; of more than `max_length`, evenly spread stretches."""
        if len(self) <= max_length:
            return self.positions(np.arange(len(self)))
        stretches = max(1, min(_MAX_STRETCHES, max_length // _MIN_STRETCH))
        length = max_length // stretches
        starts = np.linspace(0, len(self) - length, stretches, dtype=np.int64)
        return self.positions((starts[:, None] + np.arange(length)).ravel())
