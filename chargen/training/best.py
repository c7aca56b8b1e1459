"""The best weights of a run, as its folder keeps them, and the loss that they are best by."""

from dataclasses import dataclass, replace
from pathlib import Path

from chargen.checkpoint import Checkpoint, weight_shapes
from chargen.generation.log_probs import bits
from chargen.storage.runs import MODEL_FILE
from chargen.training.history import Row
from chargen.training.run_state import RunState
from chargen.training.validation import ValidationLoss, Validator

_MIN_JUDGED = 200  # characters held out; by fewer, the better weights look better by chance only


@dataclass(frozen=True)
class BestWeights:
    """Judges weights by the held-out loss."""

    folder: Path  # of the run
    validator: Validator | None  # None if nothing is held out
    held_out: int  # characters

    @property
    def is_judged(self) -> bool:
        """Return whether enough is held out to tell which weights are better.

        If not, the last ones count as the best.
        """
        return self.held_out >= _MIN_JUDGED

    def load(self) -> Checkpoint:
        """Return the best weights so far."""
        return Checkpoint.load(self.folder / MODEL_FILE)

    def is_improved_by(self, row: Row, state: RunState, read: int) -> bool:
        """Return whether the weights of an evaluation are the best so far, and note it in `state`.

        `read` is how many characters the evaluation read.
        """
        if self.validator and state.best_loss is not None and state.best_read != read:
            # A run that goes on may read less or more.
            state.best_loss = self._measure(self.validator, self.load(), read).carried
            state.best_read = read
        best = not self.is_judged or row.carried is None or state.best_loss is None
        if row.carried is not None and state.best_loss is not None:
            best = best or row.carried < state.best_loss
        if best:
            state.best_loss, state.best_step, state.waited = row.carried, state.step, 0
            state.best_read = read
        else:
            state.waited += 1
        return best

    def measure_on_all(self, validator: Validator) -> str:
        """Measure the best weights on all that is held out; keep the loss and say it in a line."""
        best = self.load()
        losses = self._measure(validator, best)
        carried, windowed = losses.carried, losses.windowed
        origin = replace(best.origin, carried=carried, windowed=windowed)
        replace(best, origin=origin).save(self.folder / MODEL_FILE)
        return (
            f"The best weights, on all that is held out: {carried:.4f} carried, "
            f"{windowed:.4f} windowed, {bits(carried):.3f} bits/char."
        )

    @staticmethod
    def _measure(
        validator: Validator, best: Checkpoint, characters: int | None = None
    ) -> ValidationLoss:
        """Return the loss of the best weights on so many characters held out, or on all."""
        return validator([best.weights[name] for name in weight_shapes(best.config)], characters)
