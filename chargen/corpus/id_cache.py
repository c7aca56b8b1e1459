"""Keep a long corpus as ids in a file, built in one pass over the text and used again next time.

An entry is two files, `KEY-CONTENT.ids` and, written when that is complete, `KEY.json`. The key
stands for the request: the paths and how to read them. The JSON says what the source files were
like. A text that fits in memory leaves no entry.
"""

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Self

import numpy as np

from chargen.corpus.encoder import Encoded, MemoryStore
from chargen.corpus.labels import Labels
from chargen.corpus.memory_map import BLOCK_IDS
from chargen.corpus.reader import Fingerprint
from chargen.errors import CorpusError, RunError, StorageError
from chargen.storage.atomic import reason_of, write_atomically
from chargen.storage.cache import FOLDER_VARIABLE
from chargen.text.vocabulary import Ids, Vocabulary

_VERSION = 2
_MAX_IN_MEMORY = 64_000_000  # bytes of ids


@dataclass(frozen=True)
class Entry:
    """The content of an entry's JSON file."""

    version: int
    sources: list[dict[str, Any]]  # a `Fingerprint` each
    name: str  # of the file of ids
    dtype: str
    vocabulary: str
    counts: list[int]
    sha256: str
    line_ending: str
    rare: list[int]
    encoding: str
    notes: list[str]
    labels: Labels | None = None


class Cache:
    """The place of one corpus in a cache folder.

    Args:
        folder: the cache folder.
        request: values that JSON can hold: which text was asked for, and how to read it.
    """

    def __init__(self, folder: Path, request: Any) -> None:
        self.folder = folder
        self.key = hashlib.sha256(json.dumps(request, sort_keys=True).encode()).hexdigest()[:16]
        self._document = folder / f"{self.key}.json"
        self.building = folder / f".{self.key}.tmp"

    def find(self, paths: Sequence[str]) -> tuple[Encoded, Entry] | None:
        """Return what is kept of a text; None unless it is complete and its sources are unchanged.

        Args:
            paths: the source files.
        """
        try:
            values = json.loads(self._document.read_bytes())
            if values["version"] != _VERSION:
                return None
            entry = _entry(values)
            sources = [Fingerprint(**source) for source in entry.sources]
            vocabulary = Vocabulary(entry.vocabulary)
            ids = _mapped(self.folder / entry.name, np.dtype(entry.dtype), sum(entry.counts))
        except (OSError, ValueError, KeyError, TypeError, CorpusError):
            return None  # a damaged entry is built again
        if ids is None or [source.path for source in sources] != list(paths):
            return None
        if not all(source.still_holds() for source in sources):
            return None
        counts = np.array(entry.counts, np.int64)
        distinct, count = entry.rare
        text = entry.sha256, entry.line_ending, (distinct, count), entry.labels
        return Encoded(ids, vocabulary, counts, *text), entry

    def keep(
        self,
        encoded: Encoded,
        sources: Sequence[Fingerprint],
        encoding: str,
        notes: Sequence[str],
    ) -> Entry:
        """Make an entry of the file of ids that was built at `self.building`.

        Raises:
            StorageError: if it cannot be written.
        """
        path = self.folder / f"{self.key}-{encoded.sha256[:16]}.ids"
        entry = Entry(
            version=_VERSION,
            sources=[asdict(source) for source in sources],
            name=path.name,
            dtype=encoded.ids.dtype.str,
            vocabulary=encoded.vocabulary.idx2char,
            counts=encoded.counts.tolist(),
            sha256=encoded.sha256,
            line_ending=encoded.line_ending,
            rare=list(encoded.rare),
            encoding=encoding,
            notes=list(notes),
            labels=encoded.labels,
        )
        with _as_storage_error(self.folder):
            self.building.replace(path)
        write_atomically(self._document, json.dumps(_values(entry)).encode())
        for other in self.folder.glob(f"{self.key}-*.ids"):
            if other != path:
                with suppress(OSError):  # where it is in use, some systems keep it
                    other.unlink()
        return entry


def _values(entry: Entry) -> dict[str, Any]:
    """Return an entry as JSON has it; labels are in it only if there are any."""
    values = {field.name: getattr(entry, field.name) for field in fields(Entry)}
    labels = values.pop("labels")
    return values if labels is None else {**values, "labels": labels.to_json()}


