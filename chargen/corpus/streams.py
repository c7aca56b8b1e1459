"""Cut a corpus into contiguous rows, for a network that carries its state from batch to batch."""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from chargen.corpus.labels import Labels
from chargen.corpus.spans import Positions, Spans
from chargen.errors import CorpusError
from chargen.text.vocabulary import Ids
from chargen.wording import count

# The golden ratio's fraction: those of its multiples are spread evenly, however many there are.
_GOLDEN = (math.sqrt(5) - 1) / 2


@dataclass(frozen=True)
class Streams:
    """`batch_size` rows through a text, read side by side, `seq_length` characters at a time.

    Row i of a batch continues row i of the batch before, up to the end of the epoch. Targets are
    one step ahead. The text is cut into windows of `seq_length`, of which the last one overlaps the
    one before if it must. The rows are evenly spaced and together cover every window: where their
    number does not divide evenly, a row ends a little after the start of the next.

    Each epoch cuts the text elsewhere, so that gradients do not always end at the same characters:
    the first one begins with the text, the others leave out up to `seq_length` - 1 characters of
    its beginning.

    Where something was cut out of the text, no row reads across: what is said here of the text
    holds for each segment of the spans. `continues` says where a row does not go on from the batch
    before.

    A batch is asked for by its number, not by iteration, so that a run can go on from anywhere.

    Args:
        ids: the whole text, shape [characters].
        batch_size: the number of rows.
        seq_length: characters of a row in one batch.
        spans: the part of the ids to read, as if it were one text; None reads all.
        labels: the labels that characters are read with; None if there are none.
        rows: those of the rows that batches hold, where several machines share them; None means
            all.

    Raises:
        CorpusError: if there are fewer characters than one batch needs.
    """

    ids: Ids
    batch_size: int
    seq_length: int
    spans: Spans | None = None
    labels: Labels | None = None
    rows: slice | None = None

    def __post_init__(self) -> None:
        if self._predictable < 1:
            raise CorpusError(
                f"The training part has {count(self._predictable + 1, 'character')}, and at least "
                "2 are needed; give more text."
            )
        if self._predictable < self.batch_size * self.seq_length:
            seq_length = max(1, min(self.seq_length, self._predictable // 2))
            batch_size = max(1, min(self.batch_size, self._predictable // seq_length))
            raise CorpusError(
                f"The training part has {self._predictable + 1:,} characters, and one batch of "
                f"{self.batch_size} streams × {self.seq_length} steps needs "
                f"{self.batch_size * self.seq_length + 1:,}; give more text, or a smaller "
                f"--batch-size or --seq-length (here --batch-size {batch_size} "
                f"--seq-length {seq_length} would fit)."
            )

    @cached_property
    def _predictable(self) -> int:
        """Return how many characters can be predicted: all but the first."""
        return len(self.ids if self.spans is None else self.spans) - 1

    @cached_property
    def _segments(self) -> tuple[Positions, Positions]:
        """Return where each segment begins, and how many windows there are up to it.

        The first is in places of the joined spans; both have shape [segments + 1]. Where a segment
        is too short for a window, all are read as if they were one.
        """
        whole = np.array([0, self._predictable + 1])
        edges = whole if self.spans is None else self.spans.segments
        if (np.diff(edges) <= self.seq_length).any():
            edges = whole
        lengths = np.diff(edges) - 1  # of a segment's characters, all but the first are predicted
        return edges, np.append(0, np.cumsum(-(-lengths // self.seq_length)))

    @cached_property
    def steps_per_epoch(self) -> int:
        """Return how many batches take every row to its end."""
        return math.ceil(int(self._segments[1][-1]) / self.batch_size)

    def starts(self, step: int) -> NDArray[np.int64]:
        """Return where each row of batch `step` starts, in places of the spans, [rows]."""
        epoch, position = divmod(step, self.steps_per_epoch)
        edges, windows = self._segments
        later = int(epoch * _GOLDEN % 1 * self.seq_length)
        rows = np.arange(self.batch_size)[self.rows or slice(None)]
        last = int(windows[-1]) - self.steps_per_epoch
        numbers = rows * last // max(1, self.batch_size - 1) + position
        segments = np.searchsorted(windows, numbers, side="right") - 1
        places = edges[segments] + (numbers - windows[segments]) * self.seq_length + later
        starts: NDArray[np.int64] = np.minimum(places, edges[segments + 1] - 1 - self.seq_length)
        return starts

    def continues(self, step: int) -> NDArray[np.bool_]:
        """Return whether each row of batch `step` goes on where the batch before ended.

        None does where an epoch begins, and none across a cut. Shape [rows].
        """
        now: NDArray[np.int64] = self.starts(step)
        if step % self.steps_per_epoch == 0:
            return np.zeros(len(now), np.bool_)
        return np.equal(now, self.starts(step - 1) + self.seq_length)

    def batch(self, step: int) -> tuple[Ids, ...]:
        """Return the inputs, targets and, if there are labels, labels of batch `step` of training.

        Each is int32, [rows, seq_length]. The rows start again where `step` is a multiple of
        `steps_per_epoch`. A target is what follows in the whole text, even at the end of a span.
        """
        positions: Positions = self.starts(step)[:, None] + np.arange(self.seq_length)
        if self.spans is not None:
            positions = self.spans.positions(positions)
        inputs, targets = (self.ids[each].astype(np.int32) for each in (positions, positions + 1))
        if self.labels is None:
            return inputs, targets
        return inputs, targets, self.labels.at(positions)
