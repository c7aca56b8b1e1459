import pytest

from chargen.config import SamplingConfig
from chargen.generation.stopping import StopCondition


def pieces(text, **settings):
    """What comes out after each character of a text, until it is over; and why it is."""
    ending, out = StopCondition(SamplingConfig(**settings)), []
    for character in text:
        out.append(ending.add(character))
        if ending.reason:
            break
    return out, ending.reason


def whole(text, **settings):
    out, reason = pieces(text, **settings)
    return "".join(out), reason


def test_a_text_ends_at_its_length():
    assert pieces("abcdef", length=3) == (["a", "b", "c"], "length")
    assert pieces("abc", length=4) == (["a", "b", "c"], None)


def test_a_text_of_no_length_is_over_before_it_begins():
    assert StopCondition(SamplingConfig(length=0)).reason == "length"


@pytest.mark.parametrize(
    ("settings", "most"), [({}, 500), ({"lines": 9}, 10_000), ({"stop": "#"}, 10_000)]
)
def test_a_text_that_is_to_end_by_itself_may_be_longer(settings, most):
    assert whole("a" * 20_000, **settings) == ("a" * most, "length")
    assert whole("a" * 20_000, length=7, **settings) == ("a" * 7, "length")


@pytest.mark.parametrize(
    ("lines", "text"), [(1, "ab"), (2, "ab\n"), (3, "ab\n\nc"), (4, "ab\n\nc\nd")]
)
def test_lines_are_whole_and_the_last_newline_is_left_out(lines, text):
    assert whole("ab\n\nc\nd\n", lines=lines) == (text, "lines")


@pytest.mark.parametrize(
    ("text", "stop", "kept"),
    [
        ("one. two", (".",), "one"),
        ("one END two", ("END",), "one "),
        ("EEND", ("END",), "E"),
        ("ENEND", ("END",), "EN"),
        ("ababac", ("abac",), "ab"),
        ("aaab", ("aab",), "a"),
        ("END", ("END",), ""),
        ("a, b. c", (".", ","), "a"),
        ("a stop here", ("op here", "stop"), "a "),
        ("x the end", ("end", "the end"), "x "),
        ("one\n\ntwo", ("\n\n",), "one"),
    ],
)
def test_a_stop_text_ends_the_text_and_is_left_out(text, stop, kept):
    assert whole(text, stop=stop) == (kept, "stop")


def test_what_may_begin_a_stop_text_is_held_back_until_it_is_known():
    out, reason = pieces("aENbEND", stop=("END",))
    assert out == ["a", "", "", "ENb", "", "", ""]
    assert reason == "stop"


def test_what_was_held_back_comes_out_at_the_end():
    assert pieces("abEN", length=4, stop=("END",)) == (["a", "b", "", "EN"], "length")
    assert pieces("abE\n", lines=1, stop=("E\nD",)) == (["a", "b", "", "E"], "lines")


def test_a_stop_text_may_be_given_alone():
    assert (
        SamplingConfig(stop="END") == SamplingConfig(stop=["END"]) == SamplingConfig(stop=("END",))
    )


def test_a_stop_text_may_have_begun_in_what_was_written_before():
    ending = StopCondition(SamplingConfig(stop="Orla:", min_length=4), written="Wick\nOr")
    assert [ending.add(character) for character in "la"] == ["", ""]
    assert list(ending.too_early()) == [":"]  # it would leave nothing of this part
    assert (ending.add(":"), ending.reason, ending.left_out) == ("", "stop", "la:")


def test_what_was_written_before_does_not_come_again():
    ending = StopCondition(SamplingConfig(stop="ENDS"), written="EN")
    assert [ending.add(character) for character in "DEx"] == ["", "D", "Ex"]
    ended = StopCondition(SamplingConfig(stop="\n\n"), written="a\n\n")
    assert [ended.add(character) for character in "\na"] == ["", "\na"]
