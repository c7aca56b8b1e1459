"""What the user should know of the files of a corpus, gathered while they are read."""

import codecs
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import suppress

from chargen.config import ReadingConfig
from chargen.corpus.columns import column_names
from chargen.corpus.encodings import excerpt
from chargen.corpus.sources import Source
from chargen.text.characters import enumerate_some, escape_hidden
from chargen.wording import count

_BOM = "\N{BYTE ORDER MARK}"
_TABLE = re.compile(r"\.(csv|tsv|jsonl|ndjson)(\.(gz|bz2|xz|zst))?$", re.IGNORECASE)
_HTML = re.compile(r"\s*<(!doctype\s+html|html\b)", re.IGNORECASE)
_MAX_NAMED = 3  # files that a note names


class FileNotes:
    """Watches how files are read, and says in the end what was noticed.

    Args:
        config: how they are read.

    Attributes:
        encodings: of the files that were read, with how many had each.
        skipped: the files that were left out.
        empty_rows: how many rows of tables had no text.
    """

    def __init__(self, config: ReadingConfig) -> None:
        self._config = config
        self._marks = self._inner_marks = 0  # byte order marks, at a file's start and elsewhere
        self._kinds: list[str] = []  # of the files that were left out
        self._excerpts: defaultdict[str, list[str]] = defaultdict(list)  # by encoding
        self._hints: list[str] = []
        self.encodings: Counter[str] = Counter()
        self.skipped: list[Source] = []
        self.empty_rows = 0

    def skip(self, source: Source, kind: str) -> None:
        """Remember that a file was left out, since it is of this kind."""
        self.skipped.append(source)
        self._kinds.append(kind)

    def watch(self, pieces: Iterator[str], source: Source, encoding: str) -> Iterator[str]:
        """Pass on the text of a file, without its byte order marks."""
        self.encodings[encoding] += 1
        shown, is_start = "", True
        for piece in filter(None, pieces):
            if is_start:
                self._hint(source, piece.removeprefix(_BOM))
                self._marks += piece.startswith(_BOM)
                self._inner_marks -= piece.startswith(_BOM)
            marks = piece.count(_BOM)
            self._inner_marks += marks
            text, is_start = piece.replace(_BOM, "") if marks else piece, False
            if not shown and not text.isascii():
                place = next(place for place, each in enumerate(text) if not each.isascii())
                shown = f" ({excerpt(text, place)})"
            yield text
        self._excerpts[encoding].append(escape_hidden(str(source)) + shown)

    def _hint(self, source: Source, start: str) -> None:
        """Remember what a user may have overlooked of a file that begins so."""
        name = escape_hidden(str(source))
        if _HTML.match(start):
            self._hints.append(f"{name} is HTML, and is read with its markup.")
        elif self._config.column is None and _TABLE.search(str(source)):
            columns = column_names(start)
            self._hints.append(
                f"{name} is a table, and is read with all its signs; --column NAME reads one "
                f"column{columns and f', of {columns}'}."
            )

    def left_out(self) -> str:
        """Return which files were left out, and what each is."""
        pairs = zip(self.skipped, self._kinds, strict=True)
        files = [f"{escape_hidden(str(source))}, {kind}" for source, kind in pairs]
        return enumerate_some(files, max_names=_MAX_NAMED, separator="; ")

    def sentences(self) -> Iterator[str]:
        """Yield what was noticed, a sentence each."""
        if self._marks and self.encodings.total() == 1:
            yield "The byte order mark at the start was removed."
        elif self._marks:
            yield f"Byte order marks were removed from the start of {count(self._marks, 'file')}."
        if self._inner_marks:
            marks = "mark was" if self._inner_marks == 1 else "marks were"
            yield f"{self._inner_marks:,} byte order {marks} removed from inside the text."
        if self.skipped:
            files = "file that is" if len(self.skipped) == 1 else "files that are"
            yield f"Left out {len(self.skipped):,} {files} no plain text: {self.left_out()}."
        if self.empty_rows:
            rows = "row has" if self.empty_rows == 1 else "rows have"
            yield f"{self.empty_rows:,} {rows} no text in {self._config.column!r}."
        yield from self._hints[:_MAX_NAMED]
        if len(self._hints) > _MAX_NAMED:
            yield f"The same is true of {len(self._hints) - _MAX_NAMED:,} more files."
        yield from self._encodings_taken()

    def _encodings_taken(self) -> Iterator[str]:
        """Yield which encodings the files were read in, where the user did not name those."""
        asked = self._config.encoding
        with suppress(LookupError):
            asked = codecs.lookup(asked).name
        for name, number in self.encodings.most_common():
            files = self._excerpts[name]
            if name == asked or (asked.startswith("utf-") and name.startswith(asked[:6])):
                continue
            if name == "utf-8" and number > 1:
                yield f"Read as utf-8: {number:,} files."
            elif files:
                yield f"Read as {name}: {enumerate_some(files, max_names=_MAX_NAMED)}."
