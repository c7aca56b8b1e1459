"""Write files so that a crash leaves the old content or the new, and never a part of either."""

import errno
import glob
import os
import secrets
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from chargen.errors import StorageError
from chargen.storage.waiting import told

_REASONS = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EROFS: "the disk is read-only",
    errno.EACCES: "permission denied",
    errno.ENAMETOOLONG: "the name is too long",
}
MAX_NAME = 40  # characters of a file's name in that of its temporary file
_IN_USE = (5, 32)  # as Windows numbers errors: access denied, sharing violation
_WAITS = (0.01, 0.03, 0.1, 0.3, 0.6)  # seconds
_MAX_LINKS = 40  # to follow
_MAX_DIGITS = 7  # of an open file's number
_MAX_SHOWN = 160  # characters of a path in a message


@contextmanager
def storage_errors(problem: str, advice: str = "") -> Iterator[None]:
    """Raise StorageError for an error of the system: the problem, the reason, the advice."""
    try:
        yield
    except OSError as error:
        reason = _REASONS.get(error.errno or 0, error.strerror or str(error))
        raise StorageError(f"{problem}: {reason}{advice}.") from None
    except ValueError as error:  # a path that no system takes
        raise StorageError(f"{problem}: {error}.") from None


def write_atomically(path: str | Path, data: bytes) -> None:
    """Replace the content of `path` by `data`.

    A temporary file beside it is written, flushed to disk, then renamed; it has the permissions of
    the file that it replaces. A link stays one: what it leads to is replaced. A pipe, a device, or
    an open file such as /dev/stdout is written to directly.

    Raises:
        StorageError: if writing failed; what was at `path` before is untouched. Only if the folder
            cannot be flushed, the new content is at `path` already, and the message says so.
    """
    path = Path(path)
    problem = f"{shown(path)} could not be written"
    with storage_errors(problem):
        descriptor = _open_file(path)
        if descriptor is not None:
            _write_to(descriptor, data)
            return
        place = Path(os.path.realpath(path))
        if place.is_symlink():  # it leads to itself
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
    is_device = os.path.exists(place) and not os.path.isfile(place) and not os.path.isdir(place)
    if is_device:  # or a pipe: it must stay what it is
        wait = f"Waiting for somebody to read {shown(path)}, which is a pipe or a device."
        with storage_errors(problem), told(wait):
            place.write_bytes(data)
        return
    with storage_errors(problem, "; what was there is untouched"):
        place.parent.mkdir(parents=True, exist_ok=True)
        _remove_leftovers(place)
        temporary = temporary_name(place)
        try:
            with temporary.open("xb") as file:  # which follows no link, and opens nothing old
                with suppress(OSError):
                    _lock(file)
                with suppress(OSError):  # where nothing is replaced
                    temporary.chmod(place.stat().st_mode & 0o777)
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            _rename(temporary, place)
        except OSError:
            temporary.unlink(missing_ok=True)
            raise
    flush_folder_of(place)


def link_atomically(source: Path, path: Path) -> None:
    """Make `path` another name of the file `source`, or a copy where there can be no other name.

    Raises:
        StorageError: if it cannot be made; what was at `path` before is untouched.
    """
    with storage_errors(f"{shown(path)} could not be written"):
        _remove_leftovers(path)
        temporary = temporary_name(path)
        try:
            os.link(source, temporary)
        except OSError:  # this file system has no second names
            write_atomically(path, source.read_bytes())
            return
        _rename(temporary, path)
        temporary.unlink(missing_ok=True)  # which a rename leaves if it is `path` already
    flush_folder_of(path)


def _rename(temporary: Path, path: Path) -> None:
    """Rename a file to `path`.

    Windows replaces no file that somebody has open, such as a program that loads the model or one
    that looks for viruses. They soon close it, so that is waited for, for a second.
    """
    for wait in _WAITS:
        try:
            temporary.replace(path)
            return
        except PermissionError as error:
            if getattr(error, "winerror", None) not in _IN_USE:
                raise
            time.sleep(wait)
    temporary.replace(path)


def remove(path: Path) -> None:
    """Remove a file, if it is there.

    Raises:
        StorageError: if it cannot be removed.
    """
    with storage_errors(f"{shown(path)} could not be removed"):
        path.unlink(missing_ok=True)


def temporary_name(path: Path) -> Path:
    """Return a name beside `path` that nobody can guess, so that nobody can plant a link there."""
    return path.with_name(f".{path.name[:MAX_NAME]}.{secrets.token_hex(8)}.tmp")


def _remove_leftovers(path: Path) -> None:
    """Remove temporary files of `path` that killed processes left, if they can be removed."""
    for left in path.parent.glob(f".{glob.escape(path.name[:MAX_NAME])}.*.tmp"):
        with suppress(OSError):
            with open(left, "rb", opener=_open_no_link) as file:
                _lock(file)
            left.unlink()


def _open_no_link(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))


def _lock(file: IO[bytes]) -> None:
    """Mark an open file as in use; the system ends this when it is closed, even by a kill.

    Raises:
        OSError: if it is in use elsewhere.
    """
    with suppress(ImportError):  # Windows removes no open file anyway
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _open_file(path: Path) -> int | None:
    """Return the descriptor that a path such as /dev/stdout or /dev/fd/3 means, else None."""
    for _ in range(_MAX_LINKS):
        is_number = path.name.isdecimal() and len(path.name) < _MAX_DIGITS
        if is_number and os.path.realpath(path.parent) in ("/dev/fd", f"/proc/{os.getpid()}/fd"):
            return int(path.name)
        if not path.is_symlink():
            break
        path = path.parent / path.readlink()
    return None


def _write_to(descriptor: int, data: bytes) -> None:
    """Write to an open file, after what was written to it before."""
    for stream in filter(None, (sys.stdout, sys.stderr)):
        stream.flush()
    with os.fdopen(os.dup(descriptor), "wb") as file:
        file.write(data)


def shown(path: Path) -> str:
    """Return a path for a message, with the middle of a long one left out."""
    text = str(path)
    half = _MAX_SHOWN // 2
    return text if len(text) <= _MAX_SHOWN else f"{text[:half]}...{text[-half:]}"


def flush_folder_of(path: Path) -> None:
    """Flush the folder that a path is in.

    Raises:
        StorageError: if it cannot be flushed.
    """
    with storage_errors(
        f"{shown(path)} is written, but its folder could not be flushed to disk",
        "; a power cut may bring back what was there before",
    ):
        flush_folder(path.parent)


def flush_folder(folder: Path) -> None:
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
