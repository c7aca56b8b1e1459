"""The split of a corpus into the part that is learned and the part that is held out."""

import hashlib
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from chargen.corpus.corpus import Corpus
from chargen.corpus.spans import Positions, Spans
from chargen.errors import CorpusError
from chargen.text.vocabulary import BOUNDARY, Ids

MAX_HELD_OUT = 1_000_000  # characters; more would take long to read and say no more
# Characters. Beyond, finding and sorting all documents would take long, and where the text is a
# file mapped into memory, another order would be as many reads from everywhere.
MAX_SHUFFLED = 1 << 24
_MIN_STRETCH = 300  # characters
# From a text that is one document; from one of a great many, within which a stretch ends where a
# document does.
_MAX_STRETCHES, _MAX_STRETCHES_OF_DOCUMENTS = 10, 1000
_SNAP = 4  # a stretch moves by at most this part of its length, to begin and end between lines


@dataclass(frozen=True, eq=False)
class HeldOut:
    """The validation part."""

    ids: Ids  # may be none
    labels: Ids | None = None  # the number of each one's label, if there are labels
    notes: tuple[str, ...] = ()  # sentences that say how it was read

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def sha256(self) -> str:
        """Return a fingerprint of the ids, in hexadecimal."""
        return hashlib.sha256(self.ids.astype("<u4").tobytes()).hexdigest()


@dataclass(frozen=True, eq=False)
class _Units:
    """What the text is made of, end to end: its documents, or longer parts of it."""

    starts: Positions
    ends: Positions
    groups: Positions  # the number of each one's label; 0 without labels


def train_validation_split(
    corpus: Corpus, validation_fraction: float, *, validation: str = "spread", seed: int = 0
) -> tuple[Spans, HeldOut]:
    """Return the training part, as spans of the corpus's ids, and the validation part.

    The validation part is at most a million characters. With "spread", it is made of documents that
    the seed draws, and the others are learned in an order that it draws too; from a document that
    is longer than half of the part, and so from a text that is a single one, it takes stretches,
    spread evenly and cut between lines. Where there are labels, this is done for each. A text of
    more than 16 million characters keeps its order, and a thousand stretches of it are held out,
    each a few documents, so that no more of it has to be read. With "end", the validation part is
    the end of the text, or of each label's.

    The same corpus and arguments give the same split.

    Args:
        corpus: the text.
        validation_fraction: how much of it, or of each label's text, to hold out.
        validation: "spread" or "end".
        seed: draws documents and their order.

    Raises:
        CorpusError: if a validation part is asked for and comes out shorter than two characters,
            too short to predict one from another.
    """
    characters = len(corpus.ids)
    if validation == "end":
        training, held_out = _end(corpus, validation_fraction)
    else:
        training, held_out = _spread(corpus, validation_fraction, seed)
    if validation_fraction and len(held_out) < 2:
        raise CorpusError(
            f"A corpus of {characters:,} characters leaves {len(held_out)} for validation at "
            f"--validation-fraction {validation_fraction:g}, and at least 2 are needed; give more "
            "text, a larger fraction, or 0 to hold out nothing."
        )
    if validation == "end" and corpus.labels is None:
        return training, HeldOut(corpus.ids[characters - len(held_out) :])
    return training, _copied(corpus, held_out)


def _end(corpus: Corpus, fraction: float) -> tuple[Spans, Spans]:
    if corpus.labels is not None:
        return corpus.labels.split(fraction, MAX_HELD_OUT)
    characters = len(corpus.ids)
    cut = max(int(characters * (1 - fraction)), characters - MAX_HELD_OUT)
    return Spans.whole(cut), Spans.of(np.array([cut]), np.array([characters]))


def _spread(corpus: Corpus, fraction: float, seed: int) -> tuple[Spans, Spans]:
    units = _units(corpus)
    share = min(fraction, MAX_HELD_OUT / len(corpus.ids))
    starts, ends = [units.starts[:0]], [units.ends[:0]]
    by_group = np.argsort(units.groups, kind="stable")
    firsts = np.flatnonzero(np.diff(units.groups[by_group], prepend=-1))
    if share:
        for number, members in enumerate(np.split(by_group, firsts[1:])):
            generator = np.random.default_rng((seed, number))
            group = replace(
                units, **{name: values[members] for name, values in vars(units).items()}
            )
            for drawn in _draw(corpus, group, share, generator):
                starts.append(drawn.starts)
                ends.append(drawn.ends)
    held_out = Spans.of(np.sort(np.concatenate(starts)), np.sort(np.concatenate(ends)))
    return _rest(corpus, units, held_out, seed), held_out


def _units(corpus: Corpus) -> _Units:
    """Return the documents; of a text too long to look for them, the stretches of its labels."""
    ids, labels = corpus.ids, corpus.labels
    if BOUNDARY in corpus.vocabulary and len(ids) <= MAX_SHUFFLED:
        places = np.flatnonzero(ids == 0)
        starts, ends = places[:-1], places[1:]
    elif labels is not None:
        starts, ends = labels.edges[:-1], labels.edges[1:]
    else:
        starts, ends = np.array([0]), np.array([len(ids)])
    groups = np.zeros(len(starts), np.int64) if labels is None else labels.at(starts)
    return _Units(starts, ends, groups)


