"""What is held out: the end of a text, or that of each label's."""

import numpy as np
import pytest

from chargen.corpus import split as holdout
from chargen.corpus.corpus import Corpus
from chargen.corpus.split import train_validation_split
from chargen.errors import CorpusError


@pytest.mark.parametrize("fraction", [0.0, 0.05, 0.1, 0.3, 0.5])
@pytest.mark.parametrize("characters", [40, 41, 1000, 12345])
def test_split_holds_out_the_end(characters, fraction):
    corpus = Corpus("ab" * (characters // 2) + "a" * (characters % 2))
    spans, held_out = train_validation_split(corpus, fraction)
    training = corpus.ids[spans.positions(np.arange(len(spans)))]
    np.testing.assert_array_equal(np.concatenate([training, held_out.ids]), corpus.ids)
    assert 0 <= len(held_out) - characters * fraction <= 1
    assert held_out.labels is None


def test_split_holds_out_a_million_characters_at_most():
    training, held_out = train_validation_split(Corpus("ab" * 5_500_000), 0.1)
    assert (len(training), len(held_out)) == (10_000_000, 1_000_000)


def test_split_refuses_a_part_too_short_to_predict_in():
    with pytest.raises(CorpusError, match=r"10 characters leaves 1 .*--validation-fraction 0\.1"):
        train_validation_split(Corpus("ab" * 5), 0.1)


def decoded(corpus, ids):
    return corpus.vocabulary.decode(ids)


def test_the_end_of_each_labels_text_is_held_out():
    texts = ["a" * 99, "b" * 49, "A" * 99, "b" * 49]
    corpus = Corpus(texts, labels=["a", "b", "a", "b"])
    spans, held_out = train_validation_split(corpus, 0.1)
    learned = decoded(corpus, corpus.ids[spans.positions(np.arange(len(spans)))])
    assert learned == "\0" + "a" * 99 + "\0" + "b" * 49 + "\0" + "A" * 79 + "\0" + "b" * 39
    assert decoded(corpus, held_out.ids) == "\0" + "A" * 20 + "\0" + "b" * 10 + "\0"
    assert held_out.labels.tolist() == [0] * 21 + [1] * 12


def test_what_begins_where_a_document_does_needs_no_other_boundary():
    corpus = Corpus(["a" * 89, "A" * 9, "b" * 99], labels=["a", "a", "b"])
    _, held_out = train_validation_split(corpus, 0.1)
    assert decoded(corpus, held_out.ids) == "\0AAAAAAAAA\0" + "b" * 10 + "\0"


def test_labels_share_the_limit(monkeypatch):
    monkeypatch.setattr(holdout, "MAX_HELD_OUT", 60)
    corpus = Corpus(["a" * 999, "b" * 1999], labels=["a", "b"])
    spans, held_out = train_validation_split(corpus, 0.1)
    assert decoded(corpus, held_out.ids) == "\0" + "a" * 20 + "\0" + "b" * 40 + "\0"
    assert len(spans) == 2940


def test_labels_too_short_to_hold_anything_out():
    corpus = Corpus(["abc", "abcd"], labels=["a", "b"])
    with pytest.raises(CorpusError, match="leaves 0 for validation"):
        train_validation_split(corpus, 0.1)
    spans, held_out = train_validation_split(corpus, 0)
    assert (len(spans), len(held_out)) == (9, 0)
