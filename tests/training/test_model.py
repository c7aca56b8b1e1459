"""The Keras rebuild and the NumPy decoder are the same network."""

from dataclasses import replace

import numpy as np
import pytest

from chargen.checkpoint import Checkpoint, weight_shapes
from chargen.config import CELLS, ModelConfig
from chargen.errors import StateError
from chargen.generation.decoder import Decoder
from chargen.generation.state import State
from chargen.generation.weights import DecoderWeights
from chargen.text.tokenizer import CharTokenizer
from chargen.text.vocabulary import Vocabulary
from chargen.training.model import KerasDecoder, KerasNetwork, build_model, rebuild
from tests.helpers import decoder_of

CHARACTERS = "\n abcdefgh"


LABELS = np.array([2, 0])


def random_checkpoint(cell, units, characters=CHARACTERS, labels=0):
    config = ModelConfig(
        vocab_size=len(CHARACTERS), embedding_dim=5, cell=cell, units=units, labels=labels
    )
    generator = np.random.default_rng(len(units))
    weights = {
        name: generator.normal(0, 0.5, shape).astype(np.float32)
        for name, shape in weight_shapes(config).items()
    }
    names = {f"label {number}": 1 for number in range(labels)}
    tokenizer = CharTokenizer(Vocabulary(characters), characters[0])
    return Checkpoint(config, tokenizer, weights, labels=names)


def keras_decoder(network):
    """A Keras decoder of one text, from a zero state."""
    config = network.checkpoint.config
    return KerasDecoder(network, State.zeros(config.cell, config.units, 1))


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("units", [(16,), (16, 8), (8, 16, 12)])
def test_decoders_agree_on_random_prompts_and_after_reset(cell, units):
    checkpoint = random_checkpoint(cell, units)
    network = KerasNetwork(checkpoint)
    generator = np.random.default_rng(7)
    for length in (1, 40):
        ours, reference = decoder_of(checkpoint), keras_decoder(network)
        prompt = generator.integers(len(CHARACTERS), size=(1, length))
        np.testing.assert_allclose(ours.read(prompt), reference.read(prompt), atol=1e-4)
        following = np.array([3])
        np.testing.assert_allclose(ours.step(following), reference.step(following), atol=1e-4)


@pytest.mark.parametrize("cell", CELLS)
def test_a_state_moves_between_the_decoders(cell):
    checkpoint = random_checkpoint(cell, (16, 8))
    ours = decoder_of(checkpoint)
    ours.read(np.array([[1, 2, 3]]))
    reference = KerasDecoder(KerasNetwork(checkpoint), ours.state)
    np.testing.assert_allclose(reference.step(np.array([4])), ours.step(np.array([4])), atol=1e-4)
    for ours_layer, theirs in zip(ours.state.layers, reference.state.layers, strict=True):
        np.testing.assert_allclose(ours_layer, theirs, atol=1e-4)


def test_the_keras_decoder_refuses_a_state_that_keras_would_take():
    network = KerasNetwork(random_checkpoint("lstm", (16, 8)))
    with pytest.raises(StateError, match="layer 0"):
        KerasDecoder(network, State.zeros("lstm", (8, 16), 1))


def test_keras_decoders_that_take_turns_are_as_if_alone():
    network = KerasNetwork(random_checkpoint("lstm", (16,)))
    one, other, alone = (keras_decoder(network) for _ in range(3))
    turns = [(one.step(np.array([i])), other.step(np.array([i]))) for i in (1, 2, 3)]
    for index, (first, second) in zip((1, 2, 3), turns, strict=True):
        expected = alone.step(np.array([index]))
        np.testing.assert_array_equal(first, expected)
        np.testing.assert_array_equal(second, expected)


def test_a_model_rebuilt_at_another_batch_size_computes_the_same():
    checkpoint = random_checkpoint("lstm", (16,))
    ids = np.random.default_rng(0).integers(len(CHARACTERS), size=(3, 10))
    logits = rebuild(checkpoint, batch_size=3)(ids)
    for row in range(3):
        alone = rebuild(checkpoint, batch_size=1)(ids[row : row + 1])
        np.testing.assert_allclose(logits[row], alone[0], atol=1e-5)


