"""Write files so that a crash leaves the old content or the new, and never a part of either."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from chargen.errors import StorageError

_REASONS = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EROFS: "the disk is read-only",
    errno.EACCES: "permission denied",
}


@contextmanager
def storage_errors(problem: str, advice: str = "") -> Iterator[None]:
    """Raise StorageError for an error of the system: the problem, the reason, the advice."""
    try:
        yield
    except OSError as error:
        reason = _REASONS.get(error.errno or 0, error.strerror or str(error))
        raise StorageError(f"{problem}: {reason}{advice}.") from None


def write_atomically(path: str | Path, data: bytes) -> None:
    """Replace the content of `path` by `data`.

    A temporary file beside it is written, flushed to disk, then renamed. Its name is fixed, so that
    one left by a killed process is used again. A pipe or a device is written to directly.

    Raises:
        StorageError: if writing failed; what was at `path` before is untouched. Only if the folder
            cannot be flushed, the new content is at `path` already, and the message says so.
    """
    path = Path(path)
    problem = f"{path} could not be written"
    is_device = os.path.exists(path) and not os.path.isfile(path) and not os.path.isdir(path)
    if is_device:  # or a pipe: it must stay what it is
        with storage_errors(problem):
            path.write_bytes(data)
        return
    temporary = path.with_name(f".{path.name}.tmp")
    with storage_errors(problem, "; what was there is untouched"):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with temporary.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        except OSError:
            temporary.unlink(missing_ok=True)
            raise
    with storage_errors(
        f"{path} is written, but its folder could not be flushed to disk",
        "; a power cut may bring back what was there before",
    ):
        _sync_folder(path.parent)


def remove(path: Path) -> None:
    """Remove a file, if it is there.

    Raises:
        StorageError: if it cannot be removed.
    """
    with storage_errors(f"{path} could not be removed"):
        path.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    """Flush the folder's entries, so that the rename itself survives a power cut."""
    if os.name == "nt":  # Windows cannot open a folder for this
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno != errno.EINVAL:  # some network file systems cannot, and need not
            raise
    finally:
        os.close(descriptor)
