"""The threads of NumPy's BLAS, whose number belongs to the process, not to a thread of Python.

Therefore:

- It is set only while a network computes (`held`), and put back afterwards.
- While several threads of Python compute, all take one thread of BLAS.
- What a caller multiplies with NumPy in another thread at that time has the same number. If the
  caller sets one there meanwhile, that is what is put back.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from threading import Lock, get_ident
from typing import Any

import numpy as np


class Pool:
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

    @property
    def taken(self) -> int:
        """The number of threads that was set last."""
        return self._now

    def number(self) -> int:
        """Return the number of threads that a product takes now."""
        return max([each.get_num_threads() for each in self._libraries], default=1)

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


POOL = Pool()


@contextmanager
def held() -> Iterator[None]:
    """Keep the number of threads that is set within this block until its end.

    It makes many steps cheaper. No text may be given to a caller in between, as by a generator,
    for the caller's own products would have that number.
    """
    POOL.enter()
    try:
        yield
    finally:
        POOL.leave()


@contextmanager
def one_thread() -> Iterator[None]:
    """Take one thread for the products within this block."""
    with held():
        POOL.use(1)
        yield
