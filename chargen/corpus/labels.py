"""Which style each document of a corpus is in: its label, known by its place in the text."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from chargen.corpus.memory_map import release
from chargen.corpus.sources import Source, bare_name
from chargen.corpus.spans import Spans
from chargen.errors import CorpusError
from chargen.text.vocabulary import BOUNDARY, Ids

_BLOCK = 1 << 22  # ids looked at together


@dataclass(frozen=True, eq=False)
class Labels:
    """The labels of a text's documents.

    Documents of one label that follow each other are one stretch. The boundary that begins a
    document has its label.
    """

    names: tuple[str, ...]  # sorted; the number of each is its rank
    edges: NDArray[np.int64]  # where each stretch begins, and the last ends; shape [stretches + 1]
    numbers: NDArray[np.int64]  # the label of each stretch, shape [stretches]
    documents: NDArray[np.int64]  # how many there are of each label, shape [names]

    def at(self, positions: NDArray[np.integer[Any]]) -> Ids:
        """The number of the label at each position of the text, in the shape of `positions`."""
        stretches = np.searchsorted(self.edges[1:-1], positions, side="right")
        return self.numbers[stretches].astype(np.int32)

    @property
    def characters(self) -> dict[str, int]:
        """How many characters each label has, by name."""
        counts = self._lengths() - self.documents  # without the boundaries
        return dict(zip(self.names, counts.tolist(), strict=True))

    def _lengths(self) -> NDArray[np.int64]:
        lengths = np.zeros(len(self.names), np.int64)
        np.add.at(lengths, self.numbers, np.diff(self.edges))
        return lengths

    def split(self, fraction: float, most: int) -> tuple[Spans, Spans]:
        """The text but for the end of each label's text, and these ends.

        Args:
            fraction: how much of each label's text its end is.
            most: how long all ends together may be.
        """
        lengths = self._lengths()
        left = (lengths * min(fraction, most / max(1, lengths.sum()))).astype(np.int64)
        starts, ends = self.edges[:-1], self.edges[1:]
        cuts = ends.copy()
        for stretch in reversed(range(len(cuts))):
            label = self.numbers[stretch]
            taken = min(left[label], ends[stretch] - starts[stretch])
            left[label] -= taken
            cuts[stretch] -= taken
        return Spans.of(starts, cuts), Spans.of(cuts, ends)

    def among(self, names: Iterable[str]) -> "Labels":
        """The same labels, numbered among all those of `names` too."""
        every = tuple(sorted({*self.names, *names}))
        ranks = {name: rank for rank, name in enumerate(every)}
        places = np.array([ranks[name] for name in self.names])
        documents = np.zeros(len(every), np.int64)
        documents[places] = self.documents
        return replace(self, names=every, numbers=places[self.numbers], documents=documents)

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        arrays = {name: getattr(self, name).tolist() for name in ("edges", "numbers", "documents")}
        return {"names": list(self.names), **arrays}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Self:
        """What `to_json` wrote."""
        arrays = (np.array(values[name], np.int64) for name in ("edges", "numbers", "documents"))
        return cls(tuple(values["names"]), *arrays)


class LabelRecorder:
    """Notes which document is labelled what, while documents stream by with boundaries between."""

    def __init__(self) -> None:
        self._boundaries = 0
        self._by_document: dict[int, str] = {}  # the first document of each stretch, and its label

    def watched(self, pieces: Iterable[str]) -> Iterator[str]:
        """The pieces of the text, without empty documents, as they come."""
        for piece in pieces:
            self._boundaries += piece.count(BOUNDARY)
            yield piece

    def begin(self, label: str) -> None:
        """The document that begins with the last boundary has this label, and so do the next."""
        self._by_document[self._boundaries - 1] = label

    def finish(self, ids: Ids) -> Labels:
        """The labels of the text, which became `ids`."""
        documents = self._boundaries - 1
        firsts = np.array(sorted(each for each in self._by_document if each < documents))
        labels = [self._by_document[each] for each in firsts.tolist()]
        names = tuple(sorted(set(labels)))
        ranks = {name: rank for rank, name in enumerate(names)}
        numbers = np.array([ranks[label] for label in labels], np.int64)
        counts = np.zeros(len(names), np.int64)
        np.add.at(counts, numbers, np.diff(firsts, append=documents))
        fresh = np.diff(numbers, prepend=-1) != 0  # not the label of the stretch before
        edges = np.append(_places_of_boundaries(ids, firsts[fresh]), len(ids) - 1)
        return Labels(names, edges, numbers[fresh], counts)


def _places_of_boundaries(ids: Ids, wanted: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where some of the boundaries stand, given by their rank, in order; their id is always 0."""
    places, before = [], 0
    for start in range(0, len(ids), _BLOCK):
        found = np.flatnonzero(ids[start : start + _BLOCK] == 0)
        inside = wanted[np.searchsorted(wanted, before) :]
        inside = inside[: np.searchsorted(inside, before + len(found))]
        places.append(found[inside - before] + start)
        before += len(found)
        release(ids)
    return np.concatenate(places)


def label_of(source: Source, rules: Sequence[str]) -> str:
    """The label of a file: what the first rule that fits says.

    Args:
        source: the file, or standard input, which is called "-".
        rules: each is "folder", the name of the folder that the file is in; "file", its own
            without what it ends in; or "NAME=PATTERN".

    Raises:
        CorpusError: if none fits.
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
        f"No --label fits {source}; add one that does, such as --label 'NAME=*' for all others"
        + (", or leave it out with --include." if source.folder is not None else ".")
    )
