"""Where runs are kept, and which checkpoint a name means."""

import os.path
from pathlib import Path

from chargen.checkpoint import MODEL_FILE, RESUME_FILE
from chargen.errors import RunError

RUNS_FOLDER = Path("checkpoints")
BUNDLED = "bundled"


def run_folder(name: str | Path) -> Path:
    """Where a run is kept: checkpoints/`name`, or just `name` if that is a path, or has a run.

    Raises:
        RunError: if the name is empty.
    """
    path = Path(name)
    if path.name in ("", ".."):
        raise RunError(f"A run needs a name of its own; received {str(name)!r}.")
    return path if len(path.parts) > 1 or holds_run(path) else RUNS_FOLDER / path


def holds_run(folder: Path) -> bool:
    """Whether there is a run in `folder`."""
    return os.path.exists(folder / MODEL_FILE) or os.path.exists(folder / RESUME_FILE)


def find_checkpoint(path: str | Path | None = None) -> Path:
    """The file or folder that `path` means.

    Args:
        path: a file, a folder with a run, or the name of a run under checkpoints/, beside which
            there may well be a folder of texts of that name. None means the run there whose
            model was written last, else the model that comes with chargen.
    """
    if path is not None:
        named = RUNS_FOLDER / path
        is_model = os.path.isfile(path) or holds_run(Path(path))
        return named if not is_model and os.path.exists(named) else Path(path)
    models = [each for each in RUNS_FOLDER.glob(f"*/{MODEL_FILE}") if each.parent.name != BUNDLED]
    return max(models, key=lambda each: each.stat().st_mtime, default=bundled_checkpoint())


def bundled_checkpoint() -> Path:
    """The model that comes with chargen: inside the installed package, else in the source tree."""
    package = Path(__file__).parent
    installed = package / "bundled" / MODEL_FILE
    return installed if installed.exists() else package.parent / RUNS_FOLDER / BUNDLED / MODEL_FILE
