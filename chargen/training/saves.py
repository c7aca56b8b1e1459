"""The saves of a run: the last one, to resume from, and the last proven one, to go back to."""

from pathlib import Path

from chargen.storage.atomic import link_atomically, remove
from chargen.storage.runs import RESUME_FILE, ROLLBACK_FILE
from chargen.training.run_state import RunState
from chargen.training.saved_run import SavedRun


class Saves:
    """Writes them.

    A save that is kept is proven well by the step after it, whose loss is that of the saved
    weights. Until then, the one before stays the one to go back to.

    Args:
        folder: the run's.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / RESUME_FILE
        self._kept = folder / ROLLBACK_FILE
        self._is_unproven = False

    def begin(self, state: RunState) -> None:
        """Take the first save of a process for one to go back to, if it can be."""
        if state.step == state.first_step:
            link_atomically(self.path, self._kept)
        else:
            self._is_unproven = state.step == state.kept_step

    def write(self, saved: SavedRun, *, keep: bool) -> None:
        """Write a save, and keep it if the next step proves it well.

        Raises:
            StorageError: if it cannot be written; the one before is whole.
        """
        if keep:
            saved.state.kept_step, self._is_unproven = saved.state.step, True
        saved.save(self.path)

    def prove(self) -> None:
        """Say that a step had a sound loss."""
        if self._is_unproven:
            link_atomically(self.path, self._kept)
            self._is_unproven = False

    def back(self) -> SavedRun:
        """Return the last save that was proven."""
        self._is_unproven = False  # nothing newer is to be kept until the next
        return SavedRun.load(self._kept)

    def end(self) -> None:
        """Remove what nobody goes back to any more."""
        remove(self._kept)
