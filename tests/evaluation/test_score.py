"""A score says what each character cost and what was expected in its place."""

import html
import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest

import chargen
from chargen.errors import CorpusError, SettingError, UnknownCharacterError
from chargen.evaluation.score import score
from chargen.generation.weights import DecoderWeights
from chargen.text.characters import visible
from tests.helpers import decoder_of

MARKUP = "\n \"&'<>abc"


def distributions(checkpoint, text):
    """The probabilities before each character, the first following the start character."""
    decoder = decoder_of(checkpoint)
    for index in checkpoint.tokenizer.vocabulary.encode(checkpoint.tokenizer.start + text)[:-1]:
        exp = np.exp(decoder.step(np.array([index]))[0].astype(np.float64))
        yield exp / exp.sum()


def test_the_surprise_of_every_character(checkpoint):
    text, idx2char = "ABC: cab\nA", checkpoint.tokenizer.vocabulary.idx2char
    result = score(DecoderWeights(checkpoint), text, top=3)
    assert result.text == text
    for position, expected in enumerate(distributions(checkpoint, text)):
        truth = expected[idx2char.index(text[position])]
        assert result.bits[position] == pytest.approx(-np.log2(truth), abs=1e-5)
        best = np.argsort(-expected)[:3]
        characters, probabilities = zip(*result.alternatives(position), strict=True)
        assert "".join(characters) == "".join(idx2char[i] for i in best)
        assert probabilities == pytest.approx(expected[best].tolist(), abs=1e-6)


def test_totals(make_checkpoint):
    result = score(DecoderWeights(make_checkpoint()), "ABCabc")
    assert result.total_bits == pytest.approx(sum(result.bits))
    assert result.bits_per_char == pytest.approx(result.total_bits / 6)
    assert result.perplexity == pytest.approx(2**result.bits_per_char)
    assert repr(result) == f"Score(6 characters, {result.bits_per_char:.3f} bits per character)"


def test_its_mean_is_the_carried_loss_but_for_the_first_character(make_checkpoint):
    model = chargen.LanguageModel(make_checkpoint())
    text = "ABC: cab\nA"
    bits = model.score(text).bits[1:].mean()
    # `evaluate` starts at the first character; `score` has read the start character before it.
    assert model.evaluate(model.checkpoint.tokenizer.start + text).bits_per_char == pytest.approx(
        model.score(text).bits_per_char, abs=1e-6
    )
    assert bits > 0


@pytest.mark.parametrize(("top", "kept"), [(0, 0), (2, 2), (100, 9)])
def test_how_many_alternatives(make_checkpoint, top, kept):
    assert len(score(DecoderWeights(make_checkpoint()), "A", top=top).alternatives(0)) == kept


def test_all_alternatives_sum_to_one(make_checkpoint):
    result = score(DecoderWeights(make_checkpoint()), "AB", top=9)
    assert result.probabilities.sum(axis=1) == pytest.approx([1, 1])


@pytest.mark.parametrize("top", [-1, 1.5])
def test_a_number_of_alternatives_that_is_none(make_checkpoint, top):
    with pytest.raises(SettingError, match="top must be a whole number from 0"):
        score(DecoderWeights(make_checkpoint()), "A", top=top)


def test_an_empty_text(make_checkpoint):
    with pytest.raises(CorpusError, match="text is empty"):
        score(DecoderWeights(make_checkpoint()), "")


def test_unknown_characters(make_checkpoint):
    model = chargen.LanguageModel(make_checkpoint())
    with pytest.raises(UnknownCharacterError):
        model.score("Aé")
    with pytest.warns(UserWarning, match="Left out 'é'"):
        assert model.score("Aéb", unknown="skip").text == "Ab"


def test_json_holds_everything(make_checkpoint):
    result = score(DecoderWeights(make_checkpoint()), "A\nb", top=2)
    values = json.loads(json.dumps(result.to_json()))
    assert values["text"] == "A\nb"
    assert values["total_bits"] == pytest.approx(result.total_bits)
    assert [each["character"] for each in values["characters"]] == list("A\nb")
    assert [each["bits"] for each in values["characters"]] == pytest.approx(result.bits.tolist())
    first, _ = values["characters"][0]["alternatives"]
    assert (first["character"], first["probability"]) == result.alternatives(0)[0]


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
        if self._open and self._open[-1] == "b" and not re.fullmatch(r" \d+ ", data):
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


def test_the_page_stands_alone(make_checkpoint):
    page = score(DecoderWeights(make_checkpoint()), "A").to_html()
    assert Page(page).addresses == []
    assert not re.search(r"https?:|url\(|@import", page)
    assert (
        f"{score(DecoderWeights(make_checkpoint()), 'A').bits_per_char:.3f} bits per character"
        in page
    )


def test_a_notebook_shows_the_same_without_a_script(make_checkpoint):
    shown = score(DecoderWeights(make_checkpoint()), "Abc")._repr_html_()
    page = Page(shown)
    assert page.shown == "Abc"
    assert "script" not in page.tags


def test_what_is_hidden_is_shown():
    assert [visible(c) for c in "a \n\t\x1b\u200b"] == ["a", " ", "↵", "⇥", r"\x1b", r"\u200b"]
    assert html.escape(visible("<")) == "&lt;"
