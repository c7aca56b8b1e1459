"""A text of one's own to measure on, and the warning of a part that is unlike the rest."""

from itertools import product

import numpy as np
import pytest

from chargen.config import PreparationConfig, ReadingConfig
from chargen.corpus.corpus import Corpus
from chargen.corpus.held_out import likeness_warning, read_held_out
from chargen.corpus.split import train_validation_split
from chargen.errors import CorpusError

PLAIN = ReadingConfig()


@pytest.fixture
def hold_out(tmp_path):
    """Reads a text from a file as the validation part of a corpus; gives it back decoded."""

    def read(text, corpus, reading=PLAIN):
        path = tmp_path / "own.txt"
        path.write_text(text, newline="")
        held_out = read_held_out(str(path), reading, corpus)
        return corpus.vocabulary.decode(held_out.ids), held_out

    return read


def test_it_is_prepared_as_the_corpus_was(hold_out):
    corpus = Corpus("abc\n" * 9, preparation=PreparationConfig(lowercase=True, newlines="unix"))
    assert hold_out("AbC\r\n", corpus)[0] == "abc\n"


def test_it_is_cut_into_documents_as_the_corpus_was(hold_out):
    reading = ReadingConfig(document_separator="\n")
    text, _ = hold_out("ab\nc\n", Corpus(["abc", "ab"]), reading)
    assert text == "\0ab\0c\0"


def test_what_the_corpus_does_not_have_is_left_out_and_told(hold_out):
    text, held_out = hold_out("a€b€c", Corpus("abcabc"))
    assert text == "abc"
    (note,) = (note for note in held_out.notes if note.startswith("Warning"))
    assert "2 characters" in note
    assert "U+20AC" in note


def test_an_unknown_character_stands_for_them(hold_out):
    corpus = Corpus("abcabc!", preparation=PreparationConfig(min_count=2))
    text, held_out = hold_out("a€b", corpus)
    assert text == f"a{corpus.tokenizer.unknown}b"
    assert not any(note.startswith("Warning") for note in held_out.notes)


def test_rare_characters_are_told_too_where_none_stands_for_them(hold_out):
    text, held_out = hold_out("a€b", Corpus("abcabc", preparation=PreparationConfig(min_count=2)))
    assert text == "ab"
    assert any(note.startswith("Warning: 1 characters") for note in held_out.notes)


def test_boundaries_are_no_unknown_characters(hold_out, tmp_path):
    corpus = Corpus("abcabc!", preparation=PreparationConfig(min_count=2))  # one document
    folder = tmp_path / "own"
    folder.mkdir()
    for name in ("one.txt", "two.txt"):
        (folder / name).write_text("a€b")
    held_out = read_held_out(str(folder), PLAIN, corpus)
    assert corpus.vocabulary.decode(held_out.ids) == f"a{corpus.tokenizer.unknown}b" * 2


def test_labels_are_those_of_the_corpus(hold_out):
    corpus = Corpus(["abc", "cba"], labels=["one", "two"])
    _, held_out = hold_out("ab", corpus, ReadingConfig(label=("two=*",)))
    assert held_out.labels.tolist() == [1] * 4
    with pytest.raises(CorpusError, match="has the label 'three'"):
        hold_out("ab", corpus, ReadingConfig(label=("three=*",)))
    with pytest.raises(CorpusError, match="--label"):
        hold_out("ab", corpus)


def test_too_short(hold_out):
    with pytest.raises(CorpusError, match="has 1 characters"):
        hold_out("a€", Corpus("ab" * 9))


LIST = ["".join(each) for each in product("abcdefghijkl", "aeiou", "lmnrst", "aeiou", "dn")]


@pytest.mark.parametrize(
    ("text", "validation", "is_unlike"),
    [
        (LIST, "spread", False),
        (LIST, "end", True),  # in the order of the alphabet
        ("\n".join(np.random.default_rng(0).permutation(LIST)), "end", False),
        ("\n".join(LIST) * 5 + "GNU LICENSE 1234567890 XYZ. " * 200, "end", True),
    ],
)
def test_an_unlike_part_is_warned_of(text, validation, is_unlike):
    corpus = Corpus(text)
    spans, held_out = train_validation_split(corpus, 0.1, validation=validation)
    warning = likeness_warning(corpus, spans, held_out)
    assert (warning is not None) == is_unlike
    if warning:
        assert warning.startswith("Warning: the held-out part is unlike the rest")


def test_a_short_part_says_nothing():
    corpus = Corpus("ab" * 500 + "ccccc")
    spans, held_out = train_validation_split(corpus, 0.1, validation="end")
    assert likeness_warning(corpus, spans, held_out) is None
