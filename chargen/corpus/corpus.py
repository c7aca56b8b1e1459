"""A text to learn from, as ids, with what was noticed on the way."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from chargen.config import PreparationConfig, ReadingConfig
from chargen.corpus.decoding import refuse_nul
from chargen.corpus.documents import mark_boundaries
from chargen.corpus.encoder import BaseVocabulary, Encoded, Encoder, Memory, Store
from chargen.corpus.id_cache import Cache, SpillingStore
from chargen.corpus.labels import LabelRecorder
from chargen.corpus.reader import Progress, Reader
from chargen.corpus.sources import Paths, absolute
from chargen.errors import CorpusError
from chargen.storage.cache import cache_folder
from chargen.text.preparation import prepared
from chargen.text.tokenizer import CharTokenizer
from chargen.text.vocabulary import BOUNDARY, RARE, Ids, Vocabulary

_SPECIAL = (BOUNDARY, RARE)


class Corpus:
    """A text to learn from, or several, each a document of its own.

    Args:
        text: the characters; of several documents, a list; or what an `Encoder` made of them.
        name: what to call it, such as the file's name.
        encoding: of the file it came from.
        notes: what a reader should know of how the text was taken in, one sentence each.
        preparation: what to do to the text before it is learned.
        known: the characters of a model that is to learn this text.
        labels: of several documents, that of each.

    Attributes:
        labels: those of the documents, among those of a known model, if there are any.

    Raises:
        CorpusError: if the text is empty, has one distinct character only, or holds NUL
            characters or lone surrogates; if there are not as many labels as documents.
    """

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
    ) -> None:
        if not isinstance(text, Encoded):
            text = _encoded(text, labels, name, preparation, known)
        self._encoded = text
        self.name, self.encoding, self.preparation = name, encoding, preparation
        self.notes = (*notes, *_notes(text))
        self.labels = text.labels
        if self.labels is not None and known is not None:
            self.labels = self.labels.among(known.labels)

    @property
    def vocabulary(self) -> Vocabulary:
        """The distinct characters; among them, where there are documents, the boundary."""
        return self._encoded.vocabulary

    @cached_property
    def tokenizer(self) -> CharTokenizer:
        """What turns text into these ids, and back."""
        return CharTokenizer(self.vocabulary, self.start, self.preparation)

    @property
    def ids(self) -> Ids:
        """The whole text as ids, of the narrowest type, shape [characters and boundaries].

        Where there are documents, a boundary stands before each and at the end.
        """
        return self._encoded.ids

    @property
    def label_names(self) -> tuple[str, ...]:
        """The names of the labels; none if there are no labels."""
        return self.labels.names if self.labels is not None else ()

    @property
    def counts(self) -> NDArray[np.int64]:
        """How often each id occurs, shape [vocab_size]."""
        return self._encoded.counts

    @cached_property
    def sha256(self) -> str:
        """A fingerprint of the text: SHA-256 of its UTF-8 form and its labels, in hexadecimal."""
        if self.labels is None:
            return self._encoded.sha256
        parts = [self._encoded.sha256, self.labels.to_json()]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    @property
    def line_ending(self) -> str:
        """How its lines end: LF, CRLF, CR, or none."""
        return self._encoded.line_ending

    @cached_property
    def text(self) -> str:
        """The whole text, decoded; a long one takes much memory."""
        return self.vocabulary.decode(self.ids)

    @property
    def characters(self) -> int:
        """How many characters there are, boundaries apart."""
        return len(self.ids) - self._boundaries

    @property
    def distinct(self) -> dict[str, int]:
        """How often each character occurs, the rarest first; what stands for others is left out."""
        counts = zip(self.vocabulary.idx2char, self.counts.tolist(), strict=True)
        special = _SPECIAL if self._encoded.rare[0] else BOUNDARY
        found = {each: count for each, count in counts if count and each not in special}
        return dict(sorted(found.items(), key=lambda item: item[1]))

    @property
    def documents(self) -> int:
        """How many documents there are."""
        return max(1, self._boundaries - 1)

    @property
    def _boundaries(self) -> int:
        return int(self.counts[0]) if BOUNDARY in self.vocabulary else 0

    @property
    def start(self) -> str:
        """What generation starts from when nobody gives a prompt.

        The boundary before a document, else a newline, where there is one.
        """
        starts = (BOUNDARY, "\n", self.vocabulary.idx2char[self.ids[0]])
        return next(each for each in starts if each in self.vocabulary)


def encode(
    pieces: Iterable[str],
    *,
    name: str,
    preparation: PreparationConfig,
    known: BaseVocabulary | None = None,
    store: Store | None = None,
) -> Encoded:
    """The ids of a text that comes in pieces, prepared."""
    encoder = Encoder(Memory() if store is None else store, name)
    for piece in pieces:
        encoder.add(piece)
    return encoder.finish(min_count=preparation.min_count, known=known)


def read_corpus(
    paths: Paths,
    reading: ReadingConfig = ReadingConfig(),
    preparation: PreparationConfig = PreparationConfig(),
    *,
    known: BaseVocabulary | None = None,
    cache: str | Path | None = None,
    progress: Progress | None = None,
) -> Corpus:
    """Read files, folders, globs, or standard input ("-").

    Several files are as many documents. A byte order mark is dropped; `notes` say so. Any
    encoding that Python knows by name will do. A text too long for memory is kept as ids in a
    file, which serves the next time too while the sources are unchanged.

    Args:
        paths: one or several.
        reading: which files, and how to read them.
        preparation: what to do to the text before it is learned.
        known: the characters of a model that is to learn this text.
        cache: the folder for long texts; None takes $CHARGEN_CACHE, else the system's.
        progress: is told how many bytes are read, of how many.

    Raises:
        CorpusError: if there is no such file, it cannot be read, or it is not a text to learn from.
        EncodingError: if the bytes are not text in the encoding; the byte offset is named.
        StorageError: if the cache cannot be written.
    """
    reader = Reader(paths, reading, preparation, documents=_has_documents(known), progress=progress)
    characters = [known.vocabulary.idx2char, known.grow] if known is not None else []
    request = [absolute(paths), reading.to_json(), preparation.to_json(), *characters]
    place = Cache(cache_folder(cache), request)
    make = partial(Corpus, preparation=preparation, known=known)
    found = place.find(reader.paths) if reader.paths is not None else None
    if found is not None:
        encoded, entry = found
        notes = (*entry.notes, f"Read from the cache: {place.folder / entry.name}.")
        return make(encoded, reader.name, entry.encoding, notes)
    with SpillingStore(place.building) as store:
        pieces = prepared(reader.pieces(), preparation)
        encoded = encode(
            pieces, name=reader.name, preparation=preparation, known=known, store=store
        )
        if reader.label_recorder is not None:
            encoded = replace(encoded, labels=reader.label_recorder.finish(encoded.ids))
        notes = tuple(reader.notes())
        if store.spilled and reader.paths is not None:
            entry = place.keep(encoded, reader.fingerprints, reader.encoding, notes)
            kept = place.folder / entry.name
            notes += (f"Kept for the next time: {kept}, {encoded.ids.nbytes / 1e6:,.0f} MB.",)
    return make(encoded, reader.name, reader.encoding, notes)


def _has_documents(known: BaseVocabulary | None) -> bool:
    return known is not None and BOUNDARY in known.vocabulary


def _checked(pieces: Iterable[str], name: str) -> Iterator[str]:
    for piece in pieces:
        refuse_nul(piece, name)
        yield piece


def _encoded(
    text: str | Iterable[str],
    names: Sequence[str] | None,
    name: str,
    preparation: PreparationConfig,
    known: BaseVocabulary | None,
) -> Encoded:
    """The ids of a text or of several, and the labels of these, if there are `names`."""
    if isinstance(text, str):
        if not _has_documents(known) and names is None:
            pieces = prepared(_checked([text], name), preparation)
            return encode(pieces, name=name, preparation=preparation, known=known)
        text = [text]
    label_recorder = LabelRecorder()
    documents = _documents(_checked(text, name), names, label_recorder)
    pieces = prepared(label_recorder.watched(mark_boundaries(documents)), preparation)
    encoded = encode(pieces, name=name, preparation=preparation, known=known)
    return encoded if names is None else replace(encoded, labels=label_recorder.finish(encoded.ids))


def _documents(
    texts: Iterable[str], names: Sequence[str] | None, label_recorder: LabelRecorder
) -> Iterator[str]:
    number = 0
    for number, text in enumerate(texts, 1):
        yield BOUNDARY
        if names is not None and number <= len(names):
            label_recorder.begin(names[number - 1])
        yield text
    if names is not None and number != len(names):
        raise CorpusError(f"There are {len(names):,} labels for {number:,} documents.")


def _notes(encoded: Encoded) -> Iterator[str]:
    if encoded.line_ending in ("CRLF", "CR"):
        yield f"Line endings are {encoded.line_ending} and are kept: the model will write them too."
    distinct, count = encoded.rare
    if distinct:
        yield (
            f"{distinct:,} rare characters, {count:,} in all, are read as one unknown, "
            "which is never written."
        )
