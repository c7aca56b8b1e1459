import pytest

from chargen.text.line_ends import (
    LineEndCounter,
    describe_counts,
    line_ends_in_words,
    split_lines,
    without_last,
)
from tests.helpers import cut_anyhow


@pytest.mark.parametrize(
    ("text", "counts"),
    [
        ("none", {}),
        ("a\nb\n", {"LF": 2}),
        ("a\nb\r\nc\n", {"LF": 2, "CRLF": 1}),
        ("a\r\r\n\n\r", {"CR": 2, "LF": 1, "CRLF": 1}),
        ("\v\f\f\x85\u2028\u2029\u2029\u2029", {"PS": 3, "FF": 2, "NEL": 1, "VT": 1, "LS": 1}),
    ],
)
def test_each_kind_is_counted_wherever_the_pieces_are_cut(text, counts):
    for seed in range(30):
        counter = LineEndCounter()
        assert "".join(counter.watch(cut_anyhow(text, seed))) == text
        assert counter.counts == counts
        assert next(iter(counter.counts.items()), None) == next(iter(counts.items()), None)


def test_a_line_end_is_not_joined_across_two_texts():
    counter = LineEndCounter()
    for text in ("a\r", "\nb"):
        "".join(counter.watch([text]))
    assert counter.counts == {"CR": 1, "LF": 1}


def test_counts_are_told():
    assert describe_counts({"LF": 1234, "CRLF": 1}) == "LF 1,234×, CRLF 1×"
    assert describe_counts({}) == "none"
    assert line_ends_in_words({"CRLF": 1203, "CR": 1}) == "1,203 CRLF and 1 CR line ends"
    assert line_ends_in_words({"LS": 1}) == "1 LS (U+2028) line end"


def test_lines_of_a_text():
    assert split_lines("a\r\n\rb\u2028c\n") == ["a", "", "b", "c"]
    assert split_lines("") == []
    assert [without_last(text) for text in ("a\r\n", "a\n\n", "a\r", "a\x85", "a")] == [
        "a", "a\n", "a", "a", "a"
    ]  # fmt: skip
