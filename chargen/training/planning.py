"""How a run plans its steps, by its speed or its epochs, and takes the regularization for them."""

import time
from typing import TYPE_CHECKING

from chargen.config.base import check
from chargen.training.excerpt import write_excerpt
from chargen.training.run_state import MAX_STEPS
from chargen.training.verdicts import expectation
from chargen.wording import count, plain

if TYPE_CHECKING:
    from chargen.training.run import Run

_MAX_REGULARIZED = 3  # times, where each measurement of the speed says otherwise


def plan_epochs(run: "Run", epochs: int) -> None:
    """Plan for so many epochs; the speed need not be known.

    Raises:
        SettingError: if they have more steps than can be counted.
    """
    steps_per_epoch = run.streams.steps_per_epoch
    steps = epochs * steps_per_epoch
    most = (MAX_STEPS - 1 - run.state.first_step) // steps_per_epoch
    check("epochs", epochs, epochs <= most, f"at most {most:,} for a text of this length")
    _regularize(run, steps)  # a run that goes on makes more passes than before
    _fix_total(run, steps)


def plan_minutes(run: "Run") -> None:
    """Plan by the speed, once it is known, and say both."""
    state, minutes = run.state, run.config.minutes
    if state.total_steps is None and minutes is not None:
        writing = _writing_seconds(run)
        left = 60 * minutes - (time.monotonic() - run.started)
        steps = run.planner.steps(state, left=left, writing=writing)
        if run.times_regularized < _MAX_REGULARIZED and _regularize(run, steps):
            return  # which may have changed the speed, so that it is measured again
        _fix_total(run, steps)
        run.save(keep=True)  # what goes back or goes on from now on must know the plan
    run.reporter.say(run.planner.describe(state))
    if expected := expectation(run, state.total_steps or 0):
        run.reporter.say(expected)


def _writing_seconds(run: "Run") -> float:
    """Return how long an evaluation takes to save, as the last save did, and to write."""
    began = time.monotonic()
    write_excerpt(run.checkpoint(), 0, seed=0)
    return run.save_seconds + time.monotonic() - began


def _regularize(run: "Run", steps: int) -> bool:
    """Take the regularization for a schedule of so many steps; return whether it is another.

    The weights, and all else that a step changes, stay as they are; but another optimizer begins
    anew.
    """
    changes = run.planner.regularization(run.state, steps)
    if not changes:
        return False
    run.times_regularized += 1
    before = run.snapshot()
    run.run_config = run.run_config.changed({name: now for name, _, now in changes})
    run.build_trainer()
    run.restore(before)
    passes = run.planner.passes(run.state.first_step + steps)
    words = (f"{name} {plain(now)} instead of {plain(old)}" for name, old, now in changes)
    run.reporter.say(f"For {count(passes, 'pass', 'passes')}: {', '.join(words)}.")
    return True


def _fix_total(run: "Run", steps: int) -> None:
    """Plan for so many steps from the beginning of the schedule; say what is odd about them."""
    run.state.total_steps = run.state.planned_steps = run.state.first_step + steps
    if len(run.held_out) and not run.best.is_judged:
        run.reporter.say(
            f"Only {len(run.held_out):,} characters are held out, too few to judge by: the last "
            "weights are kept."
        )
    for line in run.planner.oddities(run.state):
        run.reporter.say(line)
