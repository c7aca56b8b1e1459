"""How many threads NumPy's products take: one, or more where that is measured to pay.

NumPy's BLAS splits a product among its threads, and each waits for the others. Where other programs
want the cores too, the system lets these threads run one after another: a product of 0.1 ms then
takes 8 ms or more. So `Steps` begins with one thread, tries more now and then while nothing else
seems to want the cores, and goes back as soon as they cost time. Only numbers that give the same
bits as one thread are used, so what a network computes depends neither on the choice nor on time.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from time import perf_counter, thread_time

import numpy as np

from chargen.config.computing import ComputingConfig
from chargen.config.presets import available_cores
from chargen.errors import SettingError
from chargen.generation.blas import POOL
from chargen.generation.products import Kernel
from chargen.generation.state import Floats
from chargen.text.vocabulary import Ids

_WINDOW = 0.02  # seconds of one thread's work, for which a number of threads is measured
_GAIN = 0.9  # of the time that fewer threads need, more may take this share at most
_RUNNING = 0.8  # of a window, the share in which one thread must run for more to be tried
_LOST = 0.02  # the share of time that trials in vain may cost
_ONCE = 0.1  # the share of time that comparing bits may cost, which is done once
_AGAIN = 2.0  # seconds of work until one thread is measured again, where more pay
_PRODUCTS = 16  # rows that are multiplied both ways to see whether the bits are the same


class Threads:
    """The numbers of threads for the steps of one network.

    Args:
        kernels: of the recurrent layers.
        dense_kernel: of the layer after them.
        number: how many threads, at most one for each core; None to choose by measuring.

    Raises:
        SettingError: if the number is outside its limits, or cannot be set here.
    """

    def __init__(
        self, kernels: Sequence[Kernel], dense_kernel: Kernel, number: int | None = None
    ) -> None:
        ComputingConfig(threads=number)
        if number is not None and not POOL.can_be_set:
            raise SettingError(
                "threads cannot be set: threadpoolctl does not know the library that NumPy "
                "multiplies with here. Leave the setting out.",
                setting="threads",
            )
        self._number = number
        self._kernels, self._dense_kernel = kernels, dense_kernel
        self._steps: dict[tuple[int, bool, bool], Steps] = {}
        self._bits: dict[tuple[int, bool], SameBits] = {}

    def steps(self, rows: int, *, logits: bool, by_rows: bool) -> "Steps":
        """Return what runs steps of `rows` texts, with the logits or without.

        Args:
            rows: how many texts.
            logits: whether the steps end with them.
            by_rows: whether each row is multiplied by itself; see `Kernel`.
        """
        key = rows, logits, by_rows
        if key not in self._steps:
            self._steps[key] = Steps(self._same_bits(rows, by_rows), self._number)
        return self._steps[key]

    def _same_bits(self, rows: int, by_rows: bool) -> "SameBits":
        if by_rows:
            rows = min(rows, 2)  # a row's product is the same beside one other as beside many
        if (rows, by_rows) not in self._bits:
            products = [
                (each.by_rows if by_rows else each.at_once, len(each.array))
                for each in (*self._kernels, self._dense_kernel)
            ]
            self._bits[rows, by_rows] = SameBits(products, rows)
        return self._bits[rows, by_rows]


class SameBits:
    """Which numbers of threads give products the bits that they have with one thread.

    A library sums in an order that depends on shapes and on the number of threads, not on what is
    summed. Where it differs, it may do so in a few columns, and there a sum comes out the same in
    about half of all cases; so several are compared.

    Args:
        products: the products of a step, and the width of what each multiplies.
        rows: how many texts are read side by side.
    """

    def __init__(
        self, products: Sequence[tuple[Callable[[Floats], Floats], int]], rows: int
    ) -> None:
        self._products, self._rows = products, rows
        self._comparing: dict[int, Iterator[bool | None]] = {}  # by number; begun, or over
        self._different: set[int] = set()

    def holds(self, number: int, *, most: int | None, seconds: float) -> bool | None:
        """Return whether so many threads give the same bits.

        None if that cannot be told within some seconds; it goes on from there the next time.

        Args:
            number: how many threads.
            most: as for `Pool.use`.
            seconds: after which to leave off.
        """
        deadline = perf_counter() + seconds
        if number not in self._comparing:
            self._comparing[number] = self._comparisons(number, most)
        if number not in self._different:
            for same in self._comparing[number]:
                if same is False:
                    self._different.add(number)
                    break
                if same is None or perf_counter() > deadline:
                    return None
        return number not in self._different

    def _comparisons(self, number: int, most: int | None) -> Iterator[bool | None]:
        """Give whether two products were the same, None where the number cannot be taken now."""
        generator = np.random.default_rng(0)
        for product, width in self._products:
            for _ in range(math.ceil(_PRODUCTS / self._rows)):
                x = generator.standard_normal((self._rows, width), np.float32)
                POOL.use(1)
                expected = product(x)
                while POOL.use(number, most=most) != number:
                    yield None
                yield np.array_equal(product(x), expected)


class Steps:
    """Runs the steps of one kind, and measures how many threads they should take.

    It goes up a ladder: 1, 2, 4, ... threads, each for a window of 20 ms, as long as each takes at
    most 0.9 times the time of the one before. Then it stays, and measures again every two seconds.
    A trial that takes longer is over at once, and so is a stay that has lost 20 ms; a hiccup that
    the gain soon makes up for is none. Then one thread is taken for so long that the loss is 2% of
    the time at most. Nothing is tried after a window in which that thread had to wait for a core.
    Several threads of Python may share it: what they could spoil is a measurement, not a result.

    Args:
        same_bits: of the products of a step.
        number: of threads, if it is fixed.
    """

    def __init__(self, same_bits: SameBits, number: int | None) -> None:
        self._same_bits, self._fixed = same_bits, number
        self._most = None if number is None else min(number, available_cores())
        self._ladder: tuple[int, ...] = (1,)
        if number is None:
            self._ladder = tuple(2**place for place in range(available_cores().bit_length()))
        self._place = 0  # on the ladder
        self._fewer = [0.0] * len(self._ladder)  # seconds of a step with fewer threads, by place
        self._is_climbing = False
        self._behind = 0.0  # seconds that a stay has lost lately against fewer threads
        self._worked = 0.0  # seconds, in all steps
        self._until = 0.0  # so much work must be done before the next round of measurements
        self._begin(0)

    def run(self, step: Callable[[Ids], Floats], ids: Ids) -> Floats:
        """Take one step, with as many threads as are best."""
        POOL.enter()
        try:
            if self._most is not None:
                self._settle_fixed(self._most)
            number = self._ladder[self._place]
            is_measured = len(self._ladder) > 1 and POOL.is_alone
            is_measured &= POOL.use(number, most=self._fixed) == number
            started = perf_counter()
            result = step(ids)
            if is_measured:
                self._measure(perf_counter() - started)
            return result
        finally:
            POOL.leave()

    def _settle_fixed(self, number: int) -> None:
        """Take a fixed number, or one thread if it would change bits, from here on."""
        if number == 1 or not POOL.is_alone:
            return
        self._most = None
        if self._same_bits.holds(number, most=self._fixed, seconds=math.inf):
            self._ladder = (number,)

    def _begin(self, place: int) -> None:
        """Begin a window."""
        self._place, self._steps, self._spent = place, 0, 0.0
        fewer = self._fewer[place]
        self._planned = math.ceil(_WINDOW / fewer) if fewer else 0
        self._allowed = _GAIN * fewer * self._planned
        self._started, self._ran = perf_counter(), thread_time()

    def _measure(self, seconds: float) -> None:
        """Count a step that took some seconds; at the end of a window, say what comes next."""
        self._steps += 1
        self._spent += seconds
        self._worked += seconds
        place = self._place
        if place == 0:
            if self._spent >= _WINDOW:
                ran = (thread_time() - self._ran) / (perf_counter() - self._started)
                if ran >= _RUNNING and self._worked >= self._until:
                    self._climb(self._spent / self._steps)
                else:
                    self._begin(0)
        elif self._is_climbing:
            if self._spent > self._allowed:
                lost = self._spent - self._steps * self._fewer[place]
                self._stay(place - 1, lost / _LOST)
            elif self._steps >= self._planned:
                self._climb(self._spent / self._steps)
        else:
            self._behind = max(0.0, self._behind + seconds - self._fewer[place])
            if self._behind > _WINDOW:
                self._stay(0, self._behind / _LOST)
            elif self._worked >= self._until:
                self._begin(0)

    def _climb(self, seconds: float) -> None:
        """Try the next number of threads, where a step takes some seconds with this one."""
        place, started = self._place + 1, perf_counter()
        if place == len(self._ladder):
            self._stay(self._place, 0)
            return
        same = self._same_bits.holds(self._ladder[place], most=self._fixed, seconds=_WINDOW)
        if same:
            self._fewer[place], self._is_climbing = seconds, True
            self._begin(place)
            return
        if same is False:
            self._ladder = self._ladder[:place]
        self._stay(self._place, (perf_counter() - started) / _ONCE)

    def _stay(self, place: int, seconds: float) -> None:
        """Stay at a place for some seconds of work, and longer where more threads pay."""
        self._is_climbing, self._behind = False, 0.0
        self._until = self._worked + max(seconds, _AGAIN if place else 0)
        self._begin(place)
