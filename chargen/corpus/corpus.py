"""Corpus, a text to learn from: its ids and what was noticed while it was read."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path

from chargen.config import PreparationConfig, ReadingConfig
from chargen.config.arguments import check_arguments
from chargen.config.base import shorten
from chargen.corpus.decoding import refuse_nul
from chargen.corpus.encoder import BaseVocabulary, Encoded, Encoder, IdStore
from chargen.corpus.id_cache import CacheEntry
from chargen.corpus.labels import LabelRecorder
from chargen.corpus.reader import Reader, ReadingProgress
from chargen.corpus.sources import Paths, absolute
from chargen.errors import CorpusError, SettingError
from chargen.storage.cache import cache_folder
from chargen.text.documents import mark_boundaries
from chargen.text.line_ends import KINDS, MARKS, LineEndCounter, line_ends_in_words
from chargen.text.preparation import prepare_pieces
from chargen.text.tokenizer import CharTokenizer
from chargen.text.vocabulary import BOUNDARY, RARE
from chargen.wording import count

_STARTS = ((MARKS, 5_000), (" \t\u3000", 100))
"""What a text may start after, and in how many characters there must be one at least."""


class Corpus:
    """A text to learn from, or several, each a document of its own.

    Args:
        text: one text; a list of texts, each a document; or what an `Encoder` made of them.
        name: what messages call it, such as the file's name.
        encoding: the encoding of the file it came from.
        notes: sentences that tell the user how the text was read.
        preparation: what to do to the text before it is learned.
        known: the vocabulary of a model that is to learn this text.
        labels: the label of each document.
        separator: what stood between two documents, if the text was split at one.

    Attributes:
        ids: the whole text as ids, of the narrowest type, shape [characters and boundaries]. Where
            there are documents, a boundary stands before each and at the end.
        vocabulary: the distinct characters; among them, where there are documents, the boundary.
        counts: how often each id occurs, shape [vocab_size].
        line_ends: how often each kind, such as CRLF, ended a line of the text as it was read.
        labels: the documents' labels, among those of the known model; None if there are none.

    Raises:
        CorpusError: if the text is empty, has one distinct character only, or holds NUL
            characters or lone surrogates; if there are not as many labels as documents.
    """

    @check_arguments
    def __init__(
        self,
        text: str | Iterable[str] | Encoded,
        name: str = "text",
        encoding: str = "utf-8",
        notes: Iterable[str] = (),
        *,
        preparation: PreparationConfig = PreparationConfig(),
        known: BaseVocabulary | None = None,
        labels: Sequence[str] | None = None,
        separator: str | None = None,
    ) -> None:
        if not isinstance(text, Encoded):
            text = _encoded(text, labels, name, preparation, known)
        self._encoded = text
        self.ids, self.vocabulary, self.counts = text.ids, text.vocabulary, text.counts
        self.line_ends, self.separator = text.line_ends, separator
        self.name, self.encoding, self.preparation = name, encoding, preparation
        self.notes = (*notes, *_notes(text, preparation))
        self.labels = text.labels
        if self.labels is not None and known is not None:
            self.labels = self.labels.add_names(known.labels)

    @cached_property
    def tokenizer(self) -> CharTokenizer:
        """Return what turns text into these ids, and back."""
        return CharTokenizer(
            self.vocabulary, self.start, self.preparation, self.separator, self._line_end
        )

    @property
    def label_names(self) -> tuple[str, ...]:
        """Return the names of the labels; an empty tuple if there are no labels."""
        return self.labels.names if self.labels is not None else ()

    @cached_property
    def sha256(self) -> str:
        """Return a fingerprint: SHA-256 of the text's UTF-8 form and its labels, in hexadecimal."""
        if self.labels is None:
            return self._encoded.sha256
        parts = [self._encoded.sha256, self.labels.to_json()]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    @cached_property
    def text(self) -> str:
        """Return the whole text, decoded; a long one takes much memory."""
        return self.vocabulary.decode(self.ids)

    @property
    def characters(self) -> int:
        """Return how many characters there are, boundaries not counted."""
        return len(self.ids) - self._boundaries

    @property
    def distinct(self) -> dict[str, int]:
        """Return how often each character occurs, the rarest first.

        The boundary is left out, and so is `RARE` where it stands for rare characters.
        """
        counts = zip(self.vocabulary.idx2char, self.counts.tolist(), strict=True)
        special = BOUNDARY + RARE if self._encoded.rare[0] else BOUNDARY
        found = ((each, count) for each, count in counts if count and each not in special)
        return dict(sorted(found, key=lambda item: item[1]))

    @property
    def documents(self) -> int:
        """Return how many documents there are; 1 if the text is not divided into documents."""
        return max(1, self._boundaries - 1)

    def __repr__(self) -> str:
        said = [repr(self.name), count(self.characters, "character")]
        said.append(f"{len(self.distinct):,} distinct")
        if self.documents > 1:
            said.append(count(self.documents, "document"))
        if self.labels is not None:
            said.append(count(len(self.label_names), "label"))
        return f"Corpus({', '.join(said)})"

    @property
    def _boundaries(self) -> int:
        return int(self.counts[0]) if BOUNDARY in self.vocabulary else 0

    @property
    def _line_end(self) -> str | None:
        """Return the line end that a text which keeps its line ends has most."""
        if self.preparation.newlines != "keep" or not self.line_ends:
            return None
        return KINDS[next(iter(self.line_ends))]

    @property
    def start(self) -> str:
        """Return the character that generation starts from when nobody gives a prompt.

        It is the boundary before a document, else a line end or a space, after which a line or a
        word begins, if there are enough to learn from; else the first character that is not rare.
        """
        if BOUNDARY in self.vocabulary:
            return BOUNDARY
        followed = dict(zip(self.vocabulary.idx2char, self.counts.tolist(), strict=True))
        followed[self.vocabulary.idx2char[self.ids[-1]]] -= 1
        for marks, once_in in _STARTS:
            most = max(marks, key=lambda mark: followed.get(mark, 0))
            if followed.get(most, 0) * once_in >= len(self.ids):
                return most
        first = (self.vocabulary.idx2char[index] for index in self.ids)
        return next(character for character in first if character != RARE)


