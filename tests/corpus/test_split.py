"""What is held out: documents drawn by the seed, stretches of a text, or the end."""

from itertools import pairwise, product

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
    spans, held_out = train_validation_split(corpus, fraction, validation="end")
    training = corpus.ids[spans.positions(np.arange(len(spans)))]
    np.testing.assert_array_equal(np.concatenate([training, held_out.ids]), corpus.ids)
    assert 0 <= len(held_out) - characters * fraction <= 1
    assert held_out.labels is None


@pytest.mark.parametrize("validation", ["end", "spread"])
def test_split_holds_out_a_million_characters_at_most(validation):
    corpus = Corpus("ab" * 5_500_000)
    training, held_out = train_validation_split(corpus, 0.1, validation=validation)
    assert (len(training), len(held_out)) == (10_000_000, 1_000_000)


def test_split_refuses_a_part_too_short_to_predict_in():
    with pytest.raises(CorpusError, match=r"10 characters leaves 1 .*--validation-fraction 0\.1"):
        train_validation_split(Corpus("ab" * 5), 0.1)


def decoded(corpus, ids):
    return corpus.vocabulary.decode(ids)


def test_the_end_of_each_labels_text_is_held_out():
    texts = ["a" * 99, "b" * 49, "A" * 99, "b" * 49]
    corpus = Corpus(texts, labels=["a", "b", "a", "b"])
    spans, held_out = train_validation_split(corpus, 0.1, validation="end")
    learned = decoded(corpus, corpus.ids[spans.positions(np.arange(len(spans)))])
    assert learned == "\0" + "a" * 99 + "\0" + "b" * 49 + "\0" + "A" * 79 + "\0" + "b" * 39
    assert decoded(corpus, held_out.ids) == "\0" + "A" * 20 + "\0" + "b" * 10 + "\0"
    assert held_out.labels.tolist() == [0] * 21 + [1] * 12


def test_what_begins_where_a_document_does_needs_no_other_boundary():
    corpus = Corpus(["a" * 89, "A" * 9, "b" * 99], labels=["a", "a", "b"])
    _, held_out = train_validation_split(corpus, 0.1, validation="end")
    assert decoded(corpus, held_out.ids) == "\0AAAAAAAAA\0" + "b" * 10 + "\0"


def test_labels_share_the_limit(monkeypatch):
    monkeypatch.setattr(holdout, "MAX_HELD_OUT", 60)
    corpus = Corpus(["a" * 999, "b" * 1999], labels=["a", "b"])
    spans, held_out = train_validation_split(corpus, 0.1, validation="end")
    assert decoded(corpus, held_out.ids) == "\0" + "a" * 20 + "\0" + "b" * 40 + "\0"
    assert len(spans) == 2940


def test_labels_too_short_to_hold_anything_out():
    corpus = Corpus(["abc", "abcd"], labels=["a", "b"])
    with pytest.raises(CorpusError, match="leaves 0 for validation"):
        train_validation_split(corpus, 0.1, validation="end")
    spans, held_out = train_validation_split(corpus, 0)
    assert (len(spans), len(held_out)) == (9, 0)


NAMES = ["".join(name) for name in product("abcdefghij", repeat=3)]  # in the order of the alphabet


def learned_documents(corpus, spans):
    text = decoded(corpus, corpus.ids[spans.positions(np.arange(len(spans)))])
    return text.strip("\0").split("\0")


def test_documents_are_drawn_from_everywhere_and_learned_in_another_order():
    corpus = Corpus(NAMES)
    spans, held_out = train_validation_split(corpus, 0.1)
    learned, drawn = learned_documents(corpus, spans), decoded(corpus, held_out.ids)
    assert drawn.startswith("\0")
    assert drawn.endswith("\0")
    drawn = drawn.strip("\0").split("\0")
    assert sorted([*learned, *drawn]) == NAMES
    assert len(drawn) == 100
    assert len({name[0] for name in drawn}) == 10  # all letters of an alphabetical list
    moved = [abs(NAMES.index(name) - place) for place, name in enumerate(learned)]
    assert np.mean(moved) > 200


