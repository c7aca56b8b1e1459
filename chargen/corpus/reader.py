"""Read the files of a corpus as one long text, and note what the user should know of them."""

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from chargen.config import ReadingConfig
from chargen.corpus.columns import read_column
from chargen.corpus.decoding import AUTO, decode_blocks, detect, is_binary, resolve_encoding
from chargen.corpus.decompression import BLOCK, read_blocks
from chargen.corpus.file_notes import FileNotes
from chargen.corpus.labels import LabelRecorder, label_for_source
from chargen.corpus.sources import Paths, Source, find_sources, title
from chargen.errors import CorpusError, FormatError, SettingError
from chargen.text.documents import mark_boundaries, split_documents
from chargen.text.line_ends import LineEndCounter
from chargen.text.vocabulary import BOUNDARY

ReadingProgress = Callable[[int, int], object]
"""Called with how many bytes are done and how many there are, 0 while that is not known.

The two are equal when nothing is left, and not before.
"""

_MAX_AT_ONCE = 1 << 16  # characters of rows that are joined, since many small pieces take long


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
        SettingError: if there is a column of labels and none of texts, or two kinds of labels.
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
        if config.label_column is not None and (config.column is None or config.label):
            reason = "is for texts from a column; give column too"
            if config.label:
                reason = "and label are two ways to label a text; choose one"
            raise SettingError(f"label_column {reason}.", setting="label_column")
        self.name = title(paths)
        self.sources = find_sources(paths, config.include)
        self._config, self._progress = config, progress
        self.separator = config.document_separator
        self._separators = 0  # found
        self._labels = [
            label_for_source(source, config.label) for source in self.sources if config.label
        ]
        self.label_recorder, self.line_ends = LabelRecorder(), LineEndCounter()
        self._documents = documents or len(self.sources) > 1 or bool(config.label or config.column)
        files = [Path(path) for path in self.paths or [] if os.path.isfile(path)]
        sizes = [file.stat().st_size for file in files]
        self._done, self._total = 0, sum(sizes) if len(sizes) == len(self.sources) else 0  # bytes
        self._notes = FileNotes(config)
        self.fingerprints: list[Fingerprint] = []

    @property
    def paths(self) -> list[str] | None:
        """Return the paths of the sources; None if one of them, a pipe, cannot be read again."""
        found = [source.path for source in self.sources if source.path is not None]
        are_files = all(os.path.isfile(path) or not os.path.exists(path) for path in found)
        if len(found) < len(self.sources) or not are_files:
            return None
        return [str(path.absolute()) for path in found]

    @property
    def encoding(self) -> str:
        """Return the encoding of the files; if they have several, the most frequent first."""
        return ", ".join(name for name, _ in self._notes.encodings.most_common())

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

        Of tables of which one column is read, every row that has text is yielded.

        Raises:
            Errors as `pieces` does.
        """
        for source in self.sources:
            skipped = len(self._notes.skipped)
            if self._config.column is not None:
                yield from ((source, text) for text, _ in self._rows(source) if text)
                continue
            text = "".join(self._file(source))
            if len(self._notes.skipped) == skipped:
                yield source, text
        self._finish()

    def _files(self) -> Iterator[str]:
        for number, source in enumerate(self.sources):
            if self._documents:
                yield BOUNDARY
            if self._labels:
                self.label_recorder.begin(self._labels[number])
            if self._config.column is None:
                yield from self._split(self._file(source))
                continue
            yield from self._table(source)
        self._finish()

    def _split(self, pieces: Iterable[str]) -> Iterator[str]:
        """Yield a file or a row, with a boundary in place of every separator."""
        text = self.line_ends.watch(pieces)
        if self.separator is None:
            yield from text
            return
        for piece in split_documents(text, self.separator):
            self._separators += piece.count(BOUNDARY)
            yield piece

    def _table(self, source: Source) -> Iterator[str]:
        """Yield the rows of a table with a boundary before each, those of one label together."""
        held: list[str] = []
        last, length = None, 0
        for text, label in self._rows(source):
            if held and label == last and length < _MAX_AT_ONCE:
                held += BOUNDARY, text
                length += len(text)
                continue
            yield from self._split(["".join(held)])
            yield BOUNDARY
            if label is not None:
                self.label_recorder.begin(label)
            held, last, length = [text], label, len(text)
        yield from self._split(["".join(held)])

    def _rows(self, source: Source) -> Iterator[tuple[str, str | None]]:
        """Yield the text and the label of every row of a table."""
        columns = self._config.column or "", self._config.label_column
        for text, label in read_column(self._file(source), *columns, name=str(source)):
            self._notes.empty_rows += not text
            yield text, label

    def _finish(self) -> None:
        """Say that all is read; refuse files none of which is text."""
        self._tell(self._done, self._done)
        if len(self._notes.skipped) == len(self.sources):
            raise CorpusError(f"{self.name} holds no plain text: {self._notes.left_out()}.")

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
        first, kind = b"", ""
        try:
            first = next(blocks, b"")
            if not source.is_named and is_binary(first, self._config.encoding):
                kind = "a binary file"
        except FormatError as error:
            if source.is_named:
                raise
            kind = error.kind
        if kind:
            self._notes.skip(source, kind)
            self._done = done + (status.st_size if status is not None else 0)
            sha256 = ""
        else:
            yield from self._text(source, first, blocks)
            sha256 = digest.hexdigest()
        if source.path is not None and status is not None:
            path = str(source.path.absolute())
            self.fingerprints.append(Fingerprint(path, status.st_size, status.st_mtime_ns, sha256))

    def _text(self, source: Source, first: bytes, blocks: Iterator[bytes]) -> Iterator[str]:
        """Yield a file's text without byte order marks."""
        name = str(source)
        encoding = resolve_encoding(self._config.encoding, first, name=name)
        if encoding == AUTO:
            encoding = self._detect(source, first)
        pieces = decode_blocks(chain([first], blocks), encoding=encoding, name=name)
        return self._notes.watch(pieces, source, encoding)

    def _tell(self, done: int, total: int) -> None:
        if self._progress is not None:
            self._progress(done, total)

    def _detect(self, source: Source, first: bytes) -> str:
        """Return the encoding of a file; that of standard input is seen in its first block."""
        if source.path is not None:
            blocks = read_blocks(source, max_expansion=self._config.max_expansion)
            return detect(blocks, name=str(source))
        is_whole = len(first) < BLOCK
        head = first if is_whole else first[: first.rfind(b"\n") + 1] or first
        return detect([head], name=str(source))

    def notes(self) -> Iterator[str]:
        """Yield what the user should know of the files that were read, a sentence each."""
        yield from self._notes.sentences()
        if self.separator is not None and not self._separators:
            yield f"The document separator {self.separator!r} is nowhere in the text."
