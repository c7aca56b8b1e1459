"""A score as a page and as a part of one."""

import re
from html.parser import HTMLParser

from chargen.evaluation.score import score
from chargen.generation.weights import DecoderWeights
from chargen.text.characters import visible

MARKUP = "\n \"&'<>abc"


class Page(HTMLParser):
    """Reads a page: the shown text, the characters' labels, every tag and address."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.labels, self.addresses, self.shown = [], [], [], ""
        self._open = []
        self.feed(text)
        assert self._open == []

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        if tag != "meta":
            self._open.append(tag)
        attributes = dict(attributes)
        self.labels += [attributes["aria-label"]] if "aria-label" in attributes else []
        self.addresses += [attributes[name] for name in ("src", "href") if name in attributes]

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        if self._open and self._open[-1] == "b" and "span" not in self._open:  # of the legend
            self.shown += data


def test_the_page_shows_the_text_and_every_alternative(make_checkpoint):
    text = "a<b>&\"c'\n</b>"
    result = score(DecoderWeights(make_checkpoint(characters=MARKUP + "/")), text, top=3)
    source = result.to_html()
    assert all(source.count(f">{each}</b>") == 2 for each in ("&lt;", "&gt;"))
    assert all(source.count(f">{each}</b>") == 1 for each in ("&amp;", "&quot;", "&#x27;"))
    page = Page(source)
    assert page.shown == text.replace("\n", "↵")
    assert len(page.labels) == len(text)
    for position, label in enumerate(page.labels):
        named, *_, last = label.split("\n")
        assert f"{result.bits[position]:.2f} bits" in named
        other, probability = result.alternatives(position)[-1]
        assert last == f"{'space' if other == ' ' else visible(other)} {probability:.1%}"


def test_a_long_text_is_in_blocks_of_whole_lines(make_checkpoint):
    text = "ABC: cab\n" * 200
    page = score(DecoderWeights(make_checkpoint()), text).to_html()
    blocks = re.findall("<div>(.*?)</div>", page, re.DOTALL)
    assert len(blocks) > 2
    assert re.sub("<[^>]+>", "", "".join(blocks)) == text.replace("\n", "↵\n")
    assert all(block.endswith("\n") for block in blocks)
    assert "</div><div>" in page  # a line end between them would be a line of its own


def test_the_page_stands_alone(make_checkpoint):
    page = score(DecoderWeights(make_checkpoint()), "A").to_html()
    assert Page(page).addresses == []
    assert not re.search(r"https?:|url\(|@import", page)
    assert (
        f"{score(DecoderWeights(make_checkpoint()), 'A').bits_per_char:.3f} bits per character"
        in page
    )


def test_the_page_says_what_it_is_of_and_explains_itself(make_checkpoint):
    result = score(DecoderWeights(make_checkpoint(characters="a\n\x07")), "a\n\x07")
    page = result.to_html(model="<novel>", source="other.txt")
    assert "<title>other.txt: What surprises a model</title>" in page
    assert "<h1>What surprises a model</h1>" in page
    assert "<dt>Model</dt><dd><bdi>&lt;novel&gt;</bdi></dd>" in page
    assert "<dt>Text</dt><dd><bdi>other.txt</bdi></dd>" in page
    assert re.findall(r'<b class="l\d+">(\d+)</b>', page) == [str(bits) for bits in range(11)]
    assert r"Signs: ↵ line end, \x07 and the like: characters that cannot be seen." in page


def test_a_notebook_shows_the_same_without_a_script(make_checkpoint):
    shown = score(DecoderWeights(make_checkpoint()), "Abc")._repr_html_()
    page = Page(shown)
    assert page.shown == "Abc"
    assert "script" not in page.tags