def encode(
    pieces: Iterable[str],
    *,
    name: str,
    preparation: PreparationConfig,
    known: BaseVocabulary | None = None,
    store: IdStore | None = None,
    label_recorder: LabelRecorder | None = None,
    line_ends: LineEndCounter | None = None,
) -> Encoded:
    """Return a text that comes in pieces as ids, prepared first, with what was recorded of it."""
    encoder = Encoder(store or IdStore(), name)
    for piece in prepare_pieces(pieces, preparation):
        encoder.add(piece)
    encoded = encoder.finish(min_count=preparation.min_count, known=known)
    labels = label_recorder.finish(encoded.ids) if label_recorder is not None else None
    return replace(encoded, labels=labels, line_ends=line_ends.counts if line_ends else {})


def read_corpus(
    paths: Paths,
    reading: ReadingConfig = ReadingConfig(),
    preparation: PreparationConfig = PreparationConfig(),
    *,
    known: BaseVocabulary | None = None,
    cache: str | Path | None = None,
    progress: ReadingProgress | None = None,
) -> Corpus:
    """Read files, folders, globs, or standard input ("-").

    Each of several files is a document. A byte order mark is dropped; `notes` say so. The encoding
    is any that Python knows by name. A text too long for memory is kept as ids in a file, which is
    used again the next time while the sources are unchanged.

    Args:
        paths: one or several.
        reading: which files, and how to read them.
        preparation: what to do to the text before it is learned.
        known: the vocabulary of a model that is to learn this text.
        cache: the folder for long texts; None takes $CHARGEN_CACHE, else the system's.
        progress: called with how many bytes are read, and how many there are.

    Raises:
        CorpusError: if there is no such file, it cannot be read, or it is not a text to learn from.
        EncodingError: if the bytes are not text in the encoding; the message has the byte offset.
        StorageError: if the cache cannot be written.
    """
    reader = Reader(paths, reading, documents=_has_documents(known), progress=progress)
    characters = [known.vocabulary.idx2char, known.grow] if known is not None else []
    request = [absolute(paths), reading.to_json(), preparation.to_json(), *characters]
    entry = CacheEntry(cache_folder(cache), request)
    make = partial(
        Corpus,
        name=reader.name,
        preparation=preparation,
        known=known,
        separator=reader.separator,
    )
    if reader.paths is not None and (found := entry.find(reader.paths)) is not None:
        encoded, encoding, notes = found
        return make(encoded, encoding=encoding, notes=notes)
    with entry:
        encoded = encode(
            reader.pieces(),
            name=reader.name,
            preparation=preparation,
            known=known,
            store=entry,
            label_recorder=reader.label_recorder,
            line_ends=reader.line_ends,
        )
        notes = list(reader.notes())
        if entry.spilled and reader.paths is not None:
            kept = entry.keep(encoded, reader.fingerprints, reader.encoding, notes)
            notes.append(f"Kept for the next time: {kept}, {encoded.ids.nbytes / 1e6:,.0f} MB.")
    return make(encoded, encoding=reader.encoding, notes=notes)


def _has_documents(known: BaseVocabulary | None) -> bool:
    return known is not None and BOUNDARY in known.vocabulary


def _encoded(
    text: str | Iterable[str],
    labels: Sequence[str] | None,
    name: str,
    preparation: PreparationConfig,
    known: BaseVocabulary | None,
) -> Encoded:
    """Return the ids of one text or several, and their labels if there are some, one a text."""
    texts = [text] if isinstance(text, str) else text
    in_documents = texts is text or labels is not None or _has_documents(known)
    label_recorder, line_ends = LabelRecorder(), LineEndCounter()

    def pieces() -> Iterator[str]:
        number = 0
        for number, each in enumerate(texts, 1):
            if not isinstance(each, str):
                raise SettingError(f"A document must be a text; received {shorten(each)}.")
            refuse_nul(each, name)
            if in_documents:
                yield BOUNDARY
            if labels is not None and number <= len(labels):
                label_recorder.begin(labels[number - 1])
            yield from line_ends.watch([each])
        if labels is not None and number != len(labels):
            raise CorpusError(
                f"There {'is' if len(labels) == 1 else 'are'} {count(len(labels), 'label')} for "
                f"{count(number, 'document')}; give one for each."
            )

    return encode(
        label_recorder.watch(mark_boundaries(pieces())) if in_documents else pieces(),
        name=name,
        preparation=preparation,
        known=known,
        label_recorder=label_recorder,
        line_ends=line_ends,
    )


def _notes(encoded: Encoded, preparation: PreparationConfig) -> Iterator[str]:
    """Yield what the user should know of a text's characters, a sentence each."""
    others = {kind: found for kind, found in encoded.line_ends.items() if kind != "LF"}
    if others and preparation.newlines == "keep":
        yield f"{line_ends_in_words(encoded.line_ends)} are kept: the model will write them too."
    elif others:
        were = "was" if sum(others.values()) == 1 else "were"
        yield f"{line_ends_in_words(others)} {were} turned into LF."
    distinct, number = encoded.rare
    if distinct:
        yield (
            f"{count(distinct, 'rare character')}, {number:,} in all, "
            f"{'is' if distinct == 1 else 'are'} read as one unknown, which is never written."
        )
