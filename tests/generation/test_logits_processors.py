import math

import numpy as np
import pytest

from chargen.config import SamplingConfig
from chargen.errors import SettingError
from chargen.generation.logits_processors import (
    CopyLimit,
    LineLimit,
    allowed,
    make_processors,
)
from chargen.generation.min_length import MinLength, NoEmptyDocument
from chargen.generation.stopping import StopCondition
from chargen.text.copies import CopyIndex, CopyTracker
from chargen.text.vocabulary import Vocabulary

LETTERS = Vocabulary("\n abcxyz-]")


def adjusted(rules, probabilities):
    logits = np.log(np.array(probabilities, np.float32))
    for rule in rules:
        rule.adjust(logits)
    weights = np.exp(logits)
    return weights / weights.sum()


def after(rule, ids):
    for index in ids:
        rule.read(index)
    return [rule]


def left(vocabulary=LETTERS, **settings):
    mask = allowed(SamplingConfig(**settings), vocabulary)
    if mask is None:
        return vocabulary.idx2char
    return "".join(np.array(list(vocabulary.idx2char))[mask == 0])


def test_a_full_line_leaves_a_newline_only():
    limit = LineLimit(3, newline=[0], ends={0})
    for ids, forced in [([1, 2], False), ([1], True), ([0], False), ([1, 1, 1], True), ([2], True)]:
        after(limit, ids)
        assert (adjusted([limit], [0.1, 0.4, 0.5])[0] == 1) == forced


def test_near_the_limit_a_line_ends_where_a_space_would_come():
    limit = LineLimit(40, [0], {0}, [1])
    for length, newline, space in [(27, 0.2, 0.3), (1, 0.5, 0), (11, 0.5, 0), (1, 1, 0)]:
        after(limit, [2] * length)
        np.testing.assert_allclose(
            adjusted([limit], [0.2, 0.3, 0.5])[:2], [newline, space], rtol=1e-5
        )


def test_a_line_is_never_broken_before_its_first_character():
    limit = LineLimit(1, [0], {0}, [1])
    assert adjusted([limit], [0.2, 0.3, 0.5])[1] == pytest.approx(0.3)


def test_rules_have_read_the_prompt():
    config = SamplingConfig(no_repeat=2, max_line=3)
    rules = make_processors(config, LETTERS, LETTERS.encode("abc"), StopCondition(config))
    assert LETTERS.idx2char[adjusted(rules, np.ones(len(LETTERS))).argmax()] == "\n"


@pytest.mark.parametrize(
    ("settings", "text", "banned"),
    [
        ({"stop": ("ab",)}, "ca", "b"),
        ({"stop": ("ab",)}, "cac", ""),
        ({"stop": ("ab",)}, "ccca", ""),  # three characters stand before the stop text
        ({"stop": ("c", "ab")}, "a", "bc"),
        ({"lines": 1}, "ab", "\n"),
        ({"lines": 1}, "abc", ""),
        ({"lines": 2}, "a", ""),
        ({"lines": 2}, "a\n", "\n"),
    ],
)
def test_a_text_of_min_length_does_not_end_before(settings, text, banned):
    stop = StopCondition(SamplingConfig(min_length=3, **settings))
    for character in text:
        stop.add(character)
    probabilities = adjusted([MinLength(stop, LETTERS)], np.ones(len(LETTERS)) / len(LETTERS))
    assert {LETTERS.idx2char[i] for i in np.flatnonzero(probabilities == 0)} == set(banned)


def test_a_text_that_is_too_short_ends_where_nothing_else_is_left():
    stop = StopCondition(SamplingConfig(min_length=3, stop=("a",)))
    logits = np.array([0, -np.inf], np.float32)
    MinLength(stop, Vocabulary("ab")).adjust(logits)
    assert logits.tolist() == [0, -np.inf]


def test_a_document_ends_only_after_a_character_that_can_be_seen():
    limit = NoEmptyDocument(Vocabulary("\0\n a"))
    for index, may_end in [(0, False), (1, False), (2, False), (3, True), (1, True), (0, False)]:
        (limit,) = after(limit, [index])
        assert (adjusted([limit], [0.4, 0.2, 0.2, 0.2])[0] > 0) == may_end


def test_a_document_may_end_where_that_is_copied_too():
    tracker = CopyTracker(CopyIndex("ab\0ba\0"))
    limit = CopyLimit(tracker, 1, Vocabulary("\0ab"))
    (limit,) = after(limit, [1])
    np.testing.assert_allclose(adjusted([limit], [0.2, 0.3, 0.5]), [0.4, 0.6, 0], rtol=1e-5)


def test_without_settings_there_are_no_rules():
    config = SamplingConfig()
    assert make_processors(config, LETTERS, LETTERS.encode("abc"), StopCondition(config)) == []
    assert allowed(config, LETTERS) is None


@pytest.mark.parametrize(
    ("settings", "characters"),
    [
        ({"only": "a-c"}, "abc"),
        ({"only": "cab"}, "abc"),
        ({"only": "a-c\n "}, "\n abc"),
        ({"only": r"a-c\n "}, "\n abc"),
        ({"only": r"\s"}, "\n "),
        ({"only": "^a-c"}, "\n -]xyz"),
        ({"only": "a]|[b"}, "]ab"),
        ({"only": "a&&b||[["}, "ab"),
        ({"only": r"\]-"}, "-]"),
        ({"ban": "a-y"}, "\n -]z"),
        ({"ban": "Q"}, LETTERS.idx2char),
        ({"only": "a-z", "ban": "x-z"}, "abc"),
    ],
)
def test_only_and_ban_take_what_stands_in_brackets(settings, characters):
    assert left(**settings) == characters


@pytest.mark.parametrize("settings", [{"only": "a"}, {"ban": "^a"}, {"ban": r"\0bc"}])
def test_a_document_may_always_end(settings):
    mask = allowed(SamplingConfig(**settings), Vocabulary("\0abc"))
    assert mask.tolist() == [0, 0, -math.inf, -math.inf]


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"only": "Q"}, "only 'Q' and ban None leave none of the model's characters"),
        ({"only": "a", "ban": "a"}, "leave none"),
        ({"ban": r"\s\S"}, "leave none"),
        ({"only": ""}, r"only must be a text of one character or more; received ''"),
        ({"ban": "z-a"}, r"ban must be characters as in .* received 'z-a' \(bad character range"),
        ({"only": "a\\"}, "only must be characters as in"),
        ({"max_line": 3, "ban": r"\n"}, "max_line needs the newline"),
        ({"max_line": 3, "only": "a"}, "max_line needs the newline"),
    ],
)
def test_what_leaves_nothing_is_refused(settings, told):
    with pytest.raises(SettingError, match=told):
        left(**settings)


@pytest.mark.parametrize("settings", [{"only": r"\0"}, {"ban": "a-c"}])
def test_documents_that_could_only_end_are_refused(settings):
    with pytest.raises(SettingError, match="leave none"):
        left(Vocabulary("\0abc"), **settings)


def test_a_line_limit_needs_a_model_that_knows_newlines():
    with pytest.raises(SettingError, match="max_line needs the newline"):
        left(Vocabulary("abc"), max_line=3)
