"""Ids in a file that is mapped into memory, and what of them takes memory up."""

import mmap
from typing import Any

from chargen.text.vocabulary import Ids


def is_mapped(ids: Ids) -> bool:
    """Whether ids are in a file rather than in memory."""
    return _map_of(ids) is not None


def release(ids: Ids) -> None:
    """Take what was read of a map out of this process's memory; the system may keep it at hand."""
    mapped = _map_of(ids)
    if mapped is not None and hasattr(mmap, "MADV_DONTNEED"):
        mapped.madvise(mmap.MADV_DONTNEED)


def _map_of(ids: Any) -> mmap.mmap | None:
    while ids is not None and not isinstance(ids, mmap.mmap):
        ids = getattr(ids, "base", None)
    return ids
