"""The split of a corpus into the part that is learned and the part that is held out."""

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
    """Return the training part, as spans of the corpus's ids, and the validation part.

    The validation part is the end of the text or, where there are labels, the ends of each
    label's text; at most a million characters in all.

    Raises:
        CorpusError: if a validation part is asked for and comes out shorter than two characters,
            too short to predict one from another.
    """
    characters = len(corpus.ids)
    if corpus.labels is None:
        cut = max(int(characters * (1 - validation_fraction)), characters - MAX_HELD_OUT)
        training = Spans.of(np.array([0]), np.array([cut]))
        ends = Spans.of(np.array([cut]), np.array([characters]))
    else:
        training, ends = corpus.labels.split(validation_fraction, MAX_HELD_OUT)
    if validation_fraction and len(ends) < 2:
        raise CorpusError(
            f"A corpus of {characters:,} characters leaves {len(ends)} for validation at "
            f"--validation-fraction {validation_fraction:g}, and at least 2 are needed; give more "
            "text, a larger fraction, or 0 to hold out nothing."
        )
    if corpus.labels is None or not len(ends):
        return training, HeldOut(corpus.ids[characters - len(ends) :])
    return training, _copied(corpus, ends, corpus.labels.at(ends.starts))


def _copied(corpus: Corpus, spans: Spans, labels: Ids) -> HeldOut:
    """Return a copy of the spans, each of which has one of `labels`.

    A span that begins within a document is given a boundary, so that it is read from a zero state
    as if a document began there.
    """
    boundary = corpus.vocabulary.encode(BOUNDARY).astype(corpus.ids.dtype)
    pieces, lengths = [], []
    for start, end in zip(spans.starts, spans.ends, strict=True):
        begins_document = corpus.ids[start] == boundary[0]
        pieces += [boundary[:0] if begins_document else boundary, corpus.ids[start:end]]
        lengths.append(len(pieces[-2]) + len(pieces[-1]))
    lengths[-1] += 1  # the boundary at the end of the last document
    return HeldOut(np.concatenate([*pieces, boundary]), np.repeat(labels, lengths))
