"""What is told of a corpus without training."""

import math
import random
from dataclasses import replace

import pytest

from chargen.config import PreparationConfig
from chargen.config.presets import choose_preset
from chargen.corpus import memory_map
from chargen.corpus import survey as module
from chargen.corpus.corpus import Corpus
from chargen.corpus.survey import LabelCount, Lines, Plan, survey


@pytest.fixture(params=[3, 1 << 22])
def block(request, monkeypatch):
    """Whether the text comes in one block or in many makes no difference."""
    monkeypatch.setattr(memory_map, "BLOCK_IDS", request.param)


def test_characters_are_listed_the_commonest_first():
    found = survey(Corpus("aaa☃\n\n", preparation=PreparationConfig()))
    assert [(each.character, each.code, each.name, each.count) for each in found.distinct] == [
        ("a", "U+0061", "LATIN SMALL LETTER A", 3),
        ("\n", "U+000A", "LINE FEED", 2),
        ("☃", "U+2603", "SNOWMAN", 1),
    ]
    assert found.rare == 3


@pytest.mark.usefixtures("block")
@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("one\n\nthree\n", Lines(3, 8 / 3, 3, 5)),
        ("one\nno end", Lines(2, 4.5, 3, 6)),
        ("a\r\nbcd\r\n", Lines(2, 2, 1, 3)),
        ("ab\r\ncdef", Lines(2, 3, 2, 4)),
        ("ab\r\n\r\nc\rd\nefgh\r\n", Lines(5, 8 / 5, 1, 4)),
        (["ab\r\n\r", "cde"], Lines(3, 5 / 3, 2, 3)),
        ("a\u2028bcd\f\vef", Lines(4, 6 / 4, 1, 3)),
        ("x" * 70_000 + "\r\ny\r\n", Lines(2, 35_000.5, 1, 70_000)),
        ("a\rbcd\r", Lines(2, 2, 1, 3)),
        ("x" * 70_000 + "\ny\n", Lines(2, 35_000.5, 1, 70_000)),
        ("none at all", Lines(1, 11, 11, 11)),
        (["one\nfour\n", "sixsix"], Lines(3, 13 / 3, 4, 6)),
    ],
)
@pytest.mark.parametrize("newlines", ["unix", "keep"])
def test_line_lengths(text, lines, newlines):
    found = survey(Corpus(text, preparation=PreparationConfig(newlines=newlines))).lines
    assert found == replace(lines, mean=pytest.approx(lines.mean))


@pytest.mark.usefixtures("block")
def test_documents_that_are_the_same_are_found():
    texts = ["one", "two", "one", "four", "two", "one"]
    found = survey(Corpus(texts))
    assert found.documents == 6
    assert found.duplicates == [[2, 5], [1, 3, 6]] or found.duplicates == [[1, 3, 6], [2, 5]]
    assert survey(Corpus("one")).duplicates == []


def test_yardsticks_order_texts_as_a_network_would():
    def losses(text):
        return [each.held_out for each in survey(Corpus(text)).ngrams]

    noise = losses("".join(random.Random(0).choices("abcdefgh", k=20_000)))
    assert noise[0] == pytest.approx(math.log(8), abs=0.01)
    assert min(noise) > 2.0
    assert losses("the sea is under the town\n" * 800)[4] < 0.1


def test_a_long_text_is_sampled(monkeypatch):
    monkeypatch.setattr(module, "_MAX_COUNTED", 4000)
    found = survey(Corpus("the sea is under the town\n" * 8000))
    assert found.counted == 4400
    assert found.ngrams[5].held_out == pytest.approx(0, abs=0.05)


@pytest.mark.parametrize("text", ["ab", "abc", "ab" * 10])
def test_short_texts(text):
    found = survey(Corpus(text))
    assert found.characters == len(text)
    assert found.ngrams


def test_plans_grow_with_the_minutes():
    plans = survey(Corpus("the sea is under the town\n" * 800)).plans
    assert [plan.minutes for plan in plans] == [2, 10, 60]
    assert [plan.passes for plan in plans] == sorted(plan.passes for plan in plans)


def test_the_loss_of_each_plan_is_predicted_and_told_in_words():
    found = survey(Corpus("".join(f"the sea is under {n} towns\n" for n in range(900))))
    losses = [plan.loss for plan in found.plans]
    assert 0 < losses[-1] <= losses[0] < found.ngrams[0].held_out
    assert [line.split(":")[0] for line in found.verdict] == ["Text", "Writing", "Advice"]
    short = survey(Corpus("the sea is under the town\n" * 20))
    assert [plan.loss for plan in short.plans] == [None] * 3
    assert "too short" in short.verdict[0]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_line_end_that_is_rare_ends_no_line(end):
    text = f"ababab{end}ab"
    found = survey(Corpus(text, preparation=PreparationConfig(newlines="keep", min_count=2)))
    assert (found.lines.number, found.lines.longest) == (1, len(text))


@pytest.mark.parametrize("cores", [1, 4])
def test_plans_are_those_for_the_cores_that_are_told(monkeypatch, cores):
    monkeypatch.setattr(module, "available_cores", lambda: cores)
    found = survey(Corpus("the sea is under the town\n" * 800))
    here = choose_preset("auto", characters=18_720, minutes=10, epochs=None, cores=cores)
    plan = found.plans[1]
    assert plan == Plan(10, here.passes, here.settings, plan.loss)


def test_labels_are_counted():
    found = survey(Corpus(["one\n", "two\n", "three\n"], labels=["b", "<a>", "b"]))
    assert found.labels == [LabelCount("<a>", 1, 4), LabelCount("b", 2, 10)]


def test_the_yardstick_is_held_out_of_each_label():
    texts = ["the sea is under the town\n" * 400, "".join(random.Random(0).choices("xyz", k=9000))]
    one, other = (survey(Corpus(text)).ngrams[5].held_out for text in texts)
    both = survey(Corpus(texts, labels=["a", "b"])).ngrams[5].held_out
    assert both == pytest.approx((one * 1040 + other * 900) / 1940, abs=0.1)
