"""What a run must remember, beside its arrays, to continue where it was."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

from chargen.config import TrainingConfig
from chargen.config.arguments import check_fields
from chargen.config.base import check
from chargen.training.history import Row
from chargen.training.schedule import (
    WRITING_COST,
    Evaluations,
    dropout_factor,
    evaluations,
    learning_rate,
)

_COOLING_EVALUATIONS = 5
MAX_STEPS = 2**31  # as TensorFlow counts them


@dataclass
class RunState:
    """What a run must remember, beside its arrays, to continue where it was."""

    step: int = 0  # the next step to take; that many are done
    first_step: int = 0  # where the schedule begins; later than 0 once a finished run goes on
    optimizer_began: int = 0  # the step that its moments begin with; later once it was replaced
    total_steps: int | None = None  # None until the machine's speed is known
    planned_steps: int | None = None  # the same, before the rate began to fall early
    writing_cost: float = WRITING_COST  # of an evaluation, in characters that could be learned
    chosen: list[str] = field(default_factory=list)  # settings left to the preset
    cooling: tuple[int, float] | None = None  # where it did, and the rate that it falls from
    rate_factor: float = 1.0  # the learning rate is multiplied by it; halved by each rollback
    rollbacks: int = 0  # times that the loss diverged and the run went back
    kept_step: int = 0  # the last step that a run can go back to, if the step after it was well
    lowest_loss: float | None = None  # of any training step; None before the first
    loss_sum: float = 0.0  # training loss since the last evaluation, summed
    loss_count: int = 0  # and over how many steps
    best_loss: float | None = None  # the lowest held-out loss, carried; None if nothing is held out
    best_step: int = 0  # and where it was
    best_read: int = 0  # and on how many characters held out
    waited: int = 0  # evaluations since then
    finished: str = ""  # why the run ended, once it has
    seconds: float = 0.0  # that the run has taken, interruptions left out
    command: str | None = None  # the command line that began it
    rows: list[Row] = field(default_factory=list)  # the evaluations so far

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Return the state whose `asdict` was kept as JSON.

        Raises:
            KeyError, TypeError, SettingError: if a field is missing, or none of its kind.
        """
        cooling = values["cooling"] and tuple(values["cooling"])
        rows = [Row(**row) for row in values["rows"]]
        state = cls(**{**values, "cooling": cooling, "rows": rows})
        check_fields(state)
        state.check_steps()
        return state

    def check_steps(self) -> None:
        """Raise SettingError for steps that are in no order, or beyond what TensorFlow counts."""
        total = self.step if self.total_steps is None else self.total_steps
        planned = total if self.planned_steps is None else self.planned_steps
        is_possible = max(self.step, total, planned) < MAX_STEPS
        check("step", self.step, is_possible, f"fewer than {MAX_STEPS:,}, planned ones too")
        since = self.cooling[0] if self.cooling else 0
        for name in ("first_step", "optimizer_began", "kept_step", "loss_count"):
            value = getattr(self, name)
            check(name, value, value <= self.step, f"at most step, which is {self.step:,}")
        latest = f"a step of at most {self.step:,}, and a rate"
        check("cooling", self.cooling, since <= self.step, latest)
        check("rate_factor", self.rate_factor, 0 < self.rate_factor <= 1, "above 0, and 1 at most")

    def going_on(self) -> Self:
        """Return the state of a run that begins a new schedule at its last step."""
        return replace(
            self,
            first_step=self.step,
            total_steps=None,
            planned_steps=None,
            cooling=None,
            rollbacks=0,
            kept_step=self.step,
            waited=0,
            finished="",
        )

    def after_rollback(self, before: Self) -> Self:
        """Return this earlier state as it goes on after a later one, `before`, diverged."""
        return replace(
            self,
            rollbacks=before.rollbacks + 1,
            rate_factor=before.rate_factor / 2,
            total_steps=self.total_steps or before.planned_steps,  # the plan may be younger
            planned_steps=before.planned_steps,
            writing_cost=before.writing_cost,
            best_loss=before.best_loss,  # which is that of the model's file
            best_step=before.best_step,
        )

    def rate(self, step: int, config: TrainingConfig) -> float:
        """Return the learning rate of a step, before rollbacks."""
        first = self.first_step
        total = None if self.total_steps is None else self.total_steps - first
        cooling = self.cooling and (self.cooling[0] - first, self.cooling[1])
        return learning_rate(step - first, total, config, cooling)

    def dropout_factor(self, step: int, config: TrainingConfig) -> float:
        """Return what the dropout rates of a step are multiplied by.

        A run that goes on has read the text already, so there it is 1.
        """
        return 1.0 if self.first_step else dropout_factor(step, self.planned_steps, config)

    def evaluations(
        self, config: TrainingConfig, steps_per_epoch: int, held_out: int
    ) -> Evaluations:
        """Return when to evaluate on so many characters held out; the steps must be fixed."""
        first = self.first_step
        planned = (self.planned_steps or first + 1) - first
        plan = evaluations(planned, steps_per_epoch, config, held_out, self.writing_cost)
        if self.cooling is None or self.total_steps is None:
            return replace(plan, steps=frozenset(first + step for step in plan.steps))
        since, end = self.cooling[0], self.total_steps
        parts = range(1, _COOLING_EVALUATIONS + 1)
        steps = (since + math.ceil((end - since) * part / len(parts)) for part in parts)
        return replace(plan, steps=frozenset(steps))