def _draw(
    corpus: Corpus, units: _Units, share: float, generator: np.random.Generator
) -> tuple[Spans, Spans]:
    """Return units that together are `share` of all short ones, and stretches of the long ones."""
    lengths = units.ends - units.starts
    is_long = 2 * lengths > share * lengths.sum()
    short = generator.permutation(np.flatnonzero(~is_long))
    sums = np.cumsum(lengths[short])
    drawn = short[: np.searchsorted(sums, share * sums[-1:].sum(), side="right")]
    long = Spans(units.starts[is_long], units.ends[is_long])
    return Spans.of(units.starts[drawn], units.ends[drawn]), _stretches(corpus, long, share)


def _stretches(corpus: Corpus, units: Spans, share: float) -> Spans:
    """Return stretches spread over units, none of which goes from one unit into the next."""
    target = len(units) - int(len(units) * (1 - share))
    if not target:
        return Spans.of(np.zeros(0, np.int64), np.zeros(0, np.int64))
    most = _MAX_STRETCHES
    if BOUNDARY in corpus.vocabulary and len(corpus.ids) > MAX_SHUFFLED:
        most = _MAX_STRETCHES_OF_DOCUMENTS
    count = max(1, min(most, target // _MIN_STRETCH))
    length, found = target // count, []
    reached = -1
    for number in range(count):
        middle = units.positions(np.array(int((number + 0.5) / count * len(units))))
        unit = np.searchsorted(units.starts, middle, side="right") - 1
        least = max(reached, int(units.starts[unit]))
        most_end = int(units.ends[unit])
        start = max(least, min(int(middle) - length // 2, most_end - length))
        end = min(most_end, start + length)
        if least < start:
            start = _between_lines(corpus, start, length)
        if end < most_end:
            end = _between_lines(corpus, end, length)
        if start < end:
            found.append((start, end))
            reached = end
    pairs = np.array(found, np.int64).reshape(-1, 2)
    return Spans.of(pairs[:, 0], pairs[:, 1])


def _between_lines(corpus: Corpus, position: int, length: int) -> int:
    """Return the nearest place from `position` on where a document begins, or else a line."""
    near = corpus.ids[position : position + length // _SNAP]
    if BOUNDARY in corpus.vocabulary and len(found := np.flatnonzero(near == 0)):
        return position + int(found[0])
    line_end = corpus.vocabulary.char2idx.get("\n", -1)
    found = np.flatnonzero(near == line_end)
    return position + int(found[0]) + 1 if len(found) else position


def _rest(corpus: Corpus, units: _Units, held_out: Spans, seed: int) -> Spans:
    """Return what is not held out, documents in an order that the seed draws."""
    # Both sorts have one start for each end: every stretch held out cuts a unit, or covers it.
    starts = np.sort(np.concatenate([units.starts, held_out.ends]))
    ends = np.sort(np.concatenate([units.ends, held_out.starts]))
    filled = starts < ends
    starts, ends = starts[filled], ends[filled]
    numbers = np.searchsorted(units.starts, starts, side="right") - 1
    if BOUNDARY in corpus.vocabulary and len(corpus.ids) <= MAX_SHUFFLED:
        ranks = np.random.default_rng((seed, 0, 0)).permutation(len(units.starts))
        order = np.argsort(ranks[numbers], kind="stable")  # the pieces of a document in theirs
        starts, ends, numbers = starts[order], ends[order], numbers[order]
    cut = np.flatnonzero(starts != units.starts[numbers])
    if BOUNDARY in corpus.vocabulary:
        cut = cut[corpus.ids[starts[cut]] != 0]
    return Spans(starts, ends, cut)


def _copied(corpus: Corpus, spans: Spans) -> HeldOut:
    """Return a copy of the spans, with their labels.

    Where there are documents, a span that begins within one is given a boundary, so that it is read
    from a zero state as if a document began there. Else the spans are read as one text.
    """
    if BOUNDARY not in corpus.vocabulary or not len(spans):
        pieces = [
            corpus.ids[start:end] for start, end in zip(spans.starts, spans.ends, strict=True)
        ]
        return HeldOut(np.concatenate([corpus.ids[:0], *pieces]))
    boundary = corpus.vocabulary.encode(BOUNDARY).astype(corpus.ids.dtype)
    pieces, lengths = [], []
    for start, end in zip(spans.starts, spans.ends, strict=True):
        begins_document = corpus.ids[start] == boundary[0]
        pieces += [boundary[:0] if begins_document else boundary, corpus.ids[start:end]]
        lengths.append(len(pieces[-2]) + len(pieces[-1]))
    if corpus.ids[spans.ends[-1] - 1] != boundary[0]:  # the end of the text is one
        pieces.append(boundary)
        lengths[-1] += 1
    ids = np.concatenate(pieces)
    labels = None
    if corpus.labels is not None:
        labels = np.repeat(corpus.labels.at(spans.starts), lengths)
    return HeldOut(ids, labels)
