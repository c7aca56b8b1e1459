"""Write folders so that they appear whole or not at all."""

import glob
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from chargen.storage.atomic import (
    MAX_NAME,
    flush_folder,
    flush_folder_of,
    shown,
    storage_errors,
    temporary_name,
)

_KEPT = "; what was there is untouched"


@contextmanager
def new_folder(path: str | Path) -> Iterator[Path]:
    """Give an empty folder to fill, which becomes `path` at the end of a `with` block.

    It is filled beside `path`, flushed to disk, then renamed. A folder that was at `path` before is
    moved aside for that, and removed at last. If the block fails, nothing has happened.

    Raises:
        StorageError: if it cannot be written; what was at `path` before is untouched.
    """
    path = Path(path)
    problem = f"{shown(path)} could not be written"
    with storage_errors(problem, _KEPT):
        place = Path(os.path.realpath(path))
        place.parent.mkdir(parents=True, exist_ok=True)
        _remove_leftovers(place)
        temporary = temporary_name(place)
        temporary.mkdir()
    try:
        with _in_use(temporary):
            try:
                yield temporary
                _flush(temporary)
            except OSError as error:
                with storage_errors(problem, _KEPT):
                    raise error from None
        with storage_errors(problem, _KEPT):
            _put_in_place(temporary, place)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    flush_folder_of(place)


def _flush(folder: Path) -> None:
    """Flush all that is in a folder to disk."""
    for inner, _, names in os.walk(folder):
        for name in names:
            with (Path(inner) / name).open("rb+") as file:
                os.fsync(file.fileno())
        flush_folder(Path(inner))


def _put_in_place(new: Path, place: Path) -> None:
    """Rename a folder to `place`; one that is there goes, or comes back if that fails."""
    if not os.path.lexists(place):
        new.rename(place)
        return
    aside = temporary_name(place)
    place.rename(aside)
    try:
        new.rename(place)
    except OSError:
        aside.rename(place)
        raise
    shutil.rmtree(aside, ignore_errors=True)


@contextmanager
def _in_use(folder: Path) -> Iterator[None]:
    """Mark a folder as in use; the system ends this when the process does, even by a kill.

    Raises:
        OSError: if it is in use elsewhere.
    """
    if os.name == "nt":  # Windows opens no folder
        yield
        return
    import fcntl

    descriptor = os.open(folder, os.O_RDONLY | os.O_NOFOLLOW | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)


def _remove_leftovers(place: Path) -> None:
    """Remove temporary folders of `place` that killed processes left, if they can be removed."""
    for left in place.parent.glob(f".{glob.escape(place.name[:MAX_NAME])}.*.tmp"):
        with suppress(OSError), _in_use(left):
            shutil.rmtree(left)
