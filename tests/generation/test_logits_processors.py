import math

import numpy as np
import pytest

from chargen.config import SamplingConfig
from chargen.errors import SettingError
from chargen.generation.logits_processors import (
    LineLimit,
    RepetitionPenalty,
    allowed,
    make_processors,
)
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


def test_the_odds_of_what_was_written_last_are_divided():
    rules = after(RepetitionPenalty(2, 3, 4), [3, 0, 1, 1])
    # Of 0.4, 0.2, 0.2, 0.2 the first two are halved, however often they came; 3 is too far back.
    np.testing.assert_allclose(
        adjusted(rules, [0.4, 0.2, 0.2, 0.2]), np.array([0.2, 0.1, 0.2, 0.2]) / 0.7, rtol=1e-6
    )


def test_a_penalty_below_1_favours_what_was_written_last():
    probabilities = adjusted(after(RepetitionPenalty(0.5, 3, 2), [0]), [0.5, 0.5])
    np.testing.assert_allclose(probabilities, [2 / 3, 1 / 3], rtol=1e-6)


@pytest.mark.parametrize("shift", [-50, 0, 50])
def test_the_penalty_does_not_depend_on_where_logits_have_their_zero(shift):
    logits = np.array([1, 2], np.float32) + shift
    before = logits[1] - logits[0]
    after(RepetitionPenalty(3, 1, 2), [0])[0].adjust(logits)
    assert logits[1] - logits[0] == pytest.approx(before + math.log(3), abs=1e-4)


def test_nothing_is_adjusted_before_anything_was_written():
    assert adjusted([RepetitionPenalty(9, 3, 2)], [0.5, 0.5]).tolist() == [0.5, 0.5]


def test_a_full_line_leaves_a_newline_only():
    limit = LineLimit(3, newline=[0], ends={0})
    for ids, forced in [([1, 2], False), ([1], True), ([0], False), ([1, 1, 1], True), ([2], True)]:
        after(limit, ids)
        assert (adjusted([limit], [0.1, 0.4, 0.5])[0] == 1) == forced


def test_rules_have_read_the_prompt():
    config = SamplingConfig(repetition_penalty=2, max_line=3)
    rules = make_processors(config, LETTERS, LETTERS.encode("abc"))
    assert LETTERS.idx2char[adjusted(rules, np.ones(len(LETTERS))).argmax()] == "\n"


def test_without_settings_there_are_no_rules():
    assert make_processors(SamplingConfig(), LETTERS, LETTERS.encode("abc")) == []
    assert allowed(SamplingConfig(), LETTERS) is None


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
