"""Texts and lines that are to be new: unlike each other, and unlike a corpus."""

from copy import deepcopy

import numpy as np
import pytest

from chargen.config import SamplingConfig
from chargen.generation.batching import Request, generate_samples, stream_text
from chargen.generation.generate import Generator
from chargen.generation.novelty import MAX_REJECTED, NewLines, Novelty
from chargen.generation.stopping import StopCondition
from chargen.language_model import LanguageModel
from chargen.text.copies import CopyIndex
from tests.helpers import make_decoder_of


def test_what_was_written_or_stands_in_the_corpus_is_not_new():
    novelty = Novelty(CopyIndex("anna\n  berta \r\n\0two\nlines\0"))
    taken = ["anna", "berta", "two", "two\nlines", "", " \n", "ann", "ann ", "lines\ntwo"]
    assert [novelty.take(text) for text in taken] == [False] * 6 + [True, False, True]


def passed(text, *, stop=(), begun="", known=(), left=1_000):
    """What of each character's line comes through, by lines."""
    novelty = Novelty()
    for each in known:
        novelty.take(each)
    ending, pieces = StopCondition(SamplingConfig(stop=stop, length=left)), []
    lines = NewLines(novelty, begun, ending)
    for character in text:
        if (piece := lines.add(character)) is not None:
            pieces.append(piece)
            for each in piece:
                ending.add(each)
    return pieces, lines


def test_lines_that_are_not_new_are_left_out():
    assert passed("a\nb\na\n\nc\n", known=["c"])[0] == ["a\n", "b\n", "", "", ""]


def test_a_carriage_return_and_a_line_feed_are_one_line_end():
    assert passed("a\r\nb\r\na\r\nc\rd")[0] == ["a\r", "\n", "b\r", "\n", "", "", "c\r"]


def test_what_ends_a_text_passes_without_its_line():
    assert passed("a\na\0", stop=("\0",))[0] == ["a\n", "\0"]
    assert passed("a\naEND", stop=("END",))[0] == ["a\n", "END"]


def test_a_text_to_stop_at_may_begin_with_the_end_of_the_line_before():
    assert passed("a\nb\na", stop=("\na",))[0] == ["a\n", "b\n", "a"]
    assert passed("b\nc\na\n", stop=("\na\n",), known=["a", "c"])[0] == ["b\n", "", "a\n"]


def test_an_unfinished_line_is_told_at_the_length():
    assert passed("abc", left=3)[0] == ["abc"]
    assert passed("abc", left=3, known=["abc"])[0] == [""]


def test_blank_lines_pass_where_they_may_stop_the_text():
    assert passed("a\n\n", stop=("\n\n",))[0] == ["a\n", "\n"]


def test_a_prompt_belongs_to_its_line():
    out, lines = passed("na\n", begun="an", known=["anna"])
    assert (out, lines.is_spoilt) == ([""], True)
    out, lines = passed("na\nna\n", begun="an")
    assert (out, lines.is_spoilt) == (["na\n", "na\n"], False)


def test_too_many_in_a_row_are_enough():
    _, lines = passed("a\n" * MAX_REJECTED)
    assert not lines.is_stuck
    _, lines = passed("a\n" * (MAX_REJECTED + 1))
    assert lines.is_stuck


# With a network


@pytest.fixture
def model(make_checkpoint):
    """Writes words of a and b by pure chance, half of them of one letter."""
    made = make_checkpoint("rnn", units=(2,), characters="\n ab")
    for name, array in made.weights.items():
        array[:] = [0.5, -99, 0, 0] if name == "dense/bias" else 0
    return LanguageModel(made)


@pytest.fixture
def documents(make_checkpoint):
    """Writes documents of a and b, by pure chance."""
    made = make_checkpoint("rnn", units=(2,), characters="\0\nab")
    for name, array in made.weights.items():
        array[:] = [0.5, -99, 0, 0] if name == "dense/bias" else 0
    return LanguageModel(made)


ALL_SHORT = CopyIndex("a\nb\naa\nab\nba\nbb\n")


def test_samples_differ_from_each_other_and_from_the_corpus(documents):
    found = [each.text for each in documents.samples(n=60, seed=1, unique=True, copies=ALL_SHORT)]
    assert len(set(found)) == 60
    assert min(map(len, found)) == 3
    plain = [each.text for each in documents.samples(n=60, seed=1)]
    assert len(set(plain)) < 40


def test_they_are_the_plain_samples_without_those_that_are_not_new(documents):
    plain = {each.number: each.text for each in documents.samples(n=400, seed=1)}
    known, expected = set(), {}
    for number, text in plain.items():
        if text not in known:
            known.add(text)
            expected[number] = text
    found = {each.number: each.text for each in documents.samples(n=40, seed=1, unique=True)}
    assert list(found.items()) == list(expected.items())[:40]


@pytest.mark.parametrize("max_batch", [1, 3, 64])
def test_how_many_are_written_side_by_side_changes_nothing(documents, max_batch):
    def texts(n, max_batch):
        checkpoint = documents.checkpoint
        generator = Generator(checkpoint.tokenizer, SamplingConfig(seed=1, unique=True))
        requests = [Request(prompt, 0, n=n) for prompt in ("", "a")]
        samples = generate_samples(
            checkpoint, make_decoder_of(checkpoint), generator, requests, max_batch=max_batch
        )
        return [(each.prompt, each.text) for each in samples]

    assert texts(20, max_batch) == texts(20, 7)
    assert texts(9, max_batch)[:9] == texts(20, 7)[:9]


def test_a_prompt_and_its_text_are_compared_together(documents):
    found = [each.text for each in documents.samples("a", n=9, unique=True, copies=ALL_SHORT)]
    assert not {"", "a", "b"} & set(found)