@pytest.mark.parametrize("cell", CELLS)
def test_a_fresh_model_has_the_weights_that_the_format_lists(cell):
    config = ModelConfig(vocab_size=9, embedding_dim=5, cell=cell, units=(16, 8))
    model = build_model(config, batch_size=2)
    assert [each.shape for each in model.get_weights()] == [*weight_shapes(config).values()]
    # Keras has the same order, so a name never gets another's weights.
    ours = [name.split("/")[1] for name in weight_shapes(config)]
    assert [variable.name for variable in model.weights] == ours


def test_recurrent_weights_start_glorot_uniform():
    config = ModelConfig(vocab_size=9, embedding_dim=5, units=(64,))
    layer = build_model(config, batch_size=1).get_layer("lstm_0")
    kernel = layer.cell.recurrent_kernel.numpy()
    limit = np.sqrt(6 / (64 + 256))  # Glorot and Bengio 2010
    assert 0.95 * limit < np.abs(kernel).max() <= limit


def test_fresh_embeddings_tell_characters_apart():
    model = build_model(ModelConfig(vocab_size=65, embedding_dim=64, labels=65), batch_size=1)
    for name in ("embedding", "label"):
        embeddings = model.get_layer(name).embeddings.numpy()
        assert 0.4 < embeddings.std() < 0.6
        assert len(np.unique(embeddings, axis=0)) == 65


@pytest.mark.parametrize("cell", CELLS)
def test_decoders_agree_where_documents_begin(cell):
    checkpoint = random_checkpoint(cell, (16, 8), "\0 abcdefgh")
    ours, reference = decoder_of(checkpoint), keras_decoder(KerasNetwork(checkpoint))
    for prompt in ([0, 3, 2], [4, 0, 5, 6, 0, 7], [1, 2], [3, 0]):
        ids = np.array([prompt], np.int32)
        np.testing.assert_allclose(ours.read(ids), reference.read(ids), atol=1e-4)


@pytest.mark.parametrize("cell", CELLS)
def test_decoders_agree_on_labels(cell):
    checkpoint = random_checkpoint(cell, (16, 8), "\0 abcdefgh", labels=3)
    assert weight_shapes(checkpoint.config)["label/embeddings"] == (3, 5)
    network, weights = KerasNetwork(checkpoint), DecoderWeights(checkpoint)
    ours = decoder_of(checkpoint, 2, LABELS)
    reference = KerasDecoder(network, ours.state)
    ids = np.array([[4, 0, 5, 6], [4, 1, 5, 6]], np.int32)
    np.testing.assert_allclose(ours.read(ids), reference.read(ids), atol=1e-4)
    reference = KerasDecoder(network, ours.state)
    step = np.array([3, 3])
    logits = ours.step(step)
    np.testing.assert_allclose(logits, reference.step(step), atol=1e-4)
    other = replace(ours.state, labels=LABELS[::-1])  # each writes on as the other
    reference, ours = KerasDecoder(network, other), Decoder(weights, other)
    turned = ours.step(step)
    np.testing.assert_allclose(turned, reference.step(step), atol=1e-4)


def test_a_rebuilt_model_takes_ids_and_labels():
    checkpoint = random_checkpoint("lstm", (8,), labels=3)
    ids = np.array([[1, 2, 3], [1, 2, 3]], np.int32)
    logits = rebuild(checkpoint, 2)([ids, np.repeat(LABELS[:, None], 3, axis=1)])
    np.testing.assert_allclose(
        logits[:, -1], decoder_of(checkpoint, 2, LABELS).read(ids), atol=1e-4
    )


@pytest.mark.parametrize("cell", CELLS)
def test_a_fresh_model_with_labels_has_the_weights_that_the_format_lists(cell):
    config = ModelConfig(vocab_size=9, embedding_dim=5, cell=cell, units=(16, 8), labels=3)
    model = build_model(config, batch_size=2)
    assert [each.shape for each in model.get_weights()] == [*weight_shapes(config).values()]
