"""Characters by name, and as a person can see them."""

import pytest

from chargen.text.characters import describe, enumerate_some, escape_hidden, visible


@pytest.mark.parametrize(
    ("character", "described"),
    [
        ("a", "'a' (U+0061)"),
        ("😀", "'😀' (U+1F600)"),
        ("\n", "U+000A (LINE FEED)"),
        ("\x1b", "U+001B"),
        ("\u200b", "U+200B (ZERO WIDTH SPACE)"),
        ("\ud800", "U+D800"),
    ],
)
def test_describe(character, described):
    assert describe(character) == described


def test_a_long_list_is_cut_short():
    assert enumerate_some(["a", "b", "c"], max_names=3) == "a, b, c"
    assert enumerate_some(["a", "b", "c"], max_names=1, separator="; ") == "a and 2 more"


def test_what_is_hidden_is_shown():
    assert [visible(c) for c in "a \n\t\x1b\u200b"] == ["a", " ", "↵", "⇥", r"\x1b", r"\u200b"]
    assert visible("\\") == "\\"


def test_an_escaped_text_stands_on_one_line_and_is_read_back():
    text = "a\\n \n\té\x1b\u200b"
    assert escape_hidden(text) == r"a\\n \n\té\x1b\u200b"
