"""Read a file's bytes block by block, unpacked if it is compressed, whole or not at all."""

import os
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import chain
from typing import IO, Any

from chargen.corpus.sources import Source
from chargen.errors import CorpusError

BLOCK = 1 << 20  # bytes
_SLICE = 1 << 12  # compressed bytes unpacked at once, which bounds what a bomb can fill
_ALWAYS_ALLOWED = 64_000_000  # bytes that any compressed file may unpack to


def read_blocks(
    source: Source, *, max_expansion: float, read: Callable[[bytes], None] | None = None
) -> Iterator[bytes]:
    """Yield the content of a file in blocks of about 1 MiB.

    A file that begins as gzip, bzip2, xz or Zstandard files do is unpacked.

    Args:
        source: what to read.
        max_expansion: how many times its size a compressed file may unpack to.
        read: called with each block as it is in the file, still compressed.

    Raises:
        CorpusError: if the file is missing, unreadable, or damaged; if it unpacks to more than is
            allowed, changes while it is read, or is an archive of several files.
    """
    with _opened(source) as file:
        before = _identity(file)
        blocks = _raw_blocks(source, file, read)
        first = next(blocks, b"")
        kind, decompressor = _compression(source, first)
        blocks = chain([first], blocks)
        if decompressor is not None:
            blocks = _unpacked(source, kind, decompressor, blocks, max_expansion)
        yield from blocks
        if source.path is not None and before != _identity(file):
            raise CorpusError(f"{source} changed while it was read; try again when it is at rest.")


@contextmanager
def _opened(source: Source) -> Iterator[IO[bytes]]:
    if source.path is None:
        if sys.stdin is None:
            raise CorpusError("Standard input is closed; give the path of a text file.")
        yield sys.stdin.buffer
        return
    try:
        file = source.path.open("rb", buffering=0)
    except FileNotFoundError:
        way_out = "it was there a moment ago" if source.folder else "give the path of a text file"
        raise CorpusError(f"There is no file {source}; {way_out}.") from None
    except OSError as error:
        raise CorpusError(f"{source} cannot be read: {error.strerror}.") from None
    with file:
        yield file


def _identity(file: IO[bytes]) -> tuple[int, int] | None:
    """Return size and time of a file on disk; None for a pipe or the like."""
    try:
        status = os.fstat(file.fileno())
    except OSError:
        return None
    regular = stat.S_ISREG(status.st_mode)
    return (status.st_size, status.st_mtime_ns) if regular else None


def _raw_blocks(
    source: Source, file: IO[bytes], read: Callable[[bytes], None] | None
) -> Iterator[bytes]:
    """Yield the bytes as they are; only the last block is shorter than the others."""
    while True:
        block = b""
        try:
            while len(block) < BLOCK and (more := file.read(BLOCK - len(block))):
                block += more
        except OSError as error:
            raise CorpusError(f"{source} cannot be read: {error.strerror}.") from None
        if not block:
            return
        if read is not None:
            read(block)
        yield block


def _compression(source: Source, first: bytes) -> tuple[str, Callable[[], Any] | None]:
    """Return how a file that begins with `first` is compressed, and what makes its decompressor.

    Raises:
        CorpusError: if it is an archive of several files.
    """
    if first.startswith(b"\x1f\x8b\x08"):
        import zlib

        return "gzip", lambda: zlib.decompressobj(wbits=31)
    if first.startswith(b"BZh") and first[4:10] in (b"1AY&SY", b"\x17rE8P\x90"):
        import bz2

        return "bzip2", bz2.BZ2Decompressor
    if first.startswith(b"\xfd7zXZ\0"):
        import lzma

        return "xz", lzma.LZMADecompressor
    if first.startswith(b"\x28\xb5\x2f\xfd"):
        import zstandard

        return "Zstandard", lambda: zstandard.ZstdDecompressor().decompressobj()
    is_tar = first[257:262] == b"ustar"
    if is_tar or first.startswith((b"PK\x03\x04", b"7z\xbc\xaf\x27\x1c", b"Rar!")):
        raise CorpusError(f"{source} is an archive; unpack it, and give the folder.")
    return "", None


def _unpacked(
    source: Source,
    kind: str,
    make: Callable[[], Any],
    blocks: Iterator[bytes],
    max_expansion: float,
) -> Iterator[bytes]:
    """Yield the content of a compressed file: one stream, or several after each other."""
    decompressor = make()
    position = size = 0  # bytes read, bytes given
    pieces: list[bytes] = []
    waiting = 0  # bytes in pieces
    try:
        for data in (block[i : i + _SLICE] for block in blocks for i in range(0, BLOCK, _SLICE)):
            left = data
            while left:
                if decompressor.eof:
                    left = left.lstrip(b"\0")  # streams may be padded
                    if not left:
                        break
                    decompressor = make()
                piece = decompressor.decompress(left)
                left = decompressor.unused_data if decompressor.eof else b""
                pieces.append(piece)
                waiting += len(piece)
                size += len(piece)
            position += len(data)
            if size > max(_ALWAYS_ALLOWED, max_expansion * position):
                raise CorpusError(
                    f"{source} unpacks to more than {max_expansion:g} times its size: {size:,} "
                    f"bytes from its first {position:,}. If that is right, raise --max-expansion."
                )
            if waiting >= BLOCK:
                yield b"".join(pieces)
                pieces, waiting = [], 0
    except CorpusError:
        raise
    except Exception as error:  # each library has an exception of its own
        raise CorpusError(
            f"{source} is a damaged {kind} file: {error} between bytes {position:,} and "
            f"{position + _SLICE:,}; restore it."
        ) from None
    if not decompressor.eof:
        raise CorpusError(
            f"{source} is a damaged {kind} file: it ends at byte {position:,}, in the midst of its "
            "content; restore it."
        )
    if pieces:
        yield b"".join(pieces)
