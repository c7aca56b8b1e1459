"""How many threads NumPy's products take: one, or more where that is measured to pay.

NumPy's BLAS splits a product among its threads, and each waits for the others. Where other programs
want the cores too, the system lets these threads run one after another: a product of 0.1 ms then
takes 8 ms or more. So `Steps` begins with one thread, tries more now and then while nothing else
seems to want the cores, and goes back as soon as they cost time. Only numbers that give the same
bits as one thread are used, so what a network computes depends neither on the choice nor on time.

The number of threads belongs to the process, not to a thread of Python. Therefore:

- It is set only while a network computes (`held`), and put back afterwards.
- While several threads of Python compute, all take one thread of BLAS.
- What a caller multiplies with NumPy in another thread at that time has the same number. If the
  caller sets one there meanwhile, that is what is put back.
"""

import math
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property, partial
from pathlib import Path
from threading import Lock, get_ident
from time import perf_counter, thread_time
from typing import Any

import numpy as np

from chargen.config.computing import ComputingConfig
from chargen.errors import SettingError
from chargen.generation.state import Floats
from chargen.text.vocabulary import Ids

_WINDOW = 0.02  # seconds of one thread's work, for which a number of threads is measured
_GAIN = 0.9  # of the time that fewer threads need, more may take this share at most
_RUNNING = 0.8  # of a window, the share in which one thread must run for more to be tried
_LOST = 0.02  # the share of time that trials in vain may cost
_AGAIN = 2.0  # seconds of work until one thread is measured again, where more pay
_PRODUCTS = 16  # rows that are multiplied both ways to see whether the bits are the same


class _Pool:
    """The threads of NumPy's BLAS."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._holders: dict[int, int] = {}  # threads of Python, and how deep each is in `held`
        self._now = 1  # as it was set last
        self._before = 1  # what will be put back

    @cached_property
    def _libraries(self) -> Sequence[Any]:
        """NumPy's BLAS: empty if it is none that threadpoolctl knows."""
        from threadpoolctl import ThreadpoolController

        found = ThreadpoolController().select(user_api="blas").lib_controllers
        home = str(Path(np.__file__).resolve().parent)  # its wheels have it in numpy.libs
        return [each for each in found if each.filepath.startswith(home)] or found

    @property
    def can_be_set(self) -> bool:
        """Whether the number of threads can be changed."""
        return bool(self._libraries)

    @property
    def is_alone(self) -> bool:
        """Whether one thread of Python computes, and no other."""
        return len(self._holders) == 1

    def number(self) -> int:
        """Return the number of threads that a product takes now."""
        return max((each.get_num_threads() for each in self._libraries), default=1)

    def _set(self, number: int) -> None:
        for each in self._libraries:
            # threadpoolctl lets only the thread of Python that set OpenBLAS's number first set it
            # again, and drops what others ask for, unless the first one gives it up.
            release = getattr(each, "clear_controlling_thread", lambda force: None)
            release(force=True)
            each.set_num_threads(number)
            release(force=True)
        self._now = number

    def enter(self) -> None:
        """Begin to compute in this thread of Python."""
        with self._lock:
            if not self._holders:
                self._before = self._now = self.number()
            self._holders[get_ident()] = self._holders.get(get_ident(), 0) + 1

    def leave(self) -> None:
        """End what `enter` began; put the number of threads back when nobody computes."""
        with self._lock:
            depth = self._holders.pop(get_ident())
            if depth > 1:
                self._holders[get_ident()] = depth - 1
            elif not self._holders and self._now != self._before and self.number() == self._now:
                self._set(self._before)

    def use(self, number: int, *, most: int | None = None) -> int:
        """Set the number of threads for the next products; return what they take.

        That is one where several threads of Python compute, or where `number` is more than `most`,
        which is by default what NumPy would take.
        """
        with self._lock:
            found = self.number()
            if found != self._now:  # the caller has set it
                self._before = self._now = found
            if not self.is_alone or number > (self._before if most is None else most):
                number = 1
            if number != found:
                self._set(number)
            return number


_POOL = _Pool()


@contextmanager
def held() -> Iterator[None]:
    """Keep the number of threads that is set within this block until its end.

    It makes many steps cheaper. No text may be given to a caller in between, as by a generator,
    for the caller's own products would have that number.
    """
    _POOL.enter()
    try:
        yield
    finally:
        _POOL.leave()


@contextmanager
def one_thread() -> Iterator[None]:
    """Take one thread for the products within this block."""
    with held():
        _POOL.use(1)
        yield


def cores() -> int:
    """Return how many processor cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


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
        self, kernels: Sequence[Floats], dense_kernel: Floats, number: int | None = None
    ) -> None:
        ComputingConfig(threads=number)
        if number is not None and not _POOL.can_be_set:
            raise SettingError(
                "threads cannot be set: threadpoolctl does not know the library that NumPy "
                "multiplies with here. Leave the setting out.",
                setting="threads",
            )
        self._number = number
        self._products = [partial(np.dot, b=kernel) for kernel in kernels]
        self._dense_kernel = dense_kernel
        self._steps: dict[tuple[int, bool], Steps] = {}

    def steps(self, rows: int, *, logits: bool) -> "Steps":
        """Return what runs steps of `rows` texts, with the logits or without."""
        key = rows, logits
        if key not in self._steps:
            operations: list[tuple[Callable[[Floats], Floats], int]]
            operations = [(each, len(each.keywords["b"])) for each in self._products]
            if logits:
                operations.append((lambda x: x @ self._dense_kernel, len(self._dense_kernel)))
            self._steps[key] = Steps(operations, rows, self._number)
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
        self._most = None if number is None else min(number, cores())
        self._ladder: tuple[int, ...] = (1,)
        if number is None:
            self._ladder = tuple(2**place for place in range(cores().bit_length()))
        self._place = 0  # on the ladder
        self._fewer = [0.0] * len(self._ladder)  # seconds of a step with fewer threads, by place
        self._known = 1  # so many places of the ladder have the same bits
        self._is_climbing = False
        self._worked = 0.0  # seconds, in all steps
        self._until = 0.0  # so much work must be done before the next round of measurements
        self._begin(0)

    def run(self, step: Callable[[Ids], Floats], ids: Ids) -> Floats:
        """Take one step, with as many threads as are best."""
        _POOL.enter()
        try:
            if self._most is not None:
                self._settle_fixed(self._most)
            number = self._ladder[self._place]
            is_measured = len(self._ladder) > 1 and _POOL.is_alone
            is_measured &= _POOL.use(number, most=self._fixed) == number
            started = perf_counter()
            result = step(ids)
            if is_measured:
                self._measure(perf_counter() - started)
            return result
        finally:
            _POOL.leave()

    def _settle_fixed(self, number: int) -> None:
        """Take a fixed number, or one thread if it would change bits, from here on."""
        if number == 1 or not _POOL.is_alone:
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
                _POOL.use(1)
                expected = product(x)
                if _POOL.use(number, most=self._fixed) != number or perf_counter() > deadline:
                    return None
                if not np.array_equal(product(x), expected):
                    return False
        return True
