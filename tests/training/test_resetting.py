"""A document is read as if nothing had come before it."""

import numpy as np
import pytest

from chargen.checkpoint import Checkpoint, weight_shapes
from chargen.config import ModelConfig
from chargen.text.tokenizer import CharTokenizer
from chargen.text.vocabulary import BOUNDARY, Vocabulary
from chargen.training.backend import keras, tf
from chargen.training.lstm import LSTM
from chargen.training.model import TRAINING_CELLS, build_model, load_weights
from chargen.training.resetting import Resetting
from tests.helpers import decoder_of

from .test_lstm import outcome

CHARACTERS = BOUNDARY + "\nabcd"


class Reference(Resetting, keras.layers.LSTM):
    """Keras's own cell, step by step."""


@pytest.mark.parametrize(("batch", "layers"), [(1, 1), (5, 2), (32, 2)])
def test_the_fast_layer_resets_as_the_reference_does(batch, layers):
    shape = {"batch": batch, "steps": 9, "features": 5, "units": 8, "layers": layers}
    ours = outcome(LSTM, compiled=False, resets=True, **shape)
    theirs = outcome(Reference, compiled=False, resets=True, **shape)
    kept = outcome(keras.layers.LSTM, compiled=False, **shape)
    for mine, its in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(mine, its, atol=2e-5 * max(1.0, np.abs(its).max()))
    assert not np.allclose(ours[0], kept[0], atol=1e-2)


@pytest.mark.parametrize("seq_length", [1, 7, 21])
def test_logits_are_those_of_each_document_on_its_own(cell, seq_length):
    config = ModelConfig(vocab_size=len(CHARACTERS), embedding_dim=5, cell=cell, units=(8, 6))
    generator = np.random.default_rng(0)
    weights = {
        name: generator.normal(0, 0.8, shape).astype(np.float32)
        for name, shape in weight_shapes(config).items()
    }
    ids = generator.integers(len(CHARACTERS), size=(3, 42)).astype(np.int32)  # many boundaries
    model = build_model(
        config, batch_size=3, seq_length=seq_length, cells=TRAINING_CELLS, boundary=0
    )
    load_weights(model, config, weights)
    parts = [
        model(tf.constant(ids[:, start : start + seq_length])) for start in range(0, 42, seq_length)
    ]
    tokenizer = CharTokenizer(Vocabulary(CHARACTERS), BOUNDARY)
    checkpoint = Checkpoint(config, tokenizer, weights)
    for row, logits in zip(ids, np.concatenate(parts, axis=1), strict=True):
        decoder = decoder_of(checkpoint)
        for index, expected in zip(row, logits, strict=True):
            if index == 0:
                decoder = decoder_of(checkpoint)
            np.testing.assert_allclose(decoder.step(np.array([index]))[0], expected, atol=1e-4)
