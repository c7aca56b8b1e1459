"""Keep a long corpus as ids in a file, built in one pass over the text and used again next time.

An entry is two files, `KEY-CONTENT.ids` and, written when that is complete, `KEY.json`. The key
stands for the request: the paths and how to read them. The JSON says what the source files were
like. A text that fits in memory leaves no entry.

An entry is believed only if it is whole and this user's own. Checksums notice damage: CRC-32 over
the ids, since every start reads all of them and zlib's takes half a second for a gigabyte on any
processor (SHA-256 does only on those that have instructions for it), and SHA-256 over the little
that is in the JSON. Whoever could forge both has this user's rights, or is kept out by the owner.
"""

import hashlib
import json
import os
import zlib
from collections.abc import Sequence
from contextlib import AbstractContextManager, ExitStack, suppress
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any, Self

import numpy as np

from chargen.corpus.encoder import Encoded, IdStore
from chargen.corpus.labels import Labels
from chargen.corpus.memory_map import BLOCK_IDS, blocks
from chargen.corpus.reader import Fingerprint
from chargen.errors import CorpusError, StorageError
from chargen.storage.atomic import storage_errors, write_atomically
from chargen.storage.cache import FOLDER_VARIABLE
from chargen.storage.runs import acquire
from chargen.text.vocabulary import Ids, Vocabulary

_VERSION = 4
_BUSY = "Another process is reading this text into the cache; wait for it, and then start."
_MAX_IN_MEMORY = 64_000_000  # bytes of ids


