"""The losses of a text are what reading it character by character gives, and training's own."""

import math
from itertools import pairwise

import numpy as np
import pytest

import chargen
from chargen.config import PreparationConfig
from chargen.corpus.split import train_validation_split
from chargen.errors import CorpusError
from chargen.evaluation import loss
from chargen.evaluation.loss import WINDOW, Evaluation, evaluate
from chargen.generation.log_probs import perplexity
from chargen.generation.weights import DecoderWeights
from chargen.training.report import Silent
from tests.helpers import decoder_of, with_tokenizer


def read_through(checkpoint, ids, window=None):
    """Mean loss, character by character, from zero at each window."""
    decoder, losses = decoder_of(checkpoint), []
    for position, (current, following) in enumerate(pairwise(ids)):
        if window is not None and position % window == 0:
            decoder = decoder_of(checkpoint)
        logits = decoder.step(np.array([current]))[0].astype(np.float64)
        losses.append(np.log(np.exp(logits).sum()) - logits[following])
    return np.mean(losses)


@pytest.fixture
def text(checkpoint):
    """Random ids: however many are asked for."""
    vocab_size = checkpoint.config.vocab_size
    return lambda length: np.random.default_rng(1).integers(vocab_size, size=length, dtype=np.int32)


@pytest.mark.parametrize("length", [2, 57, 257, 3000])
def test_both_losses_are_exact(checkpoint, text, length):
    ids = text(length)
    measured = evaluate(DecoderWeights(checkpoint), ids)
    assert measured.characters == length - 1
    assert measured.carried == pytest.approx(read_through(checkpoint, ids), abs=1e-6)
    assert measured.windowed == pytest.approx(read_through(checkpoint, ids, WINDOW), abs=1e-6)


def test_a_long_text_is_read_in_rows_that_arrive_warm(make_checkpoint, monkeypatch):
    monkeypatch.setattr(loss, "_MIN_WINDOWS", 2)
    monkeypatch.setattr(loss, "MAX_BATCH", 3)
    checkpoint = make_checkpoint("lstm")
    checkpoint.weights.update({k: v * np.float32(0.4) for k, v in checkpoint.weights.items()})
    ids = np.random.default_rng(1).integers(checkpoint.config.vocab_size, size=3000)
    measured = evaluate(DecoderWeights(checkpoint), ids.astype(np.int32))
    assert measured.carried == pytest.approx(read_through(checkpoint, ids), abs=1e-6)
    assert measured.windowed == pytest.approx(read_through(checkpoint, ids, WINDOW), abs=1e-6)


@pytest.mark.parametrize("documents", [1, 300])
def test_the_held_out_losses_of_training_are_found_again(workdir, documents):
    pieces = np.random.default_rng(0).choice(["ab", "cde\n", "f "], size=4000)
    texts = ["".join(each) for each in np.array_split(pieces, documents)]
    corpus = chargen.Corpus(texts[0] if documents == 1 else texts)
    model = chargen.train(
        corpus, name="tiny", epochs=1, units=(8,), max_evaluations=1, reporter=Silent()
    )
    _, held_out = train_validation_split(corpus, 0.1)
    measured = evaluate(DecoderWeights(model.checkpoint), held_out.ids.astype(np.int32))
    assert measured.carried == pytest.approx(model.origin.carried, abs=1e-4)
    assert measured.windowed == pytest.approx(model.origin.windowed, abs=1e-4)


@pytest.mark.parametrize("length", [0, 1])
def test_nothing_to_predict(make_checkpoint, length):
    with pytest.raises(CorpusError, match=f"this one has {length}"):
        evaluate(DecoderWeights(make_checkpoint()), np.zeros(length, np.int32))


def test_progress_counts_every_character_twice(make_checkpoint, text, checkpoint):
    told = []
    evaluate(DecoderWeights(checkpoint), text(600), progress=told.append)
    assert sum(told) == 2 * 599


def test_units():
    result = Evaluation(10, carried=2 * math.log(2), windowed=3 * math.log(2))
    assert result.bits_per_char == pytest.approx(2)
    assert result.perplexity == pytest.approx(4)
    values = result.to_json()
    assert values["windowed"]["bits_per_char"] == pytest.approx(3)
    assert values["windowed"]["perplexity"] == pytest.approx(8)
    assert "adapted" not in values
    assert perplexity(1e6) == math.inf


def test_bits_per_byte_are_those_of_the_text_that_was_predicted(make_checkpoint):
    checkpoint = make_checkpoint(characters="aé世😀\n")  # 1 to 4 bytes, and a newline
    result = chargen.LanguageModel(checkpoint).evaluate("aé世😀\n")
    assert (result.characters, result.bytes) == (4, 2 + 3 + 4 + 1)
    total = result.carried * 4 / math.log(2)
    assert result.bits_per_byte == pytest.approx(total / 10)
    values = result.to_json()
    assert values["bytes"] == 10
    assert values["windowed"]["bits_per_byte"] == pytest.approx(
        values["windowed"]["bits_per_char"] * 4 / 10
    )


def test_bits_per_byte_leave_out_what_is_not_read_and_take_the_prepared_text(make_checkpoint):
    checkpoint = make_checkpoint(characters="aé世\n")
    plain = chargen.LanguageModel(checkpoint).evaluate("aé世")
    preparation = PreparationConfig(lowercase=True, normalize="NFC")
    model = chargen.LanguageModel(with_tokenizer(checkpoint, preparation=preparation))
    with pytest.warns(UserWarning, match="Left out '😀'"):
        measured = model.evaluate("AE\u0301😀世".replace("E", "e"), unknown="skip")
    assert measured == plain
    assert measured.bytes == 5


def test_a_notebook_shows_both_units():
    result = Evaluation(1, carried=math.log(2), windowed=2 * math.log(2))
    assert repr(result) == (
        "Evaluation(1 character, carried 0.6931 nats = 1.0000 bits per character, "
        "windowed 1.3863 nats = 2.0000 bits per character)"
    )


def test_unknown_characters_are_left_out_if_asked(make_checkpoint):
    model = chargen.LanguageModel(make_checkpoint())
    with pytest.raises(chargen.ChargenError, match="never saw 'é'"):
        model.evaluate("Abéc")
    with pytest.warns(UserWarning, match="Left out 'é'"):
        assert model.evaluate("Abéc", unknown="skip") == model.evaluate("Abc")
