"""From pieces of text to ids in one pass, though the vocabulary is known only at its end."""

import hashlib
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from chargen.corpus.labels import Labels
from chargen.errors import CorpusError
from chargen.text.characters import code_points, describe, enumerate_some, refuse_surrogates
from chargen.text.vocabulary import BOUNDARY, RARE, Ids, Vocabulary

_ALL_CODES = 0x110000  # the number of code points
_LATIN_CODES = 0x100  # the number of those that Latin-1 has
_MAX_AT_ONCE = 1 << 18  # characters encoded together, so that they stay in the processor's cache


@dataclass(frozen=True, eq=False)
class Encoded:
    """A text as ids, and what was counted on the way."""

    ids: Ids  # shape [characters and boundaries], of the narrowest type
    vocabulary: Vocabulary
    counts: NDArray[np.int64]  # of each id, shape [vocab_size]
    sha256: str  # of the text's UTF-8 form, boundaries and rare characters as they were
    rare: tuple[int, int] = (0, 0)  # distinct characters folded into one, and how many in all
    labels: Labels | None = None  # of the documents, if they have any
    line_ends: dict[str, int] = field(default_factory=dict)  # by kind, before it was prepared


@dataclass(frozen=True)
class BaseVocabulary:
    """The vocabulary of a model that is to learn a new text, all of which the new one contains.

    Args:
        vocabulary: the model's characters.
        grow: whether the text's own characters are added; if not, they are read as `RARE`, if the
            model has that.
        labels: the model's labels, to which the text's own are added.
    """

    vocabulary: Vocabulary
    grow: bool = True
    labels: tuple[str, ...] = ()


class IdStore:
    """Keeps ids in the order of first appearance, and in the end replaces them by final ones."""

    def __init__(self) -> None:
        self._parts: list[Ids] = []

    def append(self, ids: Ids) -> None:
        """Keep some more ids."""
        self._parts.append(ids)

    def finish(self, final: Ids) -> Ids:
        """Return all ids kept, `final[id]` for each, of the type of `final`."""
        whole = np.empty(sum(map(len, self._parts)), final.dtype)
        end = len(whole)
        while self._parts:  # free each part at once, so that the peak of memory stays low
            part = self._parts.pop()
            np.take(final, part, out=whole[end - len(part) : end], mode="clip")
            end -= len(part)
        return whole


class CharacterTable:
    """Looks up the ids of characters.

    Args:
        codes: the known code points, in the order of their ids.
    """

    def __init__(self, codes: NDArray[np.uint32]) -> None:
        # The highest number marks unknown characters, so it cannot be an id.
        dtype = np.min_scalar_type(len(codes))
        self.unknown = int(np.iinfo(dtype).max)
        self._ids = np.full(_ALL_CODES, self.unknown, dtype)
        self._ids[codes] = np.arange(len(codes), dtype=dtype)
        self._latin = self._ids[:_LATIN_CODES].tobytes() if dtype == np.uint8 else None

    def look_up(self, text: str) -> Ids:
        """Return the id of each character, `unknown` where there is none; shape [len(text)]."""
        if self._latin is not None:
            try:
                return np.frombuffer(text.encode("latin-1").translate(self._latin), np.uint8)
            except UnicodeEncodeError:
                pass
        return np.take(self._ids, code_points(text), mode="clip")


class Encoder:
    """Takes a text piece by piece, and returns its ids at the end.

    Until then, a character's id is its place in the order of first appearance.

    Args:
        store: keeps the ids.
        name: what messages call the text.
    """

    def __init__(self, store: IdStore, name: str) -> None:
        self._store, self._name = store, name
        self._codes = np.empty(0, np.uint32)  # in the order of first appearance
        self._counts = np.empty(0, np.int64)
        self._table = CharacterTable(self._codes)
        self._digest = hashlib.sha256()

    def add(self, text: str) -> None:
        """Read the next piece.

        Raises:
            CorpusError: if it holds lone surrogates.
        """
        for start in range(0, len(text), _MAX_AT_ONCE):
            piece = text[start : start + _MAX_AT_ONCE]
            ids = self._table.look_up(piece)
            if ids.max() == self._table.unknown:
                self._learn(np.unique(code_points(piece)[ids == self._table.unknown]))
                ids = self._table.look_up(piece)
            self._counts += np.bincount(ids, minlength=len(self._codes))
            self._digest.update(piece.encode())
            self._store.append(ids)

    def _learn(self, codes: NDArray[np.uint32]) -> None:
        refuse_surrogates(codes)
        self._codes = np.concatenate([self._codes, codes])
        self._counts = np.concatenate([self._counts, np.zeros(len(codes), np.int64)])
        self._table = CharacterTable(self._codes)

    def finish(self, *, min_count: int = 1, known: BaseVocabulary | None = None) -> Encoded:
        """Return the whole text.

        Args:
            min_count: characters seen less often are read as `RARE`.
            known: characters that the vocabulary has in any case; they are never rare.

        Raises:
            CorpusError: if there was no text, or fewer than two distinct characters are left of it;
                if there are characters outside a vocabulary that may not grow and has no `RARE`.
        """
        required = code_points(known.vocabulary.idx2char if known is not None else "")
        rare = ~np.isin(self._codes, [ord(BOUNDARY), *required])
        if known is None or known.grow:
            rare &= self._counts < min_count
        self._check(rare, min_count, known)
        kept = np.where(rare, ord(RARE), self._codes).astype("<u4")
        codes = np.unique(np.concatenate([kept, required]))
        order = np.searchsorted(codes, kept).astype(np.min_scalar_type(len(codes) - 1))
        counts = np.bincount(order, self._counts, len(codes)).astype(np.int64)
        return Encoded(
            self._store.finish(order),
            Vocabulary(codes.tobytes().decode("utf-32-le")),
            counts,
            self._digest.hexdigest(),
            (int(rare.sum()), int(self._counts[rare].sum())),
        )

    def _check(self, rare: NDArray[np.bool_], min_count: int, known: BaseVocabulary | None) -> None:
        """Refuse a text of which too little is left; `rare` says what is read as `RARE`."""
        names = [describe(chr(code)) for code in self._codes if code != ord(BOUNDARY)]
        if not names:
            raise CorpusError(f"{self._name} is empty; a corpus needs text to learn from.")
        if len(names) < 2:
            raise CorpusError(
                f"{self._name} repeats one character, {names[0]}; "
                "there is nothing to learn. At least two distinct characters are needed."
            )
        if not rare.any():
            return
        fixed = known is not None and not known.grow
        if known is not None and fixed and (min_count <= 1 or RARE not in known.vocabulary):
            new = enumerate_some([describe(chr(code)) for code in self._codes[rare]])
            raise CorpusError(
                f"{self._name} holds characters that the model never saw: {new}; let its "
                "vocabulary grow, or leave them out of the text."
            )
        own = ~np.isin(self._codes, (ord(BOUNDARY), ord(RARE)))
        if (own & ~rare).sum() >= 2:
            return
        if fixed:
            raise CorpusError(
                f"{self._name} has fewer than two of the characters that the model knows; let its "
                "vocabulary grow."
            )
        counts = zip(self._counts[own].tolist(), self._codes[own].tolist(), strict=True)
        commonest = [f"{describe(chr(code))} {n:,}×" for n, code in sorted(counts, reverse=True)]
        raise CorpusError(
            f"{self._name} has fewer than two characters that occur {min_count:,} times; the "
            f"most common are {', '.join(commonest[:2])}. Lower min_count (--min-count)."
        )
