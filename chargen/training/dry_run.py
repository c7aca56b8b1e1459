"""Say what a training would take and reach, from a few steps that are not kept."""

import time
from collections.abc import Iterator
from itertools import count
from typing import TYPE_CHECKING

from chargen.training.schedule import WRITING_COST

if TYPE_CHECKING:
    from chargen.training.run import Run

_MEASURED = 8.0  # seconds of steps, after the first one, which compiles
_MIN_STEPS = 5


def dry_run(run: "Run") -> Iterator[str]:
    """Yield lines on a run at its first step: its speed, its plan and its result.

    The run's network is spoilt by it. Its folder is not touched.
    """
    seconds = _seconds_of_steps(run)
    yield from _plan(run, seconds)


def _seconds_of_steps(run: "Run") -> list[float]:
    """Return how long steps take, without the first one."""
    taken: list[float] = []
    for number in count():
        began = time.monotonic()
        run.trainer.step(number, run.config.learning_rate)
        if number:
            taken.append(time.monotonic() - began)
        if len(taken) >= _MIN_STEPS and sum(taken) >= _MEASURED:
            return taken
    raise AssertionError
