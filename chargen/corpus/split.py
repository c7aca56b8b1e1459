"""What of a corpus is learned, and what is held out to measure by."""

from dataclasses import dataclass

import numpy as np

from chargen.corpus.corpus import Corpus
from chargen.corpus.spans import Spans
from chargen.errors import CorpusError
from chargen.text.vocabulary import BOUNDARY, Ids

MAX_HELD_OUT = 1_000_000  # characters; more would take long to read and say no more


@dataclass(frozen=True, eq=False)
class HeldOut:
    """The validation part."""

    ids: Ids  # may be none
    labels: Ids | None = None  # the number of each one's label, if there are labels

    def __len__(self) -> int:
        return len(self.ids)


def train_validation_split(corpus: Corpus, validation_fraction: float) -> tuple[Spans, HeldOut]:
    """The training part, as spans of the corpus's ids, and the validation part.

    The latter is the end of the text or, where there are labels, the ends of each label's text;
    at most a million characters in all.

    Raises:
        CorpusError: if a validation part is asked for and comes out shorter than two characters,
            too short to predict one from another.
    """
    if corpus.labels is None:
        training, held_out = split(corpus.ids, validation_fraction)
        return Spans.of(np.array([0]), np.array([len(training)])), HeldOut(held_out)
    spans, ends = corpus.labels.split(validation_fraction, MAX_HELD_OUT)
    _check(len(corpus.ids), len(ends), validation_fraction)
    return spans, _joined(corpus, ends)


def split(ids: Ids, validation_fraction: float) -> tuple[Ids, Ids]:
    """The training part and, contiguous at the end, the validation part.

    Raises:
        CorpusError: as `train_validation_split` does.
    """
    cut = max(int(len(ids) * (1 - validation_fraction)), len(ids) - MAX_HELD_OUT)
    _check(len(ids), len(ids) - cut, validation_fraction)
    return ids[:cut], ids[cut:]


def _check(characters: int, held_out: int, validation_fraction: float) -> None:
    if validation_fraction and held_out < 2:
        raise CorpusError(
            f"A corpus of {characters:,} characters leaves {held_out} for validation at "
            f"--validation-fraction {validation_fraction:g}, and at least 2 are needed; give more "
            "text, a larger fraction, or 0 to do without."
        )


def _joined(corpus: Corpus, spans: Spans) -> HeldOut:
    """A copy of spans of a labelled corpus.

    One that begins within a document is given a boundary, so that it is read from a zero state
    as if a document began there.
    """
    if corpus.labels is None or not len(spans):
        return HeldOut(corpus.ids[:0])
    boundary = corpus.vocabulary.encode(BOUNDARY).astype(corpus.ids.dtype)
    pieces, labels = [], []
    numbers = corpus.labels.at(spans.starts)
    for start, end, number in zip(spans.starts, spans.ends, numbers, strict=True):
        piece = corpus.ids[start:end]
        if piece[0] != boundary[0]:
            piece = np.concatenate([boundary, piece])
        pieces.append(piece)
        labels.append(np.full(len(piece), number))
    pieces.append(boundary)  # the end of the last document
    return HeldOut(np.concatenate(pieces), np.concatenate([*labels, numbers[-1:]]))
