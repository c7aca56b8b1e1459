"""The corpus cut into contiguous rows, for a network that carries its state from batch to batch."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from chargen.errors import CorpusError
from chargen.text.vocabulary import Ids

MOST_HELD_OUT = 1_000_000  # characters; more would take long to read and say no more


def split(ids: Ids, validation_fraction: float) -> tuple[Ids, Ids]:
    """The training part and, contiguous at the end, the validation part.

    The latter is at most a million characters.

    Raises:
        CorpusError: if a validation part is asked for and comes out shorter than two characters,
            too short to predict one from another.
    """
    cut = max(int(len(ids) * (1 - validation_fraction)), len(ids) - MOST_HELD_OUT)
    if validation_fraction and len(ids) - cut < 2:
        raise CorpusError(
            f"A corpus of {len(ids):,} characters leaves {len(ids) - cut} for validation at "
            f"--validation-fraction {validation_fraction:g}, and at least 2 are needed; give more "
            "text, a larger fraction, or 0 to do without."
        )
    return ids[:cut], ids[cut:]


@dataclass(frozen=True)
class Streams:
    """`batch_size` rows through `ids`, read side by side, `seq_length` characters at a time.

    Row i of a batch continues row i of the batch before, up to the end of the epoch. Targets are
    one step ahead. The rows are evenly spaced and together cover every character: where the text
    does not divide evenly, a row ends a little after the start of the next. (A single row has no
    neighbour to overlap; it starts up to `seq_length` characters late in every second epoch
    instead, so that the odd end is read too.)

    Batches are found by number, not by iteration, so that a run can carry on anywhere.

    Raises:
        CorpusError: if `ids` are fewer than one batch needs.
    """

    ids: Ids
    batch_size: int
    seq_length: int

    def __post_init__(self) -> None:
        if self._predictable < 1:
            raise CorpusError(
                f"The training part has {len(self.ids)} characters, and at least 2 are needed; "
                "give more text."
            )
        if self._predictable < self.batch_size * self.seq_length:
            raise CorpusError(
                f"The training part has {len(self.ids):,} characters, and one batch of "
                f"{self.batch_size} streams × {self.seq_length} steps needs "
                f"{self.batch_size * self.seq_length + 1:,}; give more text, or a smaller "
                f"--batch-size or --seq-length (here {self._fitting_advice()})."
            )

    def _fitting_advice(self) -> str:
        seq_length = max(1, min(self.seq_length, self._predictable // 2))
        batch_size = max(1, min(self.batch_size, self._predictable // seq_length))
        return f"--batch-size {batch_size} --seq-length {seq_length} would fit"

    @property
    def _predictable(self) -> int:
        """How many characters have one before them to be predicted from."""
        return len(self.ids) - 1

    @cached_property
    def steps_per_epoch(self) -> int:
        """How many batches take every row to its end."""
        steps = -(-self._predictable // (self.batch_size * self.seq_length))
        return min(steps, self._predictable // self.seq_length)

    def _starts(self, epoch: int) -> NDArray[np.int64]:
        """Where each row starts, shape [batch_size]."""
        last = self._predictable - self.steps_per_epoch * self.seq_length
        if self.batch_size == 1:
            return np.array([last if epoch % 2 else 0])
        return np.arange(self.batch_size) * last // (self.batch_size - 1)

    def batch(self, step: int) -> tuple[Ids, Ids]:
        """Inputs and targets of the `step`-th batch since training began.

        Both are [batch_size, seq_length]. The rows begin anew where `step` is a multiple of
        `steps_per_epoch`.
        """
        epoch, position = divmod(step, self.steps_per_epoch)
        offset = position * self.seq_length
        columns = np.arange(offset, offset + self.seq_length + 1)
        window = self.ids[self._starts(epoch)[:, None] + columns]  # [batch_size, seq_length + 1]
        window = window.astype(np.int32)
        return window[:, :-1], window[:, 1:]
