"""The loss that is predicted, and what it rests on."""

import json
import math
import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from chargen.corpus import prediction
from chargen.corpus.corpus import Corpus
from chargen.corpus.ngrams import held_out_losses
from chargen.corpus.prediction import Yardstick, known_words, predicted_loss, yardstick
from chargen.corpus.split import train_validation_split

PLAY = Yardstick(135_000, 135_000, (3.21, 2.35, 1.79, 1.52, 1.48, 1.54), 1.58, 3.6)
RESULTS = Path(__file__).parents[2] / "benchmarks" / "prediction.jsonl"


def measure(text):
    corpus = Corpus(text)
    spans, held_out = train_validation_split(corpus, 0.1)
    return yardstick(corpus, spans, held_out.ids)


def sentences(length):
    words = ["the", "sea", "is", "under", "town", "bell", "and", "a", "drowned", "light", "we"]
    drawn = random.Random(0).choices(words, k=length // 3)
    return " ".join(f"{each}.\n" if i % 7 == 6 else each for i, each in enumerate(drawn))[:length]


def test_the_yardstick_is_the_loss_of_ngrams_and_of_those_of_half_the_text():
    corpus = Corpus(sentences(20_000))
    spans, held_out = train_validation_split(corpus, 0.1)
    training = corpus.ids[spans.positions(np.arange(len(spans)))]
    measured = yardstick(corpus, spans, held_out.ids)
    losses = held_out_losses(training, held_out.ids, corpus.vocabulary.vocab_size, 5)
    assert measured.losses == pytest.approx(losses)
    assert measured.best < measured.by_half < measured.best + 0.2
    assert measured.characters == measured.counted == len(spans)
    assert measured.word_length == pytest.approx(3.4, abs=0.2)


def test_of_a_long_text_a_sample_is_counted(monkeypatch):
    whole = measure(sentences(60_000))
    monkeypatch.setattr(prediction, "_MAX_COUNTED", 20_000)
    monkeypatch.setattr(prediction, "_MAX_PREDICTED", 2000)
    sample = measure(sentences(60_000))
    assert (sample.characters, sample.counted) == (whole.characters, 20_000)
    assert sample.best == pytest.approx(whole.best, abs=0.1)


def test_too_little_held_out_gives_no_yardstick():
    assert measure(sentences(1500)) is None
    assert measure(sentences(2500)) is not None


@pytest.mark.parametrize("text", ["ab" * 5000, "aab\n" * 900, ["ab\n", "ba\n"] * 900])
def test_odd_texts_have_a_prediction(text):
    measured = measure(text)
    loss = predicted_loss(measured, learned=1e6, units=(256,))
    assert 0 <= loss <= measured.losses[0]


def test_the_prediction_fits_what_was_measured():
    """And so do its constants the formula: another one would not."""
    errors = []
    for line in RESULTS.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if row["learned"] >= 150_000 and "optimizer" not in row:  # later runs were not fitted yet
            measured = Yardstick(**{**row["measured"], "losses": tuple(row["measured"]["losses"])})
            loss = predicted_loss(measured, learned=row["learned"], units=row["units"])
            errors.append(abs(loss - row["carried"]))
    assert len(errors) > 40
    assert np.mean(errors) < 0.05


def test_more_of_anything_lowers_the_loss():
    base = {"learned": 1_000_000, "units": (512,)}
    loss = predicted_loss(PLAY, **base)
    assert predicted_loss(PLAY, **base | {"learned": 2_000_000}) < loss - 0.03
    assert predicted_loss(PLAY, **base | {"units": (1024,)}) < loss - 0.02
    assert predicted_loss(PLAY, **base, longer=2) < loss - 0.05


def test_to_read_more_often_than_was_measured_gains_nothing():
    often, always = (predicted_loss(PLAY, learned=n, units=(512,)) for n in (2_700_000, math.inf))
    assert often == always
    long = replace(PLAY, characters=5_000_000_000, counted=1_000_000)
    assert predicted_loss(long, learned=1e7, units=(512,)) == predicted_loss(
        long, learned=math.inf, units=(512,)
    )


def test_text_that_is_not_read_does_not_help():
    other = replace(PLAY, characters=1_350_000, counted=1_350_000)
    twice = predicted_loss(other, learned=200_000, units=(512,), longer=2)
    assert twice >= predicted_loss(other, learned=200_000, units=(512,)) - 0.08 - 1e-9


def test_noise_is_predicted_to_stay_noise():
    measured = measure("".join(random.Random(0).choices("abcdefgh", k=20_000)))
    loss = predicted_loss(measured, learned=1e7, units=(512,))
    assert loss == pytest.approx(math.log(8), abs=0.02)


def test_the_lower_the_loss_the_more_words_are_known():
    shares = [known_words(PLAY, loss) for loss in (3.0, 2.2, 1.8, 1.6, 1.4, 0.0)]
    assert shares == sorted(shares)
    # What models of the play wrote (benchmarks/README.md): 33%, 57%, 70% and 88%.
    measured = [known_words(PLAY, loss) for loss in (2.19, 1.82, 1.61, 1.37)]
    assert measured == pytest.approx([0.33, 0.57, 0.70, 0.88], abs=0.06)


def test_a_text_whose_words_do_not_come_again_has_none():
    generator = random.Random(0)
    names = ["".join(generator.choices("abcdefgh", k=6)) + "\n" for _ in range(500)]
    characters = list(map(chr, range(0x4E00, 0x4E00 + 500)))
    chinese = "".join(generator.choices([*characters, "，", "。\n"], k=9000))
    for text in (names, "".join(names), chinese):
        measured = measure(text)
        assert measured.word_length is None
        assert known_words(measured, 1.0) is None
