"""Features of a text: a number for each character, so once it was read."""

from pathlib import Path

import pytest

from chargen.evaluation.features import _LINE_ENDS, FEATURES
from chargen.text.line_ends import MARKS
from chargen.text.vocabulary import BOUNDARY


def marked(name, text):
    """The characters at which a feature is not 0."""
    values = FEATURES[name].values(text)
    assert len(values) == len(text)
    return "".join(c if value else "." for c, value in zip(text, values, strict=True))


@pytest.mark.parametrize(
    ("text", "inside"),
    [
        ('a "bc" d', '.."bc...'),
        ("“a” b “c”", "“a....“c."),
        ("„ab“ c „d”", "„ab....„d."),
        ("«a» »b«", "«a..»b."),
        ("「a」b", "「a.."),
        # Apostrophes are no quotation marks where there are others ...
        ("don't \"say'x\" 'y'", "......\"say'x....."),
        # ... and within a word never.
        ("'I don't,' she", "'I don't,....."),
        ("‘I don’t,’ she", "‘I don’t,....."),
        ("`so' it's", "`so......"),
        # A quotation that nobody closes ends with its paragraph.
        ('"a\nb\n\nc "d"', '"a\nb\n..."d.'),
        ('"a\r\nb\r\n \r\nc', '"a\r\nb\r\n \r..'),
        (f'"a{BOUNDARY}b', '"a..'),
        ('"\n\n"a"', '"\n."a.'),
    ],
)
def test_inside_quotes(text, inside):
    assert marked("inside quotes", text) == inside


@pytest.mark.parametrize(
    ("text", "inside"),
    [("a(b)c", ".(b.."), ("(a(b)c)d", "(a(b)c.."), (")(a", ".(a"), ("(a\n\nb", "(a\n..")],
)
def test_inside_parentheses(text, inside):
    assert marked("inside parentheses", text) == inside


@pytest.mark.parametrize(
    ("name", "text", "values"),
    [
        ("line position", "ab\nc\r\nd", [1, 2, 0, 1, 0, 0, 1]),
        ("line position", f"ab{BOUNDARY}c", [1, 2, 0, 1]),
        ("word position", "ab, c3 é", [1, 2, 0, 0, 1, 2, 0, 1]),
        ("indentation", "a b\n  c d\n\te\nf", [0, 0, 0, 0, 1, 2, 2, 2, 2, 0, 1, 1, 0, 0]),
        ("capitals", "aÀ1B", [0, 1, 0, 1]),
        ("spaces", "a \nb\u3000", [0, 1, 1, 0, 1]),
        ("digits", "a1٣½", [0, 1, 1, 0]),
    ],
)
def test_what_is_counted(name, text, values):
    assert FEATURES[name].values(text) == values


def test_each_says_what_it_is():
    for name, feature in FEATURES.items():
        assert feature.to_json() == {"name": name, "help": feature.help}
        assert feature.help.endswith(".")
        assert feature.values("") == []


def test_the_docs_name_each():
    page = Path(__file__).parents[2] / "docs" / "inside.md"
    assert [name for name in FEATURES if f"`{name}`" not in page.read_text("utf-8")] == []


def test_lines_end_where_lines_and_documents_end():
    assert {*MARKS, BOUNDARY} == _LINE_ENDS
