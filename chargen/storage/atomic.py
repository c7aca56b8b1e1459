"""Write files so that a crash leaves the old content or the new, and never a part of either."""

import errno
import os
from pathlib import Path

from chargen.errors import StorageError

_REASONS = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EROFS: "the disk is read-only",
    errno.EACCES: "permission denied",
}


def write_atomically(path: str | Path, data: bytes) -> None:
    """Replace the content of `path` by `data`.

    A temporary file beside it is written, flushed to disk, then renamed. Its name is fixed, so that
    one left by a killed process is used again. A pipe or a device is written to directly.

    Raises:
        StorageError: if writing failed; what was at `path` before is untouched. Only if the folder
            cannot be flushed, the new content is at `path` already, and the message says so.
    """
    path = Path(path)
    is_device = os.path.exists(path) and not os.path.isfile(path) and not os.path.isdir(path)
    if is_device:  # or a pipe: it must stay what it is
        _write_into(path, data)
        return
    temporary = path.with_name(f".{path.name}.tmp")
    try:
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
    except OSError as error:
        raise StorageError(
            f"{path} could not be written: {reason_of(error)}; what was there is untouched."
        ) from None
    try:
        _sync_folder(path.parent)
    except OSError as error:
        raise StorageError(
            f"{path} is written, but its folder could not be flushed to disk: {reason_of(error)}; "
            "a power cut may bring back what was there before."
        ) from None


def _write_into(path: Path, data: bytes) -> None:
    try:
        path.write_bytes(data)
    except OSError as error:
        raise StorageError(f"{path} could not be written: {reason_of(error)}.") from None


def remove(path: Path) -> None:
    """Remove a file, if it is there.

    Raises:
        StorageError: if it cannot be removed.
    """
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise StorageError(f"{path} could not be removed: {reason_of(error)}.") from None


def reason_of(error: OSError) -> str:
    """Return what went wrong, in words."""
    return _REASONS.get(error.errno or 0, error.strerror or str(error))


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