def test_when_no_new_ones_come_there_are_fewer(documents):
    found = list(documents.samples(n=9, unique=True, length=1, copies=CopyIndex("a\nc\n")))
    assert [each.text for each in found] == ["b"]
    assert documents.generate(unique=True, length=1, copies=CopyIndex("a\nb\n")) == ""
    session = documents.session(unique=True, length=1, copies=CopyIndex("a\n"))
    assert (session.generate(), session.finish_reason) == ("b", "length")
    assert session.text == "b"
    two = documents.session(unique=True, length=1, copies=CopyIndex("a\nb\n"))
    assert (two.generate(), two.text, two.finish_reason) == ("", "", "unique")


def test_one_text_is_the_first_sample_that_is_new(documents):
    settings = {"seed": 4, "unique": True, "copies": ALL_SHORT}
    (sample,) = documents.samples(**settings)
    session = documents.session(**settings)
    assert documents.generate(**settings) == session.generate() == sample.text == session.text


def test_a_session_writes_no_text_twice_and_its_copy_goes_on_by_itself(documents):
    session = documents.session(seed=1, unique=True)
    parts = [session.generate() for _ in range(20)]
    assert len(set(parts)) == 20
    other = session.fork()
    assert session.generate() == other.generate()


@pytest.mark.parametrize("prompt", ["", "b\n", "ab"])
def test_lines_differ_from_each_other_and_from_the_corpus(model, prompt):
    settings = {"seed": 1, "unique": True, "copies": ALL_SHORT, "lines": 40}
    text = model.generate(prompt, **settings)
    lines = (prompt.rpartition("\n")[2] + text).split("\n")
    assert len(set(lines)) == len(lines) == 40
    assert min(map(len, lines)) >= 3
    (sample,) = model.samples(prompt, log_probs=True, top=1, **settings)
    assert (sample.text, sample.finish_reason) == (text, "lines")
    assert len(sample.log_probs) == len(sample.top) == len(text)
    # A newline is likelier than a letter, wherever it stands.
    are_newlines = [character == "\n" for character in text]
    assert (np.array(sample.log_probs) > -1).tolist() == are_newlines
    assert model.session(**settings).generate(prompt) == text


def test_lines_come_as_soon_as_they_are_whole(model):
    pieces = model.stream(seed=1, unique=True, lines=9)
    text = next(pieces)
    assert text.endswith("\n")
    assert text.strip()


def test_a_session_goes_on_in_the_middle_of_a_line(model):
    session = model.session(seed=1, unique=True, lines=30)
    pieces = session.stream()
    first = next(pieces)
    rest = session.generate()
    lines = (first + rest).split("\n")
    assert len(set(lines)) == len(lines)
    assert session.text == first + rest


def test_lines_end_when_no_new_ones_come(model):
    (sample,) = model.samples(unique=True, lines=9, seed=1, only=r"a\n", max_line=2)
    assert sample.finish_reason == "unique"
    assert sorted(sample.text.split()) == ["a", "aa"]


def test_a_text_stops_at_a_line_that_is_known(model):
    settings = {"unique": True, "lines": 40, "stop": "\nab\n", "copies": CopyIndex("ab\n")}
    found = list(model.samples(n=9, seed=1, **settings))
    assert "stop" in {each.finish_reason for each in found}
    assert all("\nab\n" not in each.text for each in found)


def test_lines_that_are_left_out_are_no_part_of_the_least_length(model):
    settings = {"unique": True, "copies": ALL_SHORT, "lines": 40, "stop": "bbb"}
    for seed in range(10):
        (sample,) = model.samples("b\n", seed=seed, min_length=60, **settings)
        assert sample.finish_reason == "stop"
        assert len(sample.text) >= 60


def test_nor_are_they_among_its_lines(model):
    tokenizer = model.checkpoint.tokenizer
    config = SamplingConfig(unique=True, lines=2, min_length=6)
    sequence = Generator(tokenizer, config, copies=CopyIndex("aaaa")).sequence(
        tokenizer.encode("b\n"), np.random.default_rng(1).random
    )
    for index in tokenizer.encode("aaaa\nbb\n"):
        sequence.add(index, np.zeros(4, np.float32))
    logits = np.zeros(4, np.float32)
    sequence.adjust(logits)
    assert np.isneginf(logits).tolist() == [True, False, False, False]


def test_lines_that_are_left_out_do_not_hide_a_copy(model):
    copies = CopyIndex("aab\nbba\nabb\nbaa\nbab\n")
    for seed in range(10):
        settings = {"seed": seed, "unique": True, "lines": 20, "copies": copies}
        text = model.generate("b\n", max_copy=5, **settings)
        assert len(copies.longest(text).text) <= 5


def test_every_text_has_other_lines(model):
    found = [each.text for each in model.samples(n=9, lines=4, unique=True, seed=2)]
    lines = [line for text in found for line in text.split("\n")]
    assert len(set(lines)) == len(lines) == 36


def test_each_piece_of_a_plain_text_still_comes_at_once(model):
    checkpoint = model.checkpoint
    generator = Generator(checkpoint.tokenizer, SamplingConfig(length=4, seed=1))
    pieces = stream_text(checkpoint, make_decoder_of(checkpoint), generator, Request("a", 0))
    assert [len(piece) for piece in pieces] == [1] * 4


def test_two_that_share_know_what_either_took():
    first, second = Novelty(), Novelty()
    assert first.take("a")
    assert second.take("b")
    second.share(first)
    assert not any(each.take(text) for each in (first, second) for text in "ab")
    assert first.take("c")
    assert not second.take("c")
    assert deepcopy(second).take("d")
    assert first.take("d")
