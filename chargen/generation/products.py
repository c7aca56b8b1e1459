"""Products of rows with a kernel: each row by itself, or all at once.

NumPy's BLAS multiplies several rows (gemm) in another order than one (gemv), so that a row's sums
depend on how many rows stand beside it. A text must not depend on that. So those that write
multiply each row by itself: the same call of gemv for a row, whatever stands beside it. The kernel
is taken a panel of columns at a time, which stays in the processor's cache from row to row.

That is quicker than gemm for few rows, and slower for many: those that read many texts at once,
to measure them, take gemm.
"""

from collections.abc import Iterator

import numpy as np

from chargen.generation.blas import POOL, one_thread
from chargen.generation.state import Floats

_PANEL = 1 << 17  # numbers in a panel, 512 kB: it fits in the cache of a core
_SHARED = 1 << 19  # numbers in a panel that BLAS splits among threads; it splits no small ones
_MULTIPLE = 16  # columns; narrow panels can be summed otherwise
_ROWS = 16  # that are multiplied both ways to see whether the bits are the same


class Kernel:
    """A matrix that rows are multiplied with.

    The product of one row takes all columns at once where that gives the bits of the panels.
    Elsewhere it takes the panels too: then these define the bits.

    Args:
        array: [inputs, columns]; kept, not copied.
    """

    def __init__(self, array: Floats) -> None:
        self.array = array
        self._is_whole_alike = self._has_same_bits()

    def by_rows(self, x: Floats, out: Floats | None = None) -> Floats:
        """Return the product of each row by itself: its bits do not depend on the other rows.

        Args:
            x: [rows, inputs].
            out: where to put it, [rows, columns].
        """
        if len(x) == 1 and self._is_whole_alike:
            return self.at_once(x, out)
        return self._by_panels(x, out)

    def at_once(self, x: Floats, out: Floats | None = None) -> Floats:
        """Return the product of all rows at once; as `by_rows`, but for the bits."""
        product: Floats = np.matmul(x, self.array, out=out)
        return product

    def _by_panels(self, x: Floats, out: Floats | None) -> Floats:
        if out is None:
            out = np.empty((len(x), self.array.shape[1]), np.float32)
        for start, stop in self._panels(POOL.taken):
            panel = self.array[:, start:stop]
            np.matmul(x[:, None], panel, out=out[:, None, start:stop])  # [rows, 1, stop - start]
        return out

    def _panels(self, threads: int) -> Iterator[tuple[int, int]]:
        """Give the first column of each panel, and the one after its last."""
        inputs, columns = self.array.shape
        numbers = _PANEL if threads == 1 else max(_SHARED, _PANEL * threads)
        width = -(-numbers // inputs // _MULTIPLE) * _MULTIPLE
        starts = range(0, max(columns - columns % _MULTIPLE, 1), width)
        return zip(starts, [*starts[1:], columns], strict=True)

    def _has_same_bits(self) -> bool:
        """Return whether one row has the same bits with all columns at once as by panels.

        The order of a library's sums depends on shapes, not on what is summed. Where it differs,
        it may do so in a few columns, where about half of all sums come out alike; so several
        rows are compared.
        """
        rows = np.random.default_rng(0).standard_normal((_ROWS, len(self.array)), np.float32)
        with one_thread():
            several = self._by_panels(rows, None)
            alone = [self.at_once(rows[place : place + 1])[0] for place in range(_ROWS)]
        return np.array_equal(several, alone)
