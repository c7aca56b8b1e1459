"""What to say of a run that is there already, that has finished, or that cannot be continued."""

import os.path
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from chargen.errors import CheckpointError, RunError
from chargen.shell import command
from chargen.storage.arrays import read_arrays
from chargen.storage.runs import RESUME_FILE, holds_run

if TYPE_CHECKING:
    from chargen.training.report import Reporter


def refuse_to_replace(folder: Path, overwrite: bool) -> None:
    """Raise RunError if the folder holds a run and is not to be overwritten.

    One that was stopped before its first step may always be replaced: there is nothing to lose.
    """
    if overwrite or not holds_run(folder):
        return
    way = f"continue it (--resume, or {command('resume', folder)})"
    if os.path.exists(path := folder / RESUME_FILE):
        with suppress(CheckpointError, LookupError, TypeError):
            if read_arrays(path)[1]["state"]["step"] == 0:
                return
    else:
        way = "chargen resume cannot continue it, as its resume.safetensors is gone"
    raise RunError(
        f"{folder} already holds a run; {way}; choose another --name, or replace it with "
        "--overwrite."
    )


def nothing_to_resume(folder: Path) -> str:
    """Return what to say where there is no run to continue."""
    if holds_run(folder):
        return (
            f"{folder} holds a trained model, but not what resuming needs ({RESUME_FILE}); train a "
            f"new run from it, with {command('train', 'CORPUS', '--from', folder, '--name', 'NEW')}"
            "."
        )
    return f"There is no checkpoint {folder / RESUME_FILE}."


def tell_finished(folder: Path, why: str, reporter: "Reporter | None") -> None:
    """Say that a run has finished, and how to go on from it."""
    from chargen.training.report import Terminal

    reporter = reporter if reporter is not None else Terminal()
    reporter.say(
        f"This run has already finished: {why}. To train it for longer: "
        f"{command('resume', folder, '--minutes', '10')}. To begin a new run with its weights: "
        f"{command('train', 'CORPUS', '--from', folder, '--name', 'NEW')}."
    )
    reporter.close()
