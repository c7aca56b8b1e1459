"""A survey as a page."""

from html import escape

import pytest

from chargen.corpus.corpus import Corpus
from chargen.corpus.survey import survey
from chargen.pages.survey import page


def test_the_page_shows_text_as_text():
    found = survey(Corpus(["<b>&\n", "<b>&\n"], name="<script>"))
    shown = page(found)
    assert "<script>" not in shown
    assert "<title>&lt;script&gt;: Report on a text</title>" in shown
    assert "<dt>Text</dt><dd><bdi>&lt;script&gt;</bdi></dd>" in shown
    assert "<dt>Documents</dt><dd><bdi>2, 1 of them copies</bdi></dd>" in shown
    assert '<td>&lt;</td><td>U+003C</td><td>LESS-THAN SIGN</td><td class="number">2</td>' in shown
    assert "<td>↵</td><td>U+000A</td><td>LINE FEED</td>" in shown
    assert "Documents that are the same" in shown
    assert "<td>1, 2</td>" in shown


def test_labels_are_shown_where_there_are_some():
    shown = page(survey(Corpus(["one\n", "two\n", "three\n"], labels=["b", "<a>", "b"])))
    assert '<td>&lt;a&gt;</td><td class="number">1</td>' in shown
    without = page(survey(Corpus("one\n")))
    assert "Labels" not in without
    assert "Documents that" not in without


def test_the_cores_that_plans_are_for_are_told():
    found = survey(Corpus("the sea is under the town\n" * 800))
    assert f"(cores: {found.cores}, " in page(found)


@pytest.mark.parametrize("text", ["ab", "abc"])
def test_a_text_too_short_to_hold_anything_out(text):
    assert "<td></td>" in page(survey(Corpus(text)))


def test_a_mark_stands_over_a_circle():
    assert "<td>◌\u0301</td><td>U+0301</td>" in page(survey(Corpus("e\u0301e\u0301\n" * 9)))


def test_the_verdict_is_shown():
    found = survey(Corpus("".join(f"the <sea> is under {n} towns\n" for n in range(300))))
    assert f"<p>{escape(found.verdict[0])}</p>" in page(found)
    assert "held-out loss" in page(found)
