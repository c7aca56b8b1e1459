"""Labels, which say what style each document of a corpus is in."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from chargen.corpus.memory_map import blocks
from chargen.corpus.sources import Source, bare_name
from chargen.corpus.spans import Spans
from chargen.errors import CorpusError
from chargen.text.vocabulary import BOUNDARY, Ids


@dataclass(frozen=True, eq=False)
class Labels:
    """The labels of a text's documents.

    Neighbouring documents with the same label are one stretch. The boundary that begins a document
    has the document's label.
    """

    names: tuple[str, ...]  # sorted; the number of each is its rank
    edges: NDArray[np.int64]  # where each stretch begins, and the last ends; shape [stretches + 1]
    numbers: NDArray[np.int64]  # the label of each stretch, shape [stretches]
    documents: NDArray[np.int64]  # how many there are of each label, shape [names]

    def at(self, positions: NDArray[np.integer[Any]]) -> Ids:
        """Return the label's number at each position of the text, in the shape of `positions`."""
        stretches = np.searchsorted(self.edges[1:-1], positions, side="right")
        return self.numbers[stretches].astype(np.int32)

    @property
    def characters(self) -> dict[str, int]:
        """Return how many characters each label has, by name."""
        counts = self._lengths() - self.documents  # without the boundaries
        return dict(zip(self.names, counts.tolist(), strict=True))

    def _lengths(self) -> NDArray[np.int64]:
        lengths = np.bincount(self.numbers, np.diff(self.edges), len(self.names))
        return lengths.astype(np.int64)

    def split(self, fraction: float, max_length: int) -> tuple[Spans, Spans]:
        """Cut off the end of each label's text.

        Args:
            fraction: how much of each label's text to cut off.
            max_length: how many characters to cut off in all, at most.

        Returns:
            What is left, and the ends.
        """
        lengths = self._lengths()
        left = (lengths * min(fraction, max_length / max(1, lengths.sum()))).astype(np.int64)
        starts, ends = self.edges[:-1], self.edges[1:]
        cuts = ends.copy()
        for stretch in reversed(range(len(cuts))):
            label = self.numbers[stretch]
            taken = min(left[label], ends[stretch] - starts[stretch])
            left[label] -= taken
            cuts[stretch] -= taken
        return Spans.of(starts, cuts), Spans.of(cuts, ends)

    def add_names(self, names: Iterable[str]) -> "Labels":
        """Return the same labels, numbered anew among their names and `names`."""
        every = tuple(sorted({*self.names, *names}))
        places = np.searchsorted(every, self.names)
        documents = np.zeros(len(every), np.int64)
        documents[places] = self.documents
        return replace(self, names=every, numbers=places[self.numbers], documents=documents)

    def to_json(self) -> dict[str, Any]:
        """Return the labels as values that JSON can hold."""
        return {name: np.asarray(value).tolist() for name, value in vars(self).items()}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Self:
        """Return the labels that `to_json` wrote."""
        names, *arrays = (values[field.name] for field in fields(cls))
        return cls(tuple(names), *(np.array(array, np.int64) for array in arrays))


class LabelRecorder:
    """Records the labels of documents while their text is read."""

    def __init__(self) -> None:
        self._boundaries = 0
        self._last: str | None = None
        self._by_document: dict[int, str] = {}  # the first document of each stretch, and its label

    def watch(self, pieces: Iterable[str]) -> Iterator[str]:
        """Pass on the pieces of a text without empty documents, counting its boundaries."""
        for piece in pieces:
            self._boundaries += piece.count(BOUNDARY)
            yield piece

    def begin(self, label: str) -> None:
        """Give this label to the document after the last boundary, and to all that follow."""
        if label != self._last:  # a table may have millions of rows
            self._by_document[self._boundaries - 1] = self._last = label

    def finish(self, ids: Ids) -> Labels | None:
        """Return the labels of the text whose ids are `ids`; None if it has none."""
        if not self._by_document:
            return None
        documents = self._boundaries - 1
        firsts = np.array(sorted(each for each in self._by_document if each < documents))
        labels = [self._by_document[each] for each in firsts.tolist()]
        names, numbers = np.unique(labels, return_inverse=True)
        counts = np.bincount(numbers, np.diff(firsts, append=documents)).astype(np.int64)
        changed = np.diff(numbers, prepend=-1) != 0  # where another label begins
        edges = np.append(_places_of_boundaries(ids, firsts[changed]), len(ids) - 1)
        return Labels(tuple(names.tolist()), edges, numbers[changed], counts)


def _places_of_boundaries(ids: Ids, wanted: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the positions of some boundaries, whose id is 0.

    `wanted` says which, in ascending order: 0 is the first boundary of the text.
    """
    places, start, passed = [], 0, 0  # passed: boundaries before this block
    for block in blocks(ids):
        found = np.flatnonzero(block == 0)
        inside = wanted[(passed <= wanted) & (wanted < passed + len(found))]
        places.append(found[inside - passed] + start)
        start, passed = start + len(block), passed + len(found)
    return np.concatenate(places)


def label_for_source(source: Source, rules: Sequence[str]) -> str:
    """Return the label of a file, by the first rule that fits.

    Args:
        source: the file, or standard input, which is called "-".
        rules: each is "folder", the name of the folder that the file is in; "file", the file's
            name without its endings; or "NAME=PATTERN".

    Raises:
        CorpusError: if no rule fits.
    """
    for rule in rules:
        if rule in ("folder", "file"):
            if source.path is None:
                raise CorpusError(
                    f"Standard input has no name for --label {rule}; give it one: --label NAME=-"
                )
            path = source.path.absolute()
            return bare_name(path) if rule == "file" else path.parent.name or str(path.parent)
        name, _, pattern = rule.partition("=")
        if source.fits(pattern):
            return name
    raise CorpusError(
        f"No --label matches {source}; add one that does, such as --label 'NAME=*' for all others"
        + (", or leave it out with --include." if source.folder is not None else ".")
    )