def _entry(values: dict[str, Any]) -> Entry:
    """Return the entry that `_values` made `values` from."""
    names = [field.name for field in fields(Entry) if field.name != "labels"]
    labels = Labels.from_json(values["labels"]) if "labels" in values else None
    return Entry(**{name: values[name] for name in names}, labels=labels)


class SpillingStore:
    """Keeps ids in memory while they are few, else in a file; see `IdStore`.

    Args:
        path: the file, which is made only when it is needed, and is removed at the end.

    Raises:
        RunError: if another process is writing the file.
        StorageError: if it cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._memory = MemoryStore()
        self._file: Any = None
        self._lock: Any = None
        self._dtype = np.dtype(np.uint8)
        self._length = self._bytes = 0

    @property
    def spilled(self) -> bool:
        """Return whether there is a file."""
        return self._file is not None

    def append(self, ids: Ids) -> None:
        if not self.spilled:
            self._memory.append(ids)
            self._bytes += ids.nbytes
            if self._bytes > _MAX_IN_MEMORY:
                self._spill()
            return
        with _as_storage_error(self._path.parent):
            self._write(ids)

    def _spill(self) -> None:
        with _as_storage_error(self._path.parent):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._acquire()
            self._file = self._path.open("w+b")
            for part in self._memory.parts:
                self._write(part)
        self._memory = MemoryStore()

    def _acquire(self) -> None:
        from filelock import FileLock, Timeout

        self._lock = FileLock(self._path.with_suffix(".lock"), timeout=0)
        try:
            self._lock.acquire()
        except Timeout:
            raise RunError(
                "Another process is reading this text into the cache; wait for it, and then start."
            ) from None

    def _write(self, ids: Ids) -> None:
        if ids.dtype.itemsize > self._dtype.itemsize:
            self._rewrite(ids.dtype)
        self._file.write(ids.astype(self._dtype, copy=False).data)
        self._length += len(ids)

    def finish(self, final: Ids) -> Ids:
        if not self.spilled:
            return self._memory.finish(final)
        with _as_storage_error(self._path.parent):
            if final.dtype != self._dtype or (final != np.arange(len(final))).any():
                self._rewrite(final.dtype, final)
            self._file.truncate(self._length * self._dtype.itemsize)
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            mapped = _mapped(self._path, self._dtype, self._length)
        if mapped is None:
            raise StorageError(f"{self._path} was changed while it was written; try again.")
        return mapped

    def _rewrite(self, dtype: Any, final: Ids | None = None) -> None:
        """Write all ids again as `dtype`, in the same file; with `final`, `final[id]` for each.

        Wider ids are written from the end to the start, so that none is overwritten unread.
        """
        before, self._dtype = self._dtype, np.dtype(dtype)
        starts: Sequence[int] = range(0, self._length, BLOCK_IDS)
        if self._dtype.itemsize > before.itemsize:
            starts = starts[::-1]
        for start in starts:
            count = min(BLOCK_IDS, self._length - start)
            self._file.seek(start * before.itemsize)
            ids = np.frombuffer(self._file.read(count * before.itemsize), before)
            ids = ids.astype(self._dtype) if final is None else np.take(final, ids, mode="clip")
            self._file.seek(start * self._dtype.itemsize)
            self._file.write(ids.data)
        self._file.seek(self._length * self._dtype.itemsize)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        """Remove the file, unless it was renamed; ids mapped from it stay readable."""
        if self._file is not None:
            with suppress(OSError):  # after a failed write, closing fails too
                self._file.close()
            with suppress(OSError):
                self._path.unlink(missing_ok=True)
        if self._lock is not None:
            self._lock.release()


@contextmanager
def _as_storage_error(folder: Path) -> Iterator[None]:
    """Turn an error of the system into one that says what to do."""
    try:
        yield
    except OSError as error:
        raise StorageError(
            f"The cache in {folder} could not be written: {reason_of(error)}; choose another "
            f"folder with --cache, or ${FOLDER_VARIABLE}."
        ) from None


def _mapped(path: Path, dtype: "np.dtype[Any]", length: int) -> Ids | None:
    """Return the ids in a file, mapped into memory; None if it has another length."""
    if not length or path.stat().st_size != length * dtype.itemsize:
        return None
    # A plain array over the map: np.memmap itself makes each access slower.
    return np.asarray(np.memmap(path, dtype, mode="r"))
