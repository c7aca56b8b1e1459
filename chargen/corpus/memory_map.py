"""Ids in a file that is mapped into memory, read without filling the memory."""

import mmap
from collections.abc import Iterator
from typing import Any

from chargen.text.vocabulary import Ids

BLOCK_IDS = 1 << 22  # ids that are read together


def is_mapped(ids: Ids) -> bool:
    """Return whether ids are in a file rather than in memory."""
    return _map_of(ids) is not None


def release(ids: Ids) -> None:
    """Take what was read of a mapped file out of this process's memory.

    Ids that are not mapped are left as they are.
    """
    mapped = _map_of(ids)
    if mapped is not None and hasattr(mmap, "MADV_DONTNEED"):
        mapped.madvise(mmap.MADV_DONTNEED)


def blocks(ids: Ids) -> Iterator[Ids]:
    """Yield ids block by block, releasing each when the next is asked for."""
    for start in range(0, len(ids), BLOCK_IDS):
        yield ids[start : start + BLOCK_IDS]
        release(ids)


def _map_of(ids: Any) -> mmap.mmap | None:
    while ids is not None and not isinstance(ids, mmap.mmap):
        ids = getattr(ids, "base", None)
    return ids
