"""Read a file's bytes block by block, unpacked if it is compressed, whole or not at all."""

import bz2
import lzma
import os
import re
import stat
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, nullcontext, suppress
from itertools import chain
from typing import IO, Any

import zstandard

from chargen.corpus.formats import foreign_format
from chargen.corpus.sources import Source
from chargen.errors import CorpusError, FormatError
from chargen.storage.waiting import told
from chargen.text.controls import escape_line

BLOCK = 1 << 20  # bytes
_SLICE = 1 << 12  # compressed bytes unpacked at once, which bounds what a bomb can fill
_ALWAYS_ALLOWED = 64_000_000  # bytes that any compressed file may unpack to
# How a compressed file begins, and what makes its decompressor.
_COMPRESSIONS: dict[str, tuple[bytes, Callable[[], Any]]] = {
    "gzip": (rb"\x1f\x8b\x08", lambda: zlib.decompressobj(wbits=31)),
    "bzip2": (rb"BZh.(1AY&SY|\x17rE8P\x90)", bz2.BZ2Decompressor),
    "xz": (rb"\xfd7zXZ\0", lzma.LZMADecompressor),
    "Zstandard": (rb"\x28\xb5\x2f\xfd", lambda: zstandard.ZstdDecompressor().decompressobj()),
}

_KINDS = {stat.S_ISFIFO: "a pipe", stat.S_ISSOCK: "a socket", stat.S_ISCHR: "a device"}


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
            allowed, or changes while it is read.
        FormatError: if it is no plain text, but a document, an archive, a picture or the like.
    """
    blocks = _raw_blocks(source, read)
    first = next(blocks, b"")
    for kind, (start, make) in _COMPRESSIONS.items():
        if re.match(start, first, re.DOTALL):
            blocks = _unpacked(source, kind, make, chain([first], blocks), max_expansion)
            first = next(blocks, b"")
            break
    if (found := foreign_format(first)) is not None:
        path = "FILE" if source.path is None else str(source.path)
        raise FormatError(
            f"{source} is {found.name}, not plain text; {found.advice(path)}.", found.name
        )
    yield first
    yield from blocks


def _raw_blocks(source: Source, read: Callable[[bytes], None] | None) -> Iterator[bytes]:
    if source.path is None and sys.stdin is None:
        raise CorpusError("Standard input is closed; give the path of a text file.")
    try:
        with ExitStack() as stack:
            with _waiting(source):
                file: IO[bytes] = sys.stdin.buffer
                if source.path is not None:
                    file = stack.enter_context(source.path.open("rb"))
                before = None if source.path is None else _identity(file)
                block = file.read(BLOCK)
            while block:
                if read is not None:
                    read(block)
                yield block
                if len(block) < BLOCK and file.isatty():
                    break  # Ctrl-D; to read again would ask for another one
                block = file.read(BLOCK)
            if before is not None and before != _identity(file):
                raise CorpusError(
                    f"{source} changed while it was read; try again when no program writes to it."
                )
    except FileNotFoundError:
        way_out = "it was there a moment ago" if source.folder else "give the path of a text file"
        raise CorpusError(f"There is no file {source}; {way_out}.") from None
    except OSError as error:
        raise CorpusError(f"{source} cannot be read: {error.strerror}.") from None


def _waiting(source: Source) -> AbstractContextManager[None]:
    """Return what says that a source is waited for, if it may keep us waiting."""
    with suppress(OSError, ValueError):  # reading it will say why
        status = os.fstat(sys.stdin.fileno()) if source.path is None else source.path.stat()
        if not stat.S_ISREG(status.st_mode):
            kind = next((kind for test, kind in _KINDS.items() if test(status.st_mode)), "no file")
            if source.path is None and sys.stdin.isatty():
                kind = "a terminal; Ctrl-D at the beginning of a line ends the text"
            return told(f"Waiting for {escape_line(str(source))}, which is {kind}.")
        if not status.st_size:  # as those have that the system's kernel writes
            return told(f"Waiting for {escape_line(str(source))}, which holds nothing so far.")
    return nullcontext()


def _identity(file: IO[bytes]) -> tuple[int, int] | None:
    """Return size and time of a file on disk; None for a pipe or the like."""
    status = os.fstat(file.fileno())
    return (status.st_size, status.st_mtime_ns) if stat.S_ISREG(status.st_mode) else None


def _unpacked(
    source: Source,
    kind: str,
    make: Callable[[], Any],
    blocks: Iterator[bytes],
    max_expansion: float,
) -> Iterator[bytes]:
    """Yield the content of a compressed file: one stream, or several after each other."""
    decompressor = make()
    position = given = 0  # bytes read, bytes yielded
    waiting = bytearray()
    damaged = f"{source} is a damaged {kind} file"
    for data in (block[i : i + _SLICE] for block in blocks for i in range(0, BLOCK, _SLICE)):
        left = data
        try:
            while left:
                if decompressor.eof:
                    left = left.lstrip(b"\0")  # streams may be padded
                    if not left:
                        break
                    decompressor = make()
                waiting += decompressor.decompress(left)
                left = decompressor.unused_data if decompressor.eof else b""
        except Exception as error:  # each library has an exception of its own
            raise CorpusError(
                f"{damaged}: {error} between bytes {position:,} and {position + _SLICE:,}; "
                "restore it."
            ) from None
        position += len(data)
        if (size := given + len(waiting)) > max(_ALWAYS_ALLOWED, max_expansion * position):
            raise CorpusError(
                f"{source} unpacks to more than {max_expansion:g} times its size: {size:,} "
                f"bytes from its first {position:,}. If that is right, raise --max-expansion."
            )
        if len(waiting) >= BLOCK:
            given += len(waiting)
            yield bytes(waiting)
            waiting.clear()
    if not decompressor.eof:
        raise CorpusError(
            f"{damaged}: it ends at byte {position:,}, in the middle of its content; restore it."
        )
    yield bytes(waiting)
