"""A score says what each character cost and what was expected in its place."""

import json

import numpy as np
import pytest

import chargen
from chargen.errors import CorpusError, SettingError, UnknownCharacterError
from chargen.evaluation.score import score
from chargen.generation.weights import DecoderWeights
from tests.helpers import decoder_of


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


@pytest.mark.parametrize("top", [-1, 1.5, True])
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
