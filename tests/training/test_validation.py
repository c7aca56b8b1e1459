"""The held-out losses are what reading the text character by character gives."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from chargen.checkpoint import Checkpoint, weight_shapes
from chargen.config import ModelConfig
from chargen.generation.decoder import Decoder
from chargen.generation.weights import DecoderWeights
from chargen.text.tokenizer import CharTokenizer
from chargen.text.vocabulary import Vocabulary
from chargen.training import validation
from chargen.training.validation import WINDOW, Validator
from tests.helpers import decoder_of

CHARACTERS = "\n abcdefgh"


def read_through(checkpoint: Checkpoint, ids: np.ndarray, window: int | None) -> float:
    """Mean loss, by the NumPy decoder, which starts from zero at each window."""
    decoder, losses = decoder_of(checkpoint), []
    for position, (current, following) in enumerate(pairwise(ids)):
        if window is not None and position % window == 0:
            decoder = decoder_of(checkpoint)
        logits = decoder.step(np.array([current]))[0].astype(np.float64)
        losses.append(np.log(np.exp(logits).sum()) - logits[following])
    return float(np.mean(losses))


@pytest.mark.parametrize("length", [2, 57, 257, 3000])
def test_both_losses(length, monkeypatch):
    monkeypatch.setattr(validation, "_MAX_ROWS", 4)  # so that rows of several windows occur
    config = ModelConfig(vocab_size=len(CHARACTERS), embedding_dim=5, units=(8,))
    generator = np.random.default_rng(0)
    weights = {
        # Small weights forget within the window that a row reads to warm up.
        name: generator.normal(0, 0.3, shape).astype(np.float32)
        for name, shape in weight_shapes(config).items()
    }
    checkpoint = Checkpoint(config, CharTokenizer(Vocabulary(CHARACTERS), "\n"), weights)
    ids = generator.integers(len(CHARACTERS), size=length).astype(np.int32)
    measured = Validator(config, ids)(list(weights.values()))
    assert measured.carried == pytest.approx(read_through(checkpoint, ids, None), abs=1e-5)
    assert measured.windowed == pytest.approx(read_through(checkpoint, ids, WINDOW), abs=1e-5)


def test_each_character_is_read_with_its_label(labelled):
    ids = np.arange(60, dtype=np.int32) * 7 % 9
    labels = np.repeat(np.array([2, 0, 1], np.int32), 20)
    weights = DecoderWeights(labelled)
    decoder, losses = Decoder(weights, weights.zero_state(labels=labels[:1])), []
    for (current, following), label in zip(pairwise(ids), labels, strict=False):
        decoder = Decoder(weights, replace(decoder.state, labels=np.array([label])))
        logits = decoder.step(np.array([current]))[0].astype(np.float64)
        losses.append(np.log(np.exp(logits).sum()) - logits[following])
    measured = Validator(labelled.config, ids, labels)(list(labelled.weights.values()))
    assert measured.carried == pytest.approx(np.mean(losses), abs=1e-5)
