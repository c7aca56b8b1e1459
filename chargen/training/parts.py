"""The two parts of a corpus: what is held out to measure on, and the streams that are learned."""

from pathlib import Path

from chargen.config import RunConfig
from chargen.corpus.corpus import Corpus
from chargen.corpus.held_out import read_held_out
from chargen.corpus.spans import Spans
from chargen.corpus.split import HeldOut, train_validation_split
from chargen.corpus.streams import Streams

_WITHIN = ("spread", "end")  # of the validation settings, those that take a part of the corpus


def split(corpus: Corpus, config: RunConfig, cache: str | Path | None) -> tuple[Spans, HeldOut]:
    """Return the training part and the validation part, as the settings say."""
    how, spans, held_out = config.training.validation, *_split(corpus, config)
    if how not in _WITHIN:
        held_out = read_held_out(how, config.reading, corpus, cache=cache)
    return spans, held_out


def training_spans(corpus: Corpus, config: RunConfig) -> Spans:
    """Return the training part alone, as `split` does."""
    return _split(corpus, config)[0]


def _split(corpus: Corpus, config: RunConfig) -> tuple[Spans, HeldOut]:
    """Split the corpus; where the validation part is another text, the whole is to be learned."""
    training = config.training
    how, seed = training.validation, training.seed
    if how in _WITHIN:
        given = training.validation_fraction
        return train_validation_split(corpus, given, validation=how, seed=seed)
    return train_validation_split(corpus, 0, seed=seed)


def cut(corpus: Corpus, spans: Spans, config: RunConfig) -> Streams:
    """Return the training part as streams.

    Raises:
        CorpusError: if it is shorter than one batch.
    """
    training = config.training
    return Streams(corpus.ids, training.batch_size, training.seq_length, spans, corpus.labels)
