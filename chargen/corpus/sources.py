"""Find the files to read: a user names files, folders, globs or standard input."""

import glob
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from itertools import takewhile
from pathlib import Path

from chargen.config.base import shorten
from chargen.errors import CorpusError
from chargen.storage.runs import MODEL_FILE, RESUME_FILE

STANDARD_INPUT = "-"
_RUN_FILES = {MODEL_FILE, RESUME_FILE}  # a folder with one of them is a run
_COMPRESSED = (".gz", ".bz2", ".xz", ".zst")

Paths = str | Path | Sequence[str | Path]


@dataclass(frozen=True)
class Source:
    """A file to read, or standard input."""

    path: Path | None  # None is standard input
    folder: Path | None = None  # in which it was found; None if the user named it
    by_pattern: bool = False  # whether a glob matched it

    def __str__(self) -> str:
        return "standard input" if self.path is None else str(self.path)

    @property
    def is_named(self) -> bool:
        """Return whether the user named this very file, not a folder or a glob."""
        return self.folder is None and not self.by_pattern

    def fits(self, pattern: str) -> bool:
        """Return whether its name, or its path from the folder it was found in, fits a pattern."""
        if self.path is None:
            return fnmatch(STANDARD_INPUT, pattern)
        path = self.path if self.folder is None else self.path.relative_to(self.folder)
        return fnmatch(path.name, pattern) or fnmatch(path.as_posix(), pattern)


def listed(paths: Paths) -> list[str]:
    """Return one path or several as a list.

    Raises:
        CorpusError: if there is no path.
    """
    several = [paths] if isinstance(paths, str | Path) else paths
    if not several:
        raise CorpusError("No text was named; give the path of a text file.")
    names = [str(path) for path in several]
    for name in names:
        try:
            is_path = "\0" not in os.fsdecode(os.fsencode(name))
        except UnicodeEncodeError:
            is_path = False
        if not is_path:
            raise CorpusError(f"{shorten(name)} cannot be the path of a file.")
    return names


def absolute(paths: Paths) -> list[str]:
    """Return the paths in absolute form; "-" stays."""
    return [
        each if each == STANDARD_INPUT else str(Path(each).absolute()) for each in listed(paths)
    ]


def find_sources(paths: Paths, include: Sequence[str] = ()) -> list[Source]:
    """Return the files that `paths` mean, in the order of `paths`; within a folder, by name.

    Args:
        paths: files and folders; globs, in which ** crosses folders; "-" for standard input.
            Folders are searched with all their subfolders, except hidden ones and chargen's own
            runs, which change while one trains.
        include: patterns; if there are some, a file in a folder is taken only if its name, or its
            path from that folder, fits one of them.

    Raises:
        CorpusError: if no file fits a glob, or a folder holds no file.
    """
    paths = listed(paths)
    check_standard_input(paths)
    return [source for path in paths for source in _expanded(path, include)]


def check_standard_input(paths: Sequence[str | None]) -> None:
    """Check that standard input is named at most once.

    Raises:
        CorpusError: if "-" is among the paths more than once.
    """
    if paths.count(STANDARD_INPUT) > 1:
        raise CorpusError("Standard input can be read once only; name - once.")


def _expanded(path: str, include: Sequence[str]) -> Iterator[Source]:
    if path == STANDARD_INPUT:
        yield Source(None)
    elif os.path.isdir(path):
        folder = Path(path)
        files = (Source(file, folder) for file in sorted(_walk(folder)))
        found = [file for file in files if not include or any(map(file.fits, include))]
        if not found:
            that = f" that fits {' or '.join(include)}" if include else ""
            raise CorpusError(f"The folder {path} holds no file{that}; give a text to learn from.")
        yield from found
    elif not _is_glob(path):
        yield Source(Path(path))
    else:
        matches = sorted(glob.glob(path, recursive=True))  # noqa: PTH207 - it may be absolute
        matched = [
            Source(Path(match), by_pattern=True)
            for match in matches
            if os.path.isfile(match) or not os.path.exists(match)  # no folder, pipe or device
        ]
        if not matched:
            way_out = "give the path of a text file"
            if matches and not path.endswith("**"):
                way_out = f"only folders do. To read what is in them, give '{path.rstrip('/')}/**'"
            raise CorpusError(f"No file matches {path}; {way_out}.")
        yield from matched


def _is_glob(path: str) -> bool:
    """Return whether a path is a pattern. The name of a file that exists never is one."""
    return glob.has_magic(path) and not os.path.lexists(path)


def _walk(folder: Path) -> Iterator[Path]:
    """Yield the files below a folder. A folder that links lead back to is entered once."""

    def refuse(error: OSError) -> None:
        raise CorpusError(f"{error.filename} cannot be read: {error.strerror}.") from None

    entered = set()
    for place, folders, files in os.walk(folder, onerror=refuse, followlinks=True):
        status = Path(place).stat()
        identity = (status.st_dev, status.st_ino)
        if identity in entered or not _RUN_FILES.isdisjoint(files):
            folders.clear()
            continue
        entered.add(identity)
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in files:
            path = Path(place) / name
            if not name.startswith(".") and os.path.isfile(path):
                yield path


def title(paths: Paths) -> str:
    """Return what to call a corpus: the name of the first path, and how many more there are."""
    first, *others = listed(paths)
    name = Path(first).name or Path(first).resolve().name
    name = "standard input" if first == STANDARD_INPUT else name
    return f"{name} and {len(others)} more" if others else name


def run_name(paths: Paths) -> str:
    """Return what to call a run that learns from `paths`: the first one's name without endings.

    A glob is called after the folder that it begins with, else "corpus".
    """
    first = listed(paths)[0]
    if first == STANDARD_INPUT:
        return "stdin"
    if _is_glob(first):
        folder = list(takewhile(lambda part: not glob.has_magic(part), Path(first).parts))
        return (Path(*folder).resolve().name if folder else "") or "corpus"
    return Path(first).resolve().name if os.path.isdir(first) else bare_name(Path(first))


def bare_name(path: Path) -> str:
    """Return a file's name without its ending, or both of them, as in .txt.gz."""
    return Path(path.stem if path.suffix in _COMPRESSED else path.name).stem
