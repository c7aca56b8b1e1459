"""Our LSTM layer is Keras's: the same results and the same gradients."""

from functools import partial

import numpy as np
import pytest

from chargen.training import lstm
from chargen.training.backend import graph, keras, tf
from chargen.training.dropout import Mask
from chargen.training.lstm import LSTM


def outcome(layer_class, *, batch, steps, features, units, layers, compiled, resets=False):
    """Outputs, states and gradients of a stack of layers over two batches of one stream."""
    keras.utils.set_random_seed(3)
    inputs = keras.Input(batch_shape=(batch, steps, features))
    x = inputs
    generator = np.random.default_rng(5)
    keep = {}
    if resets:
        drawn = generator.random((batch, steps, 1)) < 0.7
        keep["keep"] = tf.constant(drawn, tf.float32)
    for _ in range(layers):
        x = layer_class(units, return_sequences=True, stateful=True)(x, **keep)
    model = keras.Model(inputs, x)
    target = tf.constant(generator.normal(size=(batch, steps, units)).astype(np.float32))

    @graph(jit_compile=compiled)
    def step(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            outputs = model(x)
            loss = tf.reduce_sum((outputs - target) ** 2)
        return outputs, tape.gradient(loss, [x, *model.trainable_variables])

    for _ in range(2):  # the second starts from the state that the first left
        x = tf.constant(generator.normal(size=(batch, steps, features)).astype(np.float32))
        outputs, gradients = step(x)
    states = [state for layer in model.layers[1:] for state in layer.states]
    return [np.array(each) for each in (outputs, *gradients)] + [
        np.array(s.numpy()) for s in states
    ]


@pytest.mark.parametrize(
    ("batch", "steps", "features", "units", "layers", "compiled"),
    [
        (1, 1, 3, 4, 1, False),
        (1, 9, 3, 4, 1, False),
        (4, 12, 8, 16, 2, False),
        (4, 12, 8, 16, 2, True),  # within a program that XLA compiles as a whole
        (3, 5, 7, 6, 3, False),
        (16, 6, 5, 8, 1, False),  # two groups of streams
        (16, 6, 5, 8, 1, True),
        (32, 6, 5, 8, 2, False),  # four
        (27, 4, 5, 8, 1, False),  # three
        pytest.param(128, 4, 5, 8, 2, False, marks=pytest.mark.slow),  # eight
    ],
)
def test_outputs_states_and_gradients_are_those_of_keras(
    batch, steps, features, units, layers, compiled, monkeypatch
):
    monkeypatch.setattr("chargen.training.lstm.available_cores", lambda: 4)  # for as many groups
    shape = {
        "batch": batch,
        "steps": steps,
        "features": features,
        "units": units,
        "layers": layers,
    }
    ours = outcome(LSTM, compiled=compiled, **shape)
    theirs = outcome(keras.layers.LSTM, compiled=False, **shape)
    for mine, its in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(mine, its, atol=2e-5 * max(1.0, np.abs(its).max()))


@pytest.mark.parametrize("layers", [1, 2])
def test_bfloat16_rounds_the_factors_and_nothing_else(layers):
    shape = {"batch": 16, "steps": 12, "features": 24, "units": 32, "layers": layers}
    rounded, exact = (
        outcome(partial(LSTM, precision=precision), compiled=False, **shape)
        for precision in ("bfloat16", "float32")
    )
    for mine, its in zip(rounded, exact, strict=True):
        assert mine.dtype == np.float32
        error = np.linalg.norm(mine - its) / np.linalg.norm(its)
        assert 1e-5 < error < 2**-7  # of a factor, up to 2**-9 is rounded away
        low_bits = np.ascontiguousarray(mine).view(np.uint32) & 0xFFFF
        assert low_bits.any()  # no result is rounded itself


def characters_learned(layer_class, *, vocab_size, embedding_dim):
    """Outputs and gradients of two embeddings and two layers that are told where they looked."""
    keras.utils.set_random_seed(3)
    batch, steps, units = 16, 7, 12
    ids = keras.Input(batch_shape=(batch, steps), dtype="int32")
    embedding = keras.layers.Embedding(vocab_size, embedding_dim)
    labels = keras.Input(batch_shape=(batch, steps), dtype="int32")
    of_labels = keras.layers.Embedding(3, embedding_dim)
    source = {"ids": [ids, labels], "embeddings": [embedding, of_labels]}
    x = layer_class(units, return_sequences=True)(
        embedding(ids) + of_labels(labels), **source if layer_class is LSTM else {}
    )
    model = keras.Model([ids, labels], layer_class(units, return_sequences=True)(x))
    drawn = np.random.default_rng(5).integers(vocab_size, size=(batch, steps))

    @graph
    def step(*ids):
        with tf.GradientTape() as tape:
            outputs = model(list(ids))
            loss = tf.reduce_sum(outputs**2)
        gradients = tape.gradient(loss, model.trainable_variables)
        return [tf.convert_to_tensor(each) for each in (outputs, *gradients)]

    given = (tf.constant(each, tf.int32) for each in (drawn, drawn % 3))
    return [np.array(each) for each in step(*given)]


@pytest.mark.parametrize("embedding_dim", [5, 20])  # with 20, one-hot vectors are narrower
def test_an_embedding_is_learned_as_with_keras(embedding_dim):
    shape = {"vocab_size": 9, "embedding_dim": embedding_dim}
    ours = characters_learned(LSTM, **shape)
    theirs = characters_learned(keras.layers.LSTM, **shape)
    for mine, its in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(mine, its, atol=2e-5 * max(1.0, np.abs(its).max()))


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_repeated_runs_agree_bit_for_bit(precision):
    shape = {"batch": 32, "steps": 16, "features": 24, "units": 96, "layers": 2, "compiled": False}
    layer = partial(LSTM, precision=precision)
    first, *others = (outcome(layer, **shape) for _ in range(4))
    for other in others:
        for mine, its in zip(first, other, strict=True):
            np.testing.assert_array_equal(mine, its)


@pytest.mark.parametrize(
    "option", [{"go_backwards": True}, {"use_bias": False}, {"activation": "relu"}]
)
def test_options_that_change_the_formulas_fall_back_to_keras(option):
    x = np.random.default_rng(0).normal(size=(2, 5, 3)).astype(np.float32)
    ours, theirs = (
        layer(4, return_sequences=True, **option) for layer in (LSTM, keras.layers.LSTM)
    )
    ours.build(x.shape)
    theirs.build(x.shape)
    theirs.set_weights(ours.get_weights())
    np.testing.assert_array_equal(ours(x), theirs(x))


def test_keras_loop_drops_the_same_weights(monkeypatch):
    x = np.random.default_rng(0).normal(size=(2, 5, 3)).astype(np.float32)
    layer = LSTM(
        4, weight_mask=Mask(0.5, seed=1, number=0, step=tf.Variable(7), factor=tf.Variable(1.0))
    )
    results = []
    for on_gpu in (False, True):
        monkeypatch.setattr(lstm, "on_gpu", lambda on_gpu=on_gpu: on_gpu)
        with tf.GradientTape() as tape:
            outputs = layer(x, training=True)
        assert isinstance(layer.cell.recurrent_kernel, keras.Variable)
        results.append([outputs, *tape.gradient(outputs, layer.trainable_variables)])
    for mine, its in zip(*results, strict=True):
        np.testing.assert_allclose(mine, its, atol=1e-6)
    assert not np.allclose(layer(x, training=True), layer(x))
