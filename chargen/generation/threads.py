"""How many threads NumPy's products take: one, or more where that is measured to pay.

NumPy's BLAS splits a product among its threads, and each waits for the others. Where other programs
want the cores too, the system lets these threads run one after another: a product of 0.1 ms then
takes 8 ms or more. So `Steps` begins with one thread, tries more now and then while nothing else
seems to want the cores, and goes back as soon as they cost time. Only numbers that give the same
bits as one thread are used, so what a network computes depends neither on the choice nor on time.
"""

import math
from collections.abc import Callable, Sequence
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

    def steps(self, rows: int, *, logits: bool, by_rows: bool) -> "Steps":
        """Return what runs steps of `rows` texts, with the logits or without.

        Args:
            rows: how many texts.
            logits: whether the steps end with them.
            by_rows: whether each row is multiplied by itself; see `Kernel`.
        """
        key = rows, logits, by_rows
        if key not in self._steps:
            kernels = [*self._kernels, self._dense_kernel] if logits else self._kernels
            products = [
                (each.by_rows if by_rows else each.at_once, len(each.array)) for each in kernels
            ]
            self._steps[key] = Steps(products, rows, self._number)
        return self._steps[key]


class Steps:
    """Runs the steps of one kind, and measures how many threads they should take.

    It goes up a ladder: 1, 2, 4, ... threads, each for a window of 20 ms, as long as each takes at
    most 0.9 times the time of the one before. Then it stays. As soon as a window takes longer than
    that, it is over, and one thread is taken for so long that the loss is 2% of the time at most.
    Nothing is tried after a window in which the one thread had to wait for a core.
    Several threads of Python may share it: what they could spoil is a measurement, not a result.

    Args:
        products: the products of a step, and the width of what each multiplies.
        rows: how many texts are read side by side.
        number: of threads, if it is fixed.
    """

    def __init__(
        self,
        products: Sequence[tuple[Callable[[Floats], Floats], int]],
        rows: int,
        number: int | None,
    ) -> None:
        self._products, self._rows = products, rows
        self._fixed = number
        self._most = None if number is None else min(number, available_cores())
        self._ladder: tuple[int, ...] = (1,)
        if number is None:
            self._ladder = tuple(2**place for place in range(available_cores().bit_length()))
        self._place = 0  # on the ladder
        self._fewer = [0.0] * len(self._ladder)  # seconds of a step with fewer threads, by place
        self._known = 1  # so many places of the ladder have the same bits
        self._is_climbing = False
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
        if self._has_same_bits(number, seconds=math.inf):
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
        elif self._spent > self._allowed:
            lost = self._spent - self._steps * self._fewer[place]
            self._stay(place - 1 if self._is_climbing else 0, lost)
        elif self._steps >= self._planned:
            if self._is_climbing:
                self._climb(self._spent / self._steps)
            else:
                self._begin(place if self._worked < self._until else 0)

    def _climb(self, seconds: float) -> None:
        """Try the next number of threads, where a step takes some seconds with this one."""
        place, started = self._place + 1, perf_counter()
        if place == len(self._ladder):
            self._stay(self._place, 0)
            return
        same: bool | None = place < self._known
        if not same:
            same = self._has_same_bits(self._ladder[place], seconds=_WINDOW)
        if same:
            self._known = place + 1
            self._fewer[place], self._is_climbing = seconds, True
            self._begin(place)
            return
        if same is False:
            self._ladder = self._ladder[:place]
        self._stay(self._place, perf_counter() - started)

    def _stay(self, place: int, lost: float) -> None:
        """Stay at a place for a while, so long that `lost` seconds are a small share of it."""
        self._is_climbing = False
        self._until = self._worked + max(lost / _LOST, _AGAIN if place else 0)
        self._begin(place)

    def _has_same_bits(self, number: int, *, seconds: float) -> bool | None:
        """Return whether products have the same bits with one thread and with so many.

        None if that cannot be told within some seconds. A library sums in an order that depends
        on shapes and on the number of threads, not on what is summed. Where it differs, it may do
        so in a few columns, and there a sum comes out the same in about half of all cases; so
        several are compared.
        """
        deadline = perf_counter() + seconds
        generator = np.random.default_rng(0)
        for product, width in self._products:
            for _ in range(math.ceil(_PRODUCTS / self._rows)):
                x = generator.standard_normal((self._rows, width), np.float32)
                POOL.use(1)
                expected = product(x)
                if POOL.use(number, most=self._fixed) != number or perf_counter() > deadline:
                    return None
                if not np.array_equal(product(x), expected):
                    return False
        return True
