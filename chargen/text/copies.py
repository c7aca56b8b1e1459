"""Find passages of a text that stand, character for character, in a corpus too.

A suffix array (Manber and Myers 1990) keeps the places where the suffixes of a text start in the
order of the suffixes. That of the corpus read backwards lists all that ends somewhere in the
corpus, so one binary search finds the longest end of a new text that stands there.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import accumulate, chain

import numpy as np
from numpy.typing import NDArray

from chargen.config.arguments import check_arguments
from chargen.text.line_ends import LINE_END, split_lines
from chargen.text.vocabulary import BOUNDARY, Vocabulary

Places = NDArray[np.integer]

_KEPT = 10_000  # the last answers of each kind that an index keeps
_FIRST = 3  # characters, most of whose sequences are soon among those


def suffix_array(text: str) -> Places:
    """Return where the suffixes of `text` start, in the order of the suffixes, shape [len(text)].

    Suffixes are ordered by code points; one comes before the longer ones that begin with it.
    """
    from pydivsufsort import divsufsort

    if not text:
        return np.empty(0, np.int32)
    ids = Vocabulary(text).encode(text)
    order: Places = divsufsort(ids.astype(np.min_scalar_type(ids.max())))  # bytes are the fastest
    return order


@dataclass(frozen=True)
class Passage:
    """A piece of a text that stands in the corpus too.

    Args:
        text: the piece.
        start: where it starts in the text that was read, in characters from 0.
        position: where it first stands in the corpus, in characters from 0.
        line: the line of the corpus, from 1, of its first character that is no space.
        number: of several texts, the one that it stands in, from 0; position and line are in that.
    """

    text: str
    start: int
    position: int
    line: int
    number: int = 0


class CopyIndex:
    """A corpus in which passages are found quickly; never changed, so that trackers may share it.

    Args:
        text: the corpus; or several texts, across whose ends nothing is a passage.
        separator: what stood where a text has a boundary between two documents.
    """

    @check_arguments
    def __init__(self, text: str | Sequence[str], separator: str = "") -> None:
        texts = [text] if isinstance(text, str) else text
        self.text = BOUNDARY.join(texts)
        self._starts = list(accumulate((len(each) + 1 for each in texts[:-1]), initial=0))
        self._lines_of_separator = len(LINE_END.findall(separator))
        self._backwards = self.text[::-1]
        order = suffix_array(self._backwards)
        # A memoryview gives single numbers sooner than NumPy does. It does not know the byte order
        # that the type of divsufsort's arrays names, and this view's type does not name it.
        self._places = order.view(order.dtype.type).data
        # The same questions come again and again.
        self.followers = lru_cache(_KEPT)(self._followers)
        self._ranks = lru_cache(_KEPT)(self._search)

    @cached_property
    def lines_and_documents(self) -> frozenset[str]:
        """Return its lines and its documents, without the white space around them."""
        documents = self.text.split(BOUNDARY)
        lines = (line for document in documents for line in split_lines(document))
        return frozenset(text.strip() for text in chain(documents, lines))

    def passage(self, text: str, start: int) -> Passage:
        """Return a passage that stands in the corpus, with the first place where it does."""
        position = self.text.index(text)
        number = bisect_right(self._starts, position) - 1
        origin = self._starts[number]
        indent = (len(text) - len(text.lstrip())) % len(text)  # 0 if it is all space
        before = self.text[origin : position + indent]
        line = len(LINE_END.findall(before)) + before.count(BOUNDARY) * self._lines_of_separator
        return Passage(text, start, position - origin, line + 1, number)

    def longest(self, characters: Iterable[str]) -> "Passage | None":
        """Return the longest passage of a text that stands in the corpus, the first of several."""
        tracker = CopyTracker(self)
        for character in characters:
            tracker.read(character)
        return tracker.longest

    def longest_end(self, text: str) -> tuple[int, int]:
        """Find the longest end of `text` that stands in the corpus.

        Returns:
            Its length, and where it ends in the corpus: one place of perhaps several.
        """
        wanted = text[::-1]
        near = self._ranks(wanted[:_FIRST])
        key = self._beginning(len(wanted))
        rank = bisect_left(self._places, wanted, near.start, near.stop, key=key)
        size, place = 0, len(self.text)
        for each in self._places[max(rank - 1, 0) : rank + 1]:  # what is alike is side by side
            if (alike := self._alike(wanted, each)) > size:
                size, place = alike, each
        return size, len(self.text) - place

    def _alike(self, wanted: str, place: int) -> int:
        """Return how many characters `wanted` and the suffix at `place` begin with in common."""
        known = self._backwards[place : place + len(wanted)]
        if known == wanted:
            return len(wanted)
        pairs = enumerate(zip(wanted, known, strict=False))
        return next((size for size, (one, other) in pairs if one != other), len(known))

    def _followers(self, passage: str) -> frozenset[str]:
        """Return the characters that follow `passage` somewhere in the corpus."""
        if not passage:
            return frozenset(self.text)
        ranks = self._search(passage[::-1])
        # Backwards, what follows a passage stands before it; before the first place is nothing.
        places = self._places[ranks.start : ranks.stop]
        return frozenset(self._backwards[place - 1] for place in places if place)

    def _search(self, wanted: str) -> range:
        """Return the ranks of the suffixes that begin with `wanted`, or the empty range between."""
        key = self._beginning(len(wanted))
        first = bisect_left(self._places, wanted, key=key)
        return range(first, bisect_right(self._places, wanted, first, key=key))

    def _beginning(self, size: int) -> Callable[[int], str]:
        """Return a function that gives the first `size` characters of the suffix at a place."""
        backwards = self._backwards
        return lambda place: backwards[place : place + size]


class CopyTracker:
    """Reads one text, a character at a time, and keeps track of how much of its end is copied.

    Args:
        index: of the corpus.
    """

    def __init__(self, index: CopyIndex) -> None:
        self._index = index
        self._size, self._end = 0, 0  # what is copied, and where in the corpus it ends
        self._longest = (0, 0, 0)  # size, end in the corpus, start in the text
        self._read = 0

    @property
    def length(self) -> int:
        """Return the length of the longest end of the text that stands in the corpus."""
        return self._size

    @property
    def longest(self) -> Passage | None:
        """Return the longest copied passage so far, the first of several; None if there is none."""
        size, end, start = self._longest
        if not size:
            return None
        return self._index.passage(self._index.text[end - size : end], start)

    def read(self, character: str) -> None:
        """Read the next character."""
        self._read += 1
        corpus = self._index.text
        if corpus[self._end : self._end + 1] == character:
            self._size, self._end = self._size + 1, self._end + 1
        else:
            copied = corpus[self._end - self._size : self._end]
            self._size, self._end = self._index.longest_end(copied + character)
        if self._size > self._longest[0]:
            self._longest = (self._size, self._end, self._read - self._size)

    def extensions(self, limit: int) -> frozenset[str]:
        """Return the characters each of which would make the copied end longer than `limit`."""
        if self._size < limit:
            return frozenset()
        return self._index.followers(self._index.text[self._end - limit : self._end])