def test_the_seed_alone_decides():
    corpus = Corpus(NAMES)

    def split(seed):
        spans, held_out = train_validation_split(corpus, 0.1, seed=seed)
        return learned_documents(corpus, spans), decoded(corpus, held_out.ids)

    assert split(1) == split(1)
    assert split(1)[0] != split(2)[0]
    assert split(1)[1] != split(2)[1]


@pytest.mark.parametrize(("lines", "stretches"), [(40, 1), (1000, 3), (4000, 10)])
def test_stretches_of_one_text_are_spread_over_it_and_made_of_lines(lines, stretches):
    text = "".join(f"line {number:05}\n" for number in range(lines))
    corpus = Corpus(text)
    spans, held_out = train_validation_split(corpus, 0.1)
    numbers = [int(line[5:]) for line in decoded(corpus, held_out.ids).splitlines()]
    starts = [number for before, number in pairwise([-9, *numbers]) if number != before + 1]
    assert len(starts) == stretches
    assert len(numbers) == pytest.approx(lines / 10, rel=0.2)
    assert min(starts) < lines / stretches
    assert max(np.diff([0, *starts, lines])) < 1.2 * lines / stretches
    learned = decoded(corpus, corpus.ids[spans.positions(np.arange(len(spans)))]).splitlines()
    assert sorted([int(line[5:]) for line in learned] + numbers) == list(range(lines))
    assert len(spans.cuts) == stretches


def test_a_long_document_gives_stretches_and_short_ones_are_drawn():
    book = "".join(f"{number:05}\n" for number in range(5000))
    corpus = Corpus([book, *NAMES])
    spans, held_out = train_validation_split(corpus, 0.1)
    lines, names = [], []
    for document in decoded(corpus, held_out.ids).strip("\0").split("\0"):
        (names if document in NAMES else lines).append(document)
    assert len(names) == 100
    assert len("".join(lines)) == pytest.approx(3000, rel=0.1)
    assert len(lines) == 10
    # Where a stretch was cut out of the book, the state is not carried across; elsewhere it may be.
    assert len(spans.cuts) == 10
    assert (corpus.ids[spans.starts[spans.cuts]] != 0).all()


def test_a_tenth_of_each_label_is_held_out():
    corpus = Corpus(NAMES, labels=["few" if name < "b" else "many" for name in NAMES])
    _, held_out = train_validation_split(corpus, 0.1)
    few = corpus.label_names.index("few")
    for document, label in zip(
        decoded(corpus, held_out.ids).strip("\0").split("\0"), held_out.labels[1::4], strict=True
    ):
        assert (label == few) == document.startswith("a")
    assert np.bincount(held_out.labels[held_out.ids != 0]).tolist() == [30, 270]


@pytest.mark.slow
def test_a_long_text_is_held_out_without_reading_all_of_it(monkeypatch):
    monkeypatch.setattr(holdout, "MAX_SHUFFLED", 1000)
    corpus = Corpus(NAMES * 100)
    spans, held_out = train_validation_split(corpus, 0.1)
    learned = learned_documents(corpus, spans)
    assert set(learned) | set(decoded(corpus, held_out.ids).split("\0")) == {"", *NAMES}
    assert len(spans.starts) == len(spans.cuts) + 1 + 133 - len(spans.cuts)  # of 300 characters
    assert len(spans.cuts) == 0  # as each stretch ends where a document does
    assert len(spans) + len(held_out) == len(corpus.ids) + 1


def test_nothing_held_out_shuffles_all():
    corpus = Corpus(NAMES)
    spans, held_out = train_validation_split(corpus, 0)
    learned = learned_documents(corpus, spans)
    assert len(held_out) == 0
    assert sorted(learned) == NAMES != learned
