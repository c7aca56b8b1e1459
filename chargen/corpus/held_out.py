"""The held-out part: a text of the user's own, and whether the part is like the text learned."""

from pathlib import Path

import numpy as np

from chargen.config import ReadingConfig
from chargen.corpus.corpus import Corpus, read_corpus
from chargen.corpus.encoder import BaseVocabulary
from chargen.corpus.ngrams import held_out_losses
from chargen.corpus.spans import Spans
from chargen.corpus.split import HeldOut
from chargen.errors import CorpusError
from chargen.text.characters import describe, enumerate_some
from chargen.text.vocabulary import BOUNDARY, Ids

_MAX_COUNTED, _MAX_PREDICTED = 100_000, 25_000  # characters, so that it takes a moment only
_STRETCHES = 20
_MIN_PREDICTED = 500  # characters; fewer say nothing
# How much more a character may cost than in the rest: this part of it, and so many standard errors.
_MAX_EXCESS, _MAX_ERRORS = 0.1, 6.0


def read_held_out(
    path: str, reading: ReadingConfig, corpus: Corpus, *, cache: str | Path | None = None
) -> HeldOut:
    """Return a text that is to be the validation part, read and prepared as the corpus was.

    Characters that the corpus does not have are read as the unknown one, if there is one; else they
    are left out, and the notes say so.

    Raises:
        CorpusError: if it cannot be read, is too short, or has labels that the corpus has not.
    """
    known = BaseVocabulary(corpus.vocabulary, labels=corpus.label_names)
    text = read_corpus(path, reading, corpus.preparation, known=known, cache=cache)
    if new := sorted(set(text.label_names) - set(corpus.label_names)):
        raise CorpusError(
            f"{path} has the label {new[0]!r}, and the text to learn from does not; hold out a "
            "text whose labels are learned."
        )
    if corpus.labels is not None and text.labels is None:
        raise CorpusError(f"{path} has no label, which the text to learn from has; use --label.")
    own = {BOUNDARY: -1, **corpus.vocabulary.char2idx}  # of one document, it is no unknown one
    unknown = own.get(corpus.tokenizer.unknown or "", -1)
    table = np.array([own.get(each, unknown) for each in text.vocabulary.idx2char])
    ids = table[text.ids]
    labels = None if text.labels is None else text.labels.at(np.arange(len(ids)))
    kept = ids >= 0
    counts = zip(text.vocabulary.idx2char, table, text.counts.tolist(), strict=True)
    lost = {each: n for each, index, n in counts if index < 0 and n and each != BOUNDARY}
    notes = [*text.notes]
    if lost:
        shown = enumerate_some([describe(each) for each in lost])
        notes.append(
            f"Warning: {sum(lost.values()):,} characters of {path} are not in the text to learn "
            f"from, and were left out: {shown}."
        )
    ids = ids[kept].astype(corpus.ids.dtype)
    if len(ids) < 2:
        raise CorpusError(f"{path} has {len(ids)} characters to measure on, and 2 are needed.")
    return HeldOut(ids, labels if labels is None else labels[kept], tuple(notes))


def likeness_warning(corpus: Corpus, training: Spans, held_out: HeldOut) -> str | None:
    """Return a warning if counts of the training part predict the held-out part badly.

    That is: much worse than bigrams of the training part predict a fifth of it that was not
    counted, in stretches from all over it. (Longer n-grams would tell names and topics apart, which
    differ between any two parts of a novel.)
    """
    held = _sample(held_out.ids, Spans.whole(len(held_out)), _MAX_PREDICTED)
    sample = _sample(corpus.ids, training, _MAX_COUNTED + _MAX_PREDICTED)
    is_check = np.arange(len(sample)) * 5 * _STRETCHES // len(sample) % 5 == 2
    counted, check = sample[~is_check], sample[is_check]
    if min(len(held), len(check)) < _MIN_PREDICTED:
        return None
    vocab_size = corpus.vocabulary.vocab_size
    ours, usual = (held_out_losses(counted, each, vocab_size, 1)[-1] for each in (held, check))
    error = 1.5 * np.sqrt(1 / len(held) + 1 / len(check))
    if ours - usual < max(_MAX_EXCESS * usual, _MAX_ERRORS * error):
        return None
    return (
        f"Warning: the held-out part is unlike the rest: counting pairs of characters predicts it "
        f"with {ours:.2f} nats per character, and a part of the rest with {usual:.2f}. Its losses "
        "say little of what is learned; hold out another part (--validation)."
    )


def _sample(ids: Ids, spans: Spans, max_length: int) -> Ids:
    """Return the ids in spans, of more than `max_length` in evenly spread stretches."""
    if len(spans) <= max_length:
        places = np.arange(len(spans))
    else:
        length = max_length // _STRETCHES
        starts = np.linspace(0, len(spans) - length, _STRETCHES, dtype=np.int64)
        places = (starts[:, None] + np.arange(length)).ravel()
    return ids[spans.positions(places)]