class CacheEntry(IdStore):
    """The place of one corpus in a cache folder, and what keeps its ids until they are all known.

    Few ids are kept in memory, more in a file. At the end of a `with` block, that file is removed
    unless `keep` made an entry of it; ids mapped from it stay readable.

    Args:
        folder: the cache folder.
        request: values that JSON can hold: which text was asked for, and how to read it.

    Attributes:
        spilled: whether the ids are in a file.

    Raises:
        RunError: if another process is writing the file.
        StorageError: if it cannot be written.
    """

    def __init__(self, folder: Path, request: Any) -> None:
        super().__init__()
        self._folder = folder
        self._key = _digest(request)[:16]
        self._document = folder / f"{self._key}.json"
        self._path = folder / f".{self._key}.tmp"
        self._file: Any = None
        self._lock = ExitStack()
        self._dtype = np.dtype(np.uint8)
        self._length = self._bytes = 0
        self.spilled = False

    def find(self, paths: Sequence[str]) -> tuple[Encoded, str, list[str]] | None:
        """Return a text in the cache, the encoding of its sources, and notes on how it was read.

        It is None unless the entry is complete, and its sources are `paths` and are unchanged.
        """
        try:
            with _own(self._document) as file:
                document = json.load(file)
            values = document["values"]
            if document["sha256"] != _digest(values):
                return None
            sources = [Fingerprint(**source) for source in values["sources"]]
            if values["version"] != _VERSION or [each.path for each in sources] != list(paths):
                return None
            path, counts = self._folder / values["name"], np.array(values["counts"], np.int64)
            distinct, rare = values["rare"]
            with _own(path) as file:
                ids = _mapped(file, np.dtype(values["dtype"]), int(counts.sum()))
            encoded = Encoded(
                ids,
                Vocabulary(values["vocabulary"]),
                counts,
                values["sha256"],
                (distinct, rare),
                Labels.from_json(labels) if (labels := values.get("labels")) else None,
                dict(values["line_ends"]),
            )
            found = encoded, values["encoding"], [*values["notes"], f"Read from the cache: {path}."]
        except (OSError, ValueError, KeyError, TypeError, CorpusError, StorageError):
            return None  # a damaged entry is built again
        is_whole = all(source.still_holds() for source in sources)
        return found if is_whole and _crc32(encoded.ids) == values["crc32"] else None

    def keep(
        self, encoded: Encoded, sources: list[Fingerprint], encoding: str, notes: list[str]
    ) -> Path:
        """Make an entry of the file of ids, and return its path.

        Raises:
            StorageError: if it cannot be written.
        """
        path = self._folder / f"{self._key}-{encoded.sha256[:16]}.ids"
        values = {
            "version": _VERSION,
            "sources": [asdict(source) for source in sources],
            "name": path.name,
            "crc32": _crc32(encoded.ids),
            "dtype": encoded.ids.dtype.str,
            "vocabulary": encoded.vocabulary.idx2char,
            "counts": encoded.counts.tolist(),
            "sha256": encoded.sha256,
            "line_ends": encoded.line_ends,
            "rare": encoded.rare,
            "labels": encoded.labels and encoded.labels.to_json(),
            "encoding": encoding,
            "notes": notes,
        }
        with _cache_errors(self._folder):
            self._path.replace(path)
        document = {"values": values, "sha256": _digest(values)}
        write_atomically(self._document, json.dumps(document).encode())
        for other in self._folder.glob(f"{self._key}-*.ids"):
            if other != path:
                with suppress(OSError):  # where it is in use, some systems keep it
                    other.unlink()
        return path

    def append(self, ids: Ids) -> None:
        self._bytes += ids.nbytes
        if self._bytes <= _MAX_IN_MEMORY:
            super().append(ids)
            return
        with _cache_errors(self._folder):
            if not self.spilled:
                self._folder.mkdir(parents=True, exist_ok=True)
                self._lock.enter_context(acquire(self._path.with_suffix(".lock"), _BUSY))
                self._path.unlink(missing_ok=True)  # what a killed process left, or a planted link
                self._file = self._path.open("x+b")
                self.spilled = True
            for part in (*self._parts, ids):
                if part.dtype.itemsize > self._dtype.itemsize:
                    self._rewrite(part.dtype)
                self._file.write(part.astype(self._dtype, copy=False).data)
                self._length += len(part)
            self._parts.clear()

    def finish(self, final: Ids) -> Ids:
        if not self.spilled:
            return super().finish(final)
        with _cache_errors(self._folder):
            if final.dtype != self._dtype or (final != np.arange(len(final))).any():
                self._rewrite(final.dtype, final)
            self._file.truncate(self._length * self._dtype.itemsize)
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            with self._path.open("rb") as file:
                return _mapped(file, self._dtype, self._length)

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
        if self._file is not None:
            with suppress(OSError):  # after a failed write, closing fails too
                self._file.close()
            with suppress(OSError):
                self._path.unlink(missing_ok=True)
        self._lock.close()


def _cache_errors(folder: Path) -> AbstractContextManager[None]:
    return storage_errors(
        f"The cache in {folder} could not be written",
        f"; choose another folder with --cache, or ${FOLDER_VARIABLE}",
    )


def _own(path: Path) -> IO[bytes]:
    """Open a file to read, if it belongs to this user, where files belong to anybody.

    Raises:
        StorageError: if it is somebody else's.
    """
    file = path.open("rb")
    if hasattr(os, "geteuid") and os.fstat(file.fileno()).st_uid != os.geteuid():
        file.close()
        raise StorageError(f"{path} belongs to another user; choose another folder with --cache.")
    return file


def _mapped(file: IO[bytes], dtype: "np.dtype[Any]", length: int) -> Ids:
    """Return the ids in an open file, mapped into memory.

    Raises:
        StorageError: if there are not `length` of them.
    """
    if not length or os.fstat(file.fileno()).st_size != length * dtype.itemsize:
        raise StorageError(f"{file.name} was changed while it was written; try again.")
    # A plain array over the map: np.memmap itself makes each access slower.
    return np.asarray(np.memmap(file, dtype, mode="r"))


def _crc32(ids: Ids) -> int:
    """Return the CRC-32 of mapped ids, without filling the memory with them."""
    value = 0
    for block in blocks(ids):
        value = zlib.crc32(block.data, value)
    return value


def _digest(values: Any) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()
