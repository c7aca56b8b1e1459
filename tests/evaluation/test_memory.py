"""The same characters are predicted after each number of characters of context."""

import json

import numpy as np
import pytest

import chargen
from chargen.errors import CorpusError, SettingError
from chargen.evaluation.memory import Memory
from chargen.generation.log_probs import surprisal
from tests.helpers import decoder_of

WORDS = "ABC: cab\nA ccb BA:\nabc "


def text_of(length, seed=0):
    return "".join(np.random.default_rng(seed).choice(list(WORDS), length))


def loss(checkpoint, ids, place, context, labels=None):
    """The nats of one character after so many from a zero state, one step at a time."""
    decoder = decoder_of(checkpoint, labels=labels)
    for index in ids[place - context : place]:
        logits = decoder.step(np.array([index]))
    return surprisal(logits, ids[place : place + 1])[0]


def test_each_place_at_each_context(checkpoint):
    text = text_of(40)
    found = chargen.LanguageModel(checkpoint).memory(text)
    ids = checkpoint.tokenizer.encode(text)
    assert found.contexts == (1, 2, 4, 8, 16)
    assert found.places == 24  # those with 16 characters before them
    for context, mean in zip(found.contexts, found.losses, strict=True):
        expected = np.mean([loss(checkpoint, ids, place, context) for place in range(16, 40)])
        assert mean == pytest.approx(expected, abs=1e-6)


@pytest.mark.slow
def test_the_longest_context_is_that_of_the_windowed_loss(make_checkpoint):
    checkpoint = make_checkpoint()
    text = text_of(600)
    model = chargen.LanguageModel(checkpoint)
    found = model.memory(text, places=50)
    assert found.contexts[-1] == 256
    assert found.places == 50
    ids = checkpoint.tokenizer.encode(text)
    places = 256 + np.arange(50) * 344 // 50  # evenly from the first to near the end
    # A windowed loss counts every position of its window; the difference of two, the last one.
    last = [
        257 * model.evaluate(text[place - 256 : place + 1]).windowed * 256 / 257
        - 255 * model.evaluate(text[place - 256 : place]).windowed
        for place in places
    ]
    assert found.losses[-1] == pytest.approx(np.mean(last), abs=1e-4)
    assert found.losses[-1] == pytest.approx(
        np.mean([loss(checkpoint, ids, place, 256) for place in places]), abs=1e-6
    )


@pytest.mark.parametrize(
    ("length", "contexts", "places"),
    [(2, 1, 1), (3, 2, 1), (5, 2, 3), (510, 128, 382), (511, 256, 255), (512, 256, 256)],
)
def test_how_long_contexts_are(make_checkpoint, length, contexts, places):
    found = chargen.LanguageModel(make_checkpoint(units=(2,))).memory(text_of(length))
    assert (found.contexts[-1], found.places) == (contexts, places)


def test_no_context_reaches_into_another_document(make_checkpoint):
    checkpoint = make_checkpoint(characters="\0\nABCabc")
    model = chargen.LanguageModel(checkpoint)
    # Each is a boundary and 12 characters; the end of each is predicted too.
    texts = ["".join(np.random.default_rng(k).choice(list("ABCabc"), 12)) for k in range(5)]
    prepared = checkpoint.tokenizer.prepare_text(texts)
    found = model.memory(prepared)
    ids = checkpoint.tokenizer.encode_documents([prepared.text])[0]
    assert found.contexts == (1, 2, 4)
    places = [13 * k + before for k in range(5) for before in range(4, 14)]
    assert found.places == len(places)
    for context, mean in zip(found.contexts, found.losses, strict=True):
        expected = np.mean([loss(checkpoint, ids, place, context) for place in places])
        assert mean == pytest.approx(expected, abs=1e-6)


def test_labels(labelled):
    model, text = chargen.LanguageModel(labelled), text_of(20)
    ids = labelled.tokenizer.encode(text)
    expected = [loss(labelled, ids, place, 8, np.array([1], np.int32)) for place in range(8, 20)]
    assert model.memory(text, label="sea").losses[-1] == pytest.approx(np.mean(expected), abs=1e-6)
    with pytest.raises(SettingError, match="label is needed"):
        model.memory(text)


def test_clamps_are_seen(make_checkpoint):
    model, text = chargen.LanguageModel(make_checkpoint()), text_of(100)
    clamped = model.clamped([chargen.Clamp(1, k) for k in range(3)])
    # Nothing reaches the dense layer, so no context is worth more than another.
    assert max(clamped.memory(text).losses) == pytest.approx(min(clamped.memory(text).losses))
    assert clamped.memory(text).reach == 1


def test_progress_is_told_all(make_checkpoint):
    told = []
    found = chargen.LanguageModel(make_checkpoint()).memory(text_of(300), progress=told.append)
    assert sum(told) == found.places * sum(found.contexts)


def test_what_it_says():
    found = Memory((1, 2, 4, 8), (2.0, 1.509, 1.5, 1.502), 7)
    assert found.reach == 2
    assert Memory((1, 2, 4), (2.0, 1.52, 1.5), 7).reach == 4
    values = {"contexts": [1, 2, 4, 8], "losses": [2.0, 1.509, 1.5, 1.502], "places": 7}
    assert json.loads(json.dumps(found.to_json())) == values
    assert "2: 1.5090" in repr(found)
    assert "7 places" in repr(found)


def test_what_is_refused(make_checkpoint):
    model = chargen.LanguageModel(make_checkpoint())
    with pytest.raises(CorpusError, match="at least 2 characters"):
        model.memory("A")
    with pytest.raises(SettingError, match="places must be a whole number from 1; received 0"):
        model.memory("AB", places=0)
