"""Lines end as those of the corpus do, where it kept its line ends."""

import pytest

import chargen
from chargen.config import PreparationConfig, SamplingConfig
from chargen.generation.stopping import StopCondition
from chargen.text.line_ends import LINE_END, MARKS
from tests.helpers import with_tokenizer


@pytest.fixture
def model_of(make_checkpoint):
    """A model of a corpus that has such line ends, and kept them."""

    def make(line_end, characters="ABCabc "):
        checkpoint = make_checkpoint(characters=characters + line_end)
        preparation = PreparationConfig(newlines="keep")
        changes = {"preparation": preparation, "line_end": line_end}
        return chargen.LanguageModel(with_tokenizer(checkpoint, **changes))

    return make


@pytest.mark.parametrize("line_end", ["\n", "\r", "\r\n", "\x85", "\u2028"])
def test_a_text_ends_after_its_lines(model_of, line_end):
    model = model_of(line_end)
    for seed in range(5):
        text = model.generate("A", lines=3, seed=seed)
        assert len(LINE_END.findall(text)) == 2
        session, parts = model.session(seed=seed), []
        for _ in range(6):
            parts.append(session.generate("" if parts else "A", lines=1))
        whole = model.generate("A", lines=6, seed=seed)
        assert "".join(parts) == whole
        assert LINE_END.split(whole) == [LINE_END.sub("", part) for part in parts]


def test_cr_lf_is_one_line_end_though_two_characters():
    ending = StopCondition(SamplingConfig(lines=1), last="\r")
    assert ending.add("\n") == "\n"
    assert ending.reason is None
    assert ending.add("\n") == ""
    assert ending.reason == "lines"


def test_a_text_that_is_too_short_may_end_its_last_line_but_one_with_cr_lf():
    ending = StopCondition(SamplingConfig(lines=2, min_length=9))
    for character in "a\r":
        ending.add(character)
    assert set(ending.too_early()) == set(MARKS) - {"\n"}
    ending.add("\n")
    assert set(ending.too_early()) == set(MARKS)


@pytest.mark.parametrize("line_end", ["\n", "\r", "\r\n", "\u2028"])
def test_the_forced_line_end_is_that_of_the_corpus(model_of, line_end):
    text = model_of(line_end, "ab").generate("ab", max_line=4, length=300, seed=1)
    lines = LINE_END.split(text)
    assert max(map(len, lines)) == 4
    for position in range(len(text) - 6):
        if not LINE_END.search(text[position : position + 4]):
            assert text[position + 4 :].startswith(line_end)


def test_a_forced_line_end_needs_all_of_its_characters(model_of):
    with pytest.raises(chargen.ChargenError, match="max_line needs the newline"):
        model_of("\r\n").generate(max_line=4, ban=r"\r")


def test_a_text_to_stop_at_has_the_line_ends_of_the_corpus(model_of):
    model = model_of("\r\n", "ab")
    settings = {"temperature": 9, "length": 1000, "seed": 1}
    text = model.generate("a", **settings)
    assert model.generate("a", stop="\n\n", **settings) == text[: text.index("\r\n\r\n")]
