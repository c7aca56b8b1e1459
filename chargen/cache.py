"""What is made from a corpus once and kept for the next time, in the user's cache folder.

Nothing there is needed: what is missing, damaged or foreign is made anew, and where the folder
cannot be written or the disk is full, nothing is kept. An index takes 4 bytes for each character
of its corpus; any file may be deleted at any time.
"""

import hashlib
from contextlib import suppress
from pathlib import Path

from chargen.checkpoint import check_arrays, read_arrays, write_arrays
from chargen.errors import CheckpointError, StorageError
from chargen.text.cache import cache_folder
from chargen.text.copies import CopyIndex, Places


def copy_index(text: str) -> CopyIndex:
    """The index of a corpus, read from the cache if it was kept there, else made and kept."""
    fingerprint = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    path = cache_folder() / f"copies-{fingerprint}.safetensors"
    try:
        return CopyIndex(text, _read(path, fingerprint, len(text)))
    except CheckpointError:
        index = CopyIndex(text)
    with suppress(StorageError):
        write_arrays(path, {"order": index.order}, {"text": fingerprint})
    return index


def _read(path: Path, fingerprint: str, size: int) -> Places:
    """The order of an index.

    Raises:
        CheckpointError: if it is not there, or is not that of this text.
    """
    arrays, document = read_arrays(path)  # its SHA-256 covers the fingerprint and the order
    if document != {"text": fingerprint}:
        raise CheckpointError(f"{path} is of another text.")
    dtype = "int32" if size < 2**31 else "int64"
    check_arrays(path, arrays, {"order": ((size,), dtype)})
    return arrays["order"]
