"""Read the files of a corpus as one long text, and note what the user should know of them."""

import hashlib
import os
import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from chargen.config import ReadingConfig
from chargen.corpus.decoding import AUTO, decode_blocks, detect
from chargen.corpus.decompression import read_blocks
from chargen.corpus.labels import LabelRecorder, label_for_source
from chargen.corpus.sources import Paths, Source, find_sources, title
from chargen.errors import CorpusError, EncodingError
from chargen.text.documents import mark_boundaries, split_documents
from chargen.text.line_ends import LineEndCounter
from chargen.text.vocabulary import BOUNDARY
from chargen.wording import count

ReadingProgress = Callable[[int, int], object]
"""Called with how many bytes are done and how many there are, 0 while that is not known.

The two are equal when nothing is left, and not before.
"""

_BOM = "\N{BYTE ORDER MARK}"
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_HEAD = 8192  # bytes in which a NUL says that a file is no text


@dataclass(frozen=True)
class Fingerprint:
    """What a file was like when it was read."""

    path: str
    size: int  # bytes
    modified: int  # nanoseconds since the epoch
    sha256: str  # of its bytes; empty if they were not read

    def still_holds(self) -> bool:
        """Return whether the file is unchanged: in size and time, or else in content."""
        try:
            status = Path(self.path).stat()
            if status.st_size != self.size:
                return False
            if status.st_mtime_ns == self.modified:
                return True
            with Path(self.path).open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest() == self.sha256
        except OSError:
            return False


class Reader:
    """Reads files one after the other, as text; once only.

    Args:
        paths: what to read; see `find_sources`.
        config: how to read it.
        documents: whether even a single file is a document, with boundaries.
        progress: called after every block.

    Attributes:
        label_recorder: has the labels of the documents read so far.
        line_ends: counts those of the files read so far.
        separator: the text between two documents, if there is one.
        fingerprints: of the files read so far.

    Raises:
        CorpusError: if there is no such file, standard input is named twice, or labels are asked
            for and a file has none.
    """

    def __init__(
        self,
        paths: Paths,
        config: ReadingConfig,
        *,
        documents: bool = False,
        progress: ReadingProgress | None = None,
    ) -> None:
        self.name = title(paths)
        self.sources = find_sources(paths, config.include)
        self._config, self._progress = config, progress
        self.separator = config.document_separator
        self._separators = 0  # found
        self._labels = [
            label_for_source(source, config.label) for source in self.sources if config.label
        ]
        self.label_recorder, self.line_ends = LabelRecorder(), LineEndCounter()
        self._documents = documents or len(self.sources) > 1 or bool(config.label)
        files = [Path(path) for path in self.paths or [] if os.path.isfile(path)]
        sizes = [file.stat().st_size for file in files]
        self._done, self._total = 0, sum(sizes) if len(sizes) == len(self.sources) else 0  # bytes
        self._marks = 0  # byte order marks
        self._skipped: list[Source] = []
        self._encodings: Counter[str] = Counter()
        self.fingerprints: list[Fingerprint] = []

    @property
    def paths(self) -> list[str] | None:
        """Return the paths of the sources; None if one of them cannot be read again."""
        paths = [str(source.path.absolute()) for source in self.sources if source.path is not None]
        return paths if len(paths) == len(self.sources) else None

    @property
    def encoding(self) -> str:
        """Return the encoding of the files; if they have several, the most frequent first."""
        return ", ".join(name for name, _ in self._encodings.most_common())

    def pieces(self) -> Iterator[str]:
        """Yield the text, a piece at a time, with boundaries where it has documents.

        Raises:
            CorpusError: if a file cannot be read, or no file is text.
        """
        if self.separator is None and not self._documents:
            return self._files()
        return self.label_recorder.watch(mark_boundaries(self._files()))

    def texts(self) -> Iterator[tuple[Source, str]]:
        """Yield the files that are text, whole, with their sources; no documents are marked.

        Raises:
            Errors as `pieces` does.
        """
        for source in self.sources:
            skipped = len(self._skipped)
            text = "".join(self._file(source))
            if len(self._skipped) == skipped:
                yield source, text
        self._finish()

    def _files(self) -> Iterator[str]:
        for number, source in enumerate(self.sources):
            if self._documents:
                yield BOUNDARY
            if self._labels:
                self.label_recorder.begin(self._labels[number])
            text = self.line_ends.watch(self._file(source))
            if self.separator is None:
                yield from text
                continue
            for piece in split_documents(text, self.separator):
                self._separators += piece.count(BOUNDARY)
                yield piece
        self._finish()

    def _finish(self) -> None:
        """Say that all is read; refuse files none of which is text."""
        self._tell(self._done, self._done)
        if len(self._skipped) == len(self.sources):
            others = len(self._skipped) - 1
            raise CorpusError(
                f"{self.name} holds no text: {self._skipped[0]} is binary"
                + (f", as {count(others, 'other is', 'others are')}." if others else ".")
            )

    def _file(self, source: Source) -> Iterator[str]:
        digest = hashlib.sha256()
        status = None
        if source.path is not None:
            with suppress(OSError):  # reading it will say why
                status = source.path.stat()
        done = self._done

        def read(block: bytes) -> None:
            digest.update(block)
            self._done += len(block)
            self._tell(self._done, self._total)

        blocks = read_blocks(source, max_expansion=self._config.max_expansion, read=read)
        first = next(blocks, b"")
        if source.folder is not None and self._is_binary(first):
            self._skipped.append(source)
            self._done = done + (status.st_size if status is not None else 0)
            sha256 = ""
        else:
            encoding = self._encoding_of(source)
            self._encodings[encoding] += 1
            pieces = decode_blocks(chain([first], blocks), encoding=encoding, name=str(source))
            start = next(filter(None, pieces), "")
            self._marks += start.startswith(_BOM)
            yield start.removeprefix(_BOM)
            yield from pieces
            sha256 = digest.hexdigest()
        if source.path is not None and status is not None:
            path = str(source.path.absolute())
            self.fingerprints.append(Fingerprint(path, status.st_size, status.st_mtime_ns, sha256))

    def _tell(self, done: int, total: int) -> None:
        if self._progress is not None:
            self._progress(done, total)

    def _is_binary(self, first: bytes) -> bool:
        encoding = self._config.encoding.lower()
        wide = re.match("utf[-_]?(16|32)", encoding)
        marked = encoding == AUTO and first.startswith(_UTF16_MARKS)
        return b"\0" in first[:_HEAD] and not wide and not marked

    def _encoding_of(self, source: Source) -> str:
        if self._config.encoding != AUTO:
            return self._config.encoding
        if source.path is None:
            raise EncodingError(
                "Standard input can be read once only, so its encoding cannot be detected; "
                "name it with --encoding."
            )
        blocks = read_blocks(source, max_expansion=self._config.max_expansion)
        return detect(blocks, name=str(source))

    def notes(self) -> Iterator[str]:
        """Yield what the user should know of the files that were read, a sentence each."""
        if self._marks and len(self.sources) == 1:
            yield "The byte order mark at the start was removed."
        elif self._marks:
            yield f"Byte order marks were removed from the start of {count(self._marks, 'file')}."
        if self._skipped:
            yield (
                f"Left out {count(len(self._skipped), 'file that is', 'files that are')} not text, "
                f"such as {self._skipped[0]}."
            )
        if self.separator is not None and not self._separators:
            yield f"The document separator {self.separator!r} is nowhere in the text."
        if len(self._encodings) > 1:
            counts = (f"{name} {number:,}" for name, number in self._encodings.most_common())
            yield f"Encodings of the files: {', '.join(counts)}."
