"""Run folders: where runs are kept, which checkpoint a name means, and their locks."""

import os.path
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

from chargen.errors import CheckpointError, RunError
from chargen.storage.atomic import storage_errors

MODEL_FILE = "model.safetensors"
RESUME_FILE = "resume.safetensors"
ROLLBACK_FILE = "rollback.safetensors"
RUNS_FOLDER = Path("checkpoints")
BUNDLED = "bundled"
_LOCK_FILE = ".lock"
_MAX_LISTED = 5  # runs in a message


def run_folder(name: str | Path) -> Path:
    """Return a run's folder: checkpoints/`name`, or `name` itself if it is a path or has a run.

    Raises:
        RunError: if the name is empty.
    """
    path = Path(name)
    if str(name) and path.name in ("", ".."):  # ".", which means the folder where we are, or above
        path = Path(os.path.realpath(path))
    if not str(name) or not path.name:
        raise RunError(f"A run needs a name of its own; received {str(name)!r}.")
    return path if _is_path(name) or holds_run(path) else RUNS_FOLDER / path


def _is_path(name: str | Path) -> bool:
    """Return whether a run's name is a path: it has a folder in it, as in ./name, or is one."""
    separators = filter(None, (os.sep, os.altsep))
    return str(name) in (os.curdir, os.pardir) or any(each in str(name) for each in separators)


def holds_run(folder: Path) -> bool:
    """Return whether there is a run in `folder`."""
    return os.path.exists(folder / MODEL_FILE) or os.path.exists(folder / RESUME_FILE)


def find_checkpoint(path: str | Path | None = None) -> Path:
    """Return the file or folder that `path` means.

    Args:
        path: a file, a folder with a run, or the name of a run under checkpoints/, beside which
            there may well be a folder of texts of that name; "bundled" also means the model
            that comes with chargen. None means the run there whose model was written last, else
            the model that comes with chargen.

    Raises:
        CheckpointError: if there is no such thing; the message names the newest runs.
    """
    if path is not None:
        if os.path.isfile(path) or holds_run(Path(path)):
            return Path(path)
        if not _is_path(path) and os.path.exists(named := RUNS_FOLDER / path):
            return named
        if os.path.exists(path):
            return Path(path)
        if str(path) == BUNDLED:
            return bundled_checkpoint()
        newest = run_names()[:_MAX_LISTED]
        raise CheckpointError(
            f"There is no checkpoint {path}; try {', '.join([*newest, BUNDLED])}."
        )
    return next(iter(_models()), bundled_checkpoint())


def model_name(path: Path) -> str:
    """Return the shortest name, for -m, of a file or folder that `find_checkpoint` gave."""
    folder = path.parent if path.name == MODEL_FILE else path
    if folder == bundled_checkpoint().parent:
        return BUNDLED
    return folder.name if folder.parent == RUNS_FOLDER else str(path)


def run_names() -> list[str]:
    """Return the names of the runs under checkpoints/, the newest first."""
    return [each.name for each in run_folders()]


def run_folders(folder: Path = RUNS_FOLDER) -> list[Path]:
    """Return the runs in a folder, the newest first; not the bundled one under checkpoints/."""
    return [each.parent for each in _models(folder)]


def named_run(name: str | Path) -> Path:
    """Return the folder of a run that exists.

    Raises:
        RunError: if there is none of that name; the message names the newest.
    """
    folder = run_folder(name)
    if holds_run(folder):
        return folder
    if str(name) == BUNDLED:
        raise RunError(
            "bundled is a model that comes with chargen, without the rest of its run; "
            "`chargen train TEXT --from bundled` trains it on."
        )
    newest = run_names()[:_MAX_LISTED]
    way_out = f"try {', '.join(newest)}" if newest else "`chargen train TEXT` makes one"
    raise RunError(f"There is no run {name}; {way_out}.")


def _models(folder: Path = RUNS_FOLDER) -> list[Path]:
    """Return the models of runs in a folder, the newest first, without the bundled one."""
    bundled = RUNS_FOLDER / BUNDLED
    models = [each for each in folder.glob(f"*/{MODEL_FILE}") if each.parent != bundled]
    return sorted(models, key=_written, reverse=True)


def _written(path: Path) -> float:
    """Return when a file was written, in seconds; 0 if it is gone or cannot be reached."""
    try:
        return path.stat().st_mtime
    except OSError:
        return 0


def bundled_checkpoint() -> Path:
    """Return the model that comes with chargen, in the installed package or the source tree."""
    package = Path(__file__).parents[1]
    installed = package / "bundled" / MODEL_FILE
    return installed if installed.exists() else package.parent / RUNS_FOLDER / BUNDLED / MODEL_FILE


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the run's lock; the system releases it when the process ends, even when it is killed.

    Folders that are made for it are removed again if nothing is put there.

    Raises:
        RunError: if another process trains in this folder.
        StorageError: if the folder cannot be written.
    """
    new = [each for each in (folder, *folder.parents) if not os.path.exists(each)]
    try:
        with storage_errors(f"{folder} cannot hold a run"):
            folder.mkdir(parents=True, exist_ok=True)
            lock = acquire(
                folder / _LOCK_FILE,
                f"Another process is training in {folder}; wait for it, or choose another --name.",
            )
        with lock:
            try:
                yield
            finally:
                _remove_lock(folder, new)
    finally:
        for each in new:
            with suppress(OSError, ValueError):  # it is not empty, or was not made
                each.rmdir()


def _remove_lock(folder: Path, new: list[Path]) -> None:
    """Remove the lock of a folder that is new, if there is nothing else."""
    with suppress(OSError):
        if folder in new and [each.name for each in folder.iterdir()] == [_LOCK_FILE]:
            (folder / _LOCK_FILE).unlink()


def is_locked(folder: Path) -> bool:
    """Return whether a process trains in a run's folder."""
    lock = folder / _LOCK_FILE
    if not lock.exists():
        return False
    try:
        with acquire(lock, ""):
            return False
    except RunError:
        return True
    except OSError:  # it is somebody else's; who trains there is not to be known
        return False


def acquire(path: Path, busy: str) -> AbstractContextManager[object]:
    """Lock a file; raise RunError with the message `busy` if another process has it locked.

    Returns:
        The lock, which is released at the end of a `with` block on it.
    """
    from filelock import FileLock, Timeout

    try:
        return FileLock(path).acquire(timeout=0)
    except Timeout:
        raise RunError(busy) from None
