"""Say what a training would take and reach, from a few steps that are not kept."""

import math
import time
from collections.abc import Iterator
from itertools import count
from typing import TYPE_CHECKING

from chargen.checkpoint import weight_shapes
from chargen.training.cluster.scaling import advice
from chargen.training.verdicts import expectation
from chargen.wording import plain

if TYPE_CHECKING:
    from chargen.training.run import Run

_MEASURED = 8.0  # seconds of steps, after the first one, which compiles
_MIN_STEPS = 5
_WRITING = 0.5  # seconds, about, that an evaluation takes to save and write


def dry_run(run: "Run") -> Iterator[str]:
    """Yield lines on a run at its first step: its plan, the loss to expect, what would help.

    Its network learns a little on the way. Its folder is not touched.
    """
    run.planner.take_speed(_seconds_of_steps(run))
    state, config, minutes = run.state, run.config, run.config.minutes
    if minutes is None:
        steps = (config.epochs or 1) * run.streams.steps_per_epoch
    else:
        left = 60 * minutes - (time.monotonic() - run.started)
        steps = run.planner.steps(state, left=left, writing=_WRITING)
    state.total_steps = state.planned_steps = steps
    yield run.planner.describe(state)
    yield from run.planner.oddities(state)
    for name, before, now in run.planner.regularization(state, steps):
        yield f"{name} would be {plain(now)} instead of {plain(before)}, for so many passes."
    yield expectation(run, steps) or "Nobody knows which loss so short a training reaches."
    weights = sum(math.prod(shape) for shape in weight_shapes(run.model_config).values())
    yield from advice(rows=config.batch_size, seconds=run.planner.seconds, parameters=weights)


def _seconds_of_steps(run: "Run") -> list[float]:
    """Return how long steps take, without the first one."""
    taken: list[float] = []
    for number in count():
        began = time.monotonic()
        run.trainer.step(number, run.state.rate(number, run.config))
        if number:
            taken.append(time.monotonic() - began)
        if len(taken) >= _MIN_STEPS and sum(taken) >= _MEASURED:
            break
    return taken
