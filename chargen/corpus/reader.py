"""Read the files of a corpus as one long text, and note what the user should know of them."""

import codecs
import hashlib
import os
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from chargen.config import ReadingConfig
from chargen.corpus.columns import column_names, read_column
from chargen.corpus.decoding import AUTO, decode_blocks, detect, is_binary, resolve_encoding
from chargen.corpus.decompression import BLOCK, read_blocks
from chargen.corpus.encodings import excerpt
from chargen.corpus.labels import LabelRecorder, label_for_source
from chargen.corpus.sources import Paths, Source, find_sources, title
from chargen.errors import CorpusError, FormatError
from chargen.text.characters import enumerate_some, escape_hidden
from chargen.text.documents import mark_boundaries, split_documents
from chargen.text.line_ends import LineEndCounter
from chargen.text.vocabulary import BOUNDARY
from chargen.wording import count

ReadingProgress = Callable[[int, int], object]
"""Called with how many bytes are done and how many there are, 0 while that is not known.

The two are equal when nothing is left, and not before.
"""

_BOM = "\N{BYTE ORDER MARK}"
_TABLE = re.compile(r"\.(csv|tsv|jsonl|ndjson)(\.(gz|bz2|xz|zst))?$", re.IGNORECASE)
_HTML = re.compile(r"\s*<(!doctype\s+html|html\b)", re.IGNORECASE)
_MAX_NAMED = 3  # files that a note names


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
        self._documents = documents or len(self.sources) > 1 or bool(config.label or config.column)
        files = [Path(path) for path in self.paths or [] if os.path.isfile(path)]
        sizes = [file.stat().st_size for file in files]
        self._done, self._total = 0, sum(sizes) if len(sizes) == len(self.sources) else 0  # bytes
        self._marks = self._inner_marks = 0  # byte order marks, at a file's start and elsewhere
        self._empty_rows = 0
        self._skipped: list[tuple[Source, str]] = []  # and what each is
        self._encodings: Counter[str] = Counter()
        self._excerpts: defaultdict[str, list[str]] = defaultdict(list)  # by encoding
        self._hints: list[str] = []
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

        Of tables of which one column is read, every row that has text is yielded.

        Raises:
            Errors as `pieces` does.
        """
        for source in self.sources:
            skipped = len(self._skipped)
            if self._config.column is not None:
                yield from ((source, text) for text, _ in self._rows(source) if text)
                continue
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
            if self._config.column is None:
                yield from self._split(self._file(source))
                continue
            for text, label in self._rows(source):
                yield BOUNDARY
                if label is not None:
                    self.label_recorder.begin(label)
                yield from self._split([text])
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

    def _rows(self, source: Source) -> Iterator[tuple[str, str | None]]:
        """Yield the text and the label of every row of a table."""
        columns = self._config.column or "", self._config.label_column
        for text, label in read_column(self._file(source), *columns, name=str(source)):
            self._empty_rows += not text
            yield text, label

    def _finish(self) -> None:
        """Say that all is read; refuse files none of which is text."""
        self._tell(self._done, self._done)
        if len(self._skipped) == len(self.sources):
            raise CorpusError(f"{self.name} holds no plain text: {self._left_out()}.")

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
            self._skipped.append((source, kind))
            self._done = done + (status.st_size if status is not None else 0)
            sha256 = ""
        else:
            yield from self._text(source, first, blocks)
            sha256 = digest.hexdigest()
        if source.path is not None and status is not None:
            path = str(source.path.absolute())
            self.fingerprints.append(Fingerprint(path, status.st_size, status.st_mtime_ns, sha256))

    def _text(self, source: Source, first: bytes, blocks: Iterator[bytes]) -> Iterator[str]:
        """Yield a file's text without byte order marks, and remember what is to say of it."""
        name = str(source)
        encoding = resolve_encoding(self._config.encoding, first, name=name)
        if encoding == AUTO:
            encoding = self._detect(source, first)
        self._encodings[encoding] += 1
        pieces = decode_blocks(chain([first], blocks), encoding=encoding, name=name)
        shown, is_start = "", True
        for piece in filter(None, pieces):
            marks = piece.count(_BOM)
            if is_start:
                self._hint(source, piece.removeprefix(_BOM))
                self._marks += piece.startswith(_BOM)
                self._inner_marks -= piece.startswith(_BOM)
            self._inner_marks += marks
            text, is_start = piece.replace(_BOM, "") if marks else piece, False
            if not shown and not text.isascii():
                place = next(place for place, each in enumerate(text) if not each.isascii())
                shown = f" ({excerpt(text, place)})"
            yield text
        self._excerpts[encoding].append(escape_hidden(name) + shown)

    def _hint(self, source: Source, start: str) -> None:
        """Remember what a user may have overlooked of a file that begins so."""
        name = escape_hidden(str(source))
        if _HTML.match(start):
            self._hints.append(f"{name} is HTML, and is read with its markup.")
        elif self._config.column is None and _TABLE.search(name):
            columns = escape_hidden(enumerate_some(column_names(start)))
            self._hints.append(
                f"{name} is a table, and is read with all its signs; --column NAME reads one "
                f"column{columns and f', of {columns}'}."
            )

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

    def _left_out(self) -> str:
        files = [f"{escape_hidden(str(source))}, {kind}" for source, kind in self._skipped]
        return enumerate_some(files, max_names=_MAX_NAMED, separator="; ")

    def notes(self) -> Iterator[str]:
        """Yield what the user should know of the files that were read, a sentence each."""
        if self._marks and len(self.sources) == 1:
            yield "The byte order mark at the start was removed."
        elif self._marks:
            yield f"Byte order marks were removed from the start of {count(self._marks, 'file')}."
        if self._inner_marks:
            were = (
                "mark inside the text was"
                if self._inner_marks == 1
                else "marks inside the text were"
            )
            yield f"{self._inner_marks:,} byte order {were} removed."
        if self._skipped:
            files = "file that is" if len(self._skipped) == 1 else "files that are"
            yield f"Left out {len(self._skipped):,} {files} no plain text: {self._left_out()}."
        if self._empty_rows:
            rows = "row has" if self._empty_rows == 1 else "rows have"
            yield f"{self._empty_rows:,} {rows} no text in {self._config.column!r}."
        yield from self._hints[:_MAX_NAMED]
        if len(self._hints) > _MAX_NAMED:
            yield f"The same is true of {len(self._hints) - _MAX_NAMED:,} more files."
        if self.separator is not None and not self._separators:
            yield f"The document separator {self.separator!r} is nowhere in the text."
        yield from self._encodings_taken()

    def _encodings_taken(self) -> Iterator[str]:
        """Yield which encodings the files were read in, where the user did not name those."""
        asked = self._config.encoding
        with suppress(LookupError):
            asked = codecs.lookup(asked).name
        for name, number in self._encodings.most_common():
            files = self._excerpts[name]
            if name == asked or (asked.startswith("utf-") and name.startswith(asked[:6])):
                continue
            if name == "utf-8" and number > 1:
                yield f"Read as utf-8: {number:,} files."
            elif files:
                yield f"Read as {name}: {enumerate_some(files, max_names=_MAX_NAMED)}."
