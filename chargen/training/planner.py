"""The plan of a run: its speed, the steps that its minutes hold, and what suits so many."""

import math
import statistics
from collections.abc import Iterator, Sequence
from typing import Any

from chargen.config import RunConfig, TrainingConfig
from chargen.config.presets import regularization, useful_passes
from chargen.training.run_state import RunState
from chargen.training.schedule import Evaluations, evaluations
from chargen.training.validation import Validator
from chargen.wording import count, time_left

_MEASURING_SHARE = 0.04  # of the minutes given goes by before the number of steps is fixed
_MEASURING_STEPS = 5  # and at least so many steps, of which the first, which compiles, is left out
_SAVING_SHARE = 0.01  # of the time is left for saves
# At most this share of the time is left for evaluations. They are planned for 5% of the arithmetic:
# a measurement of far more was disturbed by another program.
_MAX_EVALUATING_SHARE = 0.2
_PACE = ("batch_size", "seq_length", "learning_rate")


class Planner:
    """Measures how fast a run steps, and plans by it.

    Args:
        config: the run's settings.
        steps_per_epoch: how many steps read the training part once.
        held_out: how many characters are held out.
        validator: what evaluates, if there are any.
    """

    def __init__(
        self,
        config: RunConfig,
        *,
        steps_per_epoch: int,
        held_out: int,
        validator: Validator | None,
    ) -> None:
        self._config, self._training = config, config.training
        self._steps_per_epoch, self._held_out = steps_per_epoch, held_out
        self._validator = validator
        self._taken: list[float] = []  # seconds of each step until the speed is known
        self._seconds = 0.0  # of a step, once it is known

    def _useful_steps(self, state: RunState) -> float:
        """Return how many steps make as many passes as are good for the text.

        Infinitely many where the pace of learning, or the regularization, is not the preset's: that
        was not measured.
        """
        if not {*_PACE, *self._suitable(0)} <= set(state.chosen):
            return math.inf
        return math.ceil(useful_passes(self._characters) * self._steps_per_epoch)

    @property
    def _characters(self) -> int:
        """Return how many characters are read in each pass."""
        return self._steps_per_epoch * self._training.batch_size * self._training.seq_length

    def _suitable(self, steps: int) -> dict[str, Any]:
        """Return the regularization for so many steps, with the names of the settings."""
        model = self._config.model
        return regularization(self.passes(steps), self._characters, model.units, model.cell)

    @property
    def seconds(self) -> float:
        """How long a step takes; it must be known."""
        return self._seconds

    @property
    def _speed(self) -> float:
        """Return how many characters are learned in a second; it must be known."""
        return self._training.batch_size * self._training.seq_length / self._seconds

    def passes(self, steps: int) -> float:
        """Return how often so many steps read the training part."""
        return steps / self._steps_per_epoch

    def is_measured_by(self, seconds: float) -> bool:
        """Take note of how long a step took; return whether the speed is known now, by this one."""
        if self._seconds:
            return False
        self._taken.append(seconds)
        # Of a short text, no evaluation is to come later than after about a pass.
        enough = sum(self._taken) >= _MEASURING_SHARE * 60 * (self._training.minutes or 1)
        enough = enough or len(self._taken) >= self._steps_per_epoch
        if len(self._taken) < _MEASURING_STEPS or not enough:
            return False
        self.take_speed(self._taken[1:])
        return True

    def take_speed(self, taken: Sequence[float]) -> None:
        """Take the speed from the seconds of some steps."""
        self._seconds = statistics.median(taken)

    def steps(self, state: RunState, *, left: float, writing: float) -> int:
        """Return how many steps from the beginning of the schedule on fit into the time.

        How dear an evaluation is goes into `state`, so that a run that is resumed has the same.

        Args:
            state: where the run is.
            left: the seconds that are left.
            writing: the seconds that an evaluation takes to save and write.
        """
        left = max(0.0, left - _SAVING_SHARE * 60 * (self._training.minutes or 0))
        state.writing_cost = writing * self._speed
        done = state.step - state.first_step
        steps = done + max(1, int(left / self._seconds))
        if self._validator is not None:
            sizes = self._steps_per_epoch, self._training, self._held_out
            plan = evaluations(steps, *sizes, state.writing_cost)
            spent = len(plan.steps) * (self._validator.seconds(plan.characters) + writing)
            if plan.characters < self._held_out:
                spent += self._validator.seconds()
            steps -= int(min(spent, _MAX_EVALUATING_SHARE * left) / self._seconds)
        if steps > self._useful_steps(state):
            # There is time to spare. So no clock has a say, and more minutes give the same weights.
            steps, state.writing_cost = int(self._useful_steps(state)), 0.0
        return max(done + 1, steps)

    def regularization(self, state: RunState, steps: int) -> list[tuple[str, Any, Any]]:
        """Return what should change for so many steps of a schedule: name, old, new.

        Of the settings that the preset chose.
        """
        suitable = self._suitable(state.first_step + steps)
        chosen = {name: rate for name, rate in suitable.items() if name in state.chosen}
        return list(self._config.differences(chosen))

    def evaluations(self, state: RunState) -> Evaluations:
        """Return when to evaluate; the steps must be fixed."""
        return state.evaluations(self._training, self._steps_per_epoch, self._held_out)

    def oddities(self, state: RunState) -> Iterator[str]:
        """Yield a line on each thing that is odd about the plan."""
        steps, minutes = (state.total_steps or 0) - state.first_step, self._training.minutes
        if minutes is not None and self._useful_steps(state) <= steps:
            yield (
                f"{count(self.passes(steps), 'pass', 'passes')} are enough for a text of this "
                f"length; they need less than {count(minutes, 'minute')}."
            )
        plan = self.evaluations(state)
        number, asked = len(plan.steps), plan.asked
        if asked > TrainingConfig().max_evaluations and number < asked:
            yield (f"{asked:,} evaluations would take too much of the time; there are {number:,}.")

    def describe(self, state: RunState) -> str:
        """Return a line that says the speed and the plan."""
        total = state.total_steps or 0
        return (
            f"{count(self._speed, 'character')} per second: {count(total, 'step')}, "
            f"{count(self.passes(total), 'epoch')}, "
            f"{time_left((total - state.step) * self._seconds)} of training to go."
        )
