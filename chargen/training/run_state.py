"""How far a run has come: all that it keeps beside its arrays."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from chargen.training.history import Row


@dataclass
class RunState:
    """What a run must remember, beside its arrays, to continue where it was."""

    step: int = 0  # the next step to take; that many are done
    total_steps: int | None = None  # None until the machine's speed is known
    evaluation_steps: int | None = None  # from one evaluation to the next, likewise
    rate_factor: float = 1.0  # the learning rate is multiplied by it; halved by each rollback
    rollbacks: int = 0  # times that the loss broke and the run went back
    loss_sum: float = 0.0  # training loss since the last evaluation, summed
    loss_count: int = 0  # and over how many steps
    best_loss: float | None = None  # the lowest held-out loss, carried; None if nothing is held out
    best_step: int = 0  # and where it was
    waited: int = 0  # evaluations since then
    finished: str = ""  # why the run ended, once it has
    rows: list[Row] = field(default_factory=list)  # the evaluations so far

    def to_json(self) -> dict[str, Any]:
        """Return the state as plain values."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Return the state that `to_json` wrote."""
        rows = [Row(**row) for row in values["rows"]]
        return cls(**{**values, "rows": rows})
