"""Units over a text as a page and as a part of one."""

import re

import numpy as np

from chargen.pages.activations import MAX_SHOWN, fragment, level_of, page
from chargen.text.vocabulary import BOUNDARY
from tests.pages.test_score import Page

VALUES = np.array([1, 1, 0.05, -0.45, -1, 0.39], np.float32)


def text_shown(html):
    """The text below the heading of each unit, without markup."""
    found = re.findall(r"<h2>.*?</h2>\n<div>(.*?)</div>", html, re.DOTALL)
    return [re.sub(r"<[^>]+>", "", each) for each in found]


def test_the_text_is_shown_once_for_each_unit():
    html = page("a<b\n&\0", [("layer 0, unit <1>", VALUES), ("layer 0, unit 2", -VALUES)])
    assert text_shown(html) == [f"a&lt;b↵\n&amp;{'␃'}\n"] * 2
    assert "layer 0, unit &lt;1&gt;" in html
    assert BOUNDARY not in html
    assert Page(html).addresses == []
    assert not re.search(r"https?:|url\(|@import|<script", html)


def test_colours_follow_the_activation():
    html = fragment("abcdef", [("unit", VALUES)])
    assert html.split("<div>")[1].startswith(
        '<b class="p5">ab</b>c<b class="n2">d</b><b class="n5">e</b><b class="p2">f</b>'
    )
    # A second sign, without colour.
    assert re.search(r"\.p3 \{[^}]*underline", html)
    assert re.search(r"\.n3 \{[^}]*overline", html)
    assert not re.search(r"\.p2 \{[^}]*underline", html)


def test_levels():
    values = np.array([-2, -1, -0.09, 0.09, 0.11, 0.5, 1], np.float32)
    assert level_of(values, 5).tolist() == [-5, -5, 0, 0, 1, 2, 5]


def test_the_page_says_what_it_is_of_and_explains_itself():
    html = page("a\tb", [("unit", VALUES[:3])], model="<novel>", source="other.txt")
    assert "<title>other.txt: Units over a text</title>" in html
    assert "<h1>Units over a text</h1>" in html
    assert "<dt>Model</dt><dd><bdi>&lt;novel&gt;</bdi></dd>" in html
    assert "<dt>Text</dt><dd><bdi>other.txt</bdi></dd>" in html
    assert re.findall(r'<b class="(\w\d)">([^<]+)</b>', html)[:11] == [
        *zip(("n5", "n4", "n3", "n2", "n1"), ("−1", "−0.8", "−0.6", "−0.4", "−0.2"), strict=True),
        *zip(("p0", "p1", "p2", "p3"), ("0", "+0.2", "+0.4", "+0.6"), strict=True),
        *zip(("p4", "p5"), ("+0.8", "+1"), strict=True),
    ]
    assert "Signs: ⇥ tab." in html


def test_of_a_long_text_the_beginning_is_shown():
    text = "a" * (MAX_SHOWN + 1)
    html = fragment(text, [("unit", np.zeros(len(text), np.float32))])
    assert text_shown(html) == ["a" * MAX_SHOWN]
    assert "The first 5,000 of 5,001 characters." in html
