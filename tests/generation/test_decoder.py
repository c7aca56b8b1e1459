import math
from dataclasses import replace

import numpy as np
import pytest

from chargen.errors import StateError
from chargen.generation.decoder import Decoder
from chargen.generation.state import STATES, State
from chargen.generation.weights import DecoderWeights
from tests.helpers import decoder_of

IDS = np.array([3, 1, 4, 1, 5, 8, 2, 6, 5, 3, 5, 8, 0, 7, 3, 2])


# The formulas once more, one number at a time, in float64.


def sigmoid(x):
    return 1 / (1 + math.exp(-x))


def product(x, kernel):
    """x @ kernel"""
    return [sum(x[i] * float(row[j]) for i, row in enumerate(kernel)) for j in range(len(kernel.T))]


def plus(*vectors):
    return [sum(map(float, numbers)) for numbers in zip(*vectors, strict=True)]


def lstm(x, state, kernel, recurrent_kernel, bias):
    h, c = state
    n = len(h)
    z = plus(product(x, kernel), product(h, recurrent_kernel), bias)
    i, f, g, o = z[:n], z[n : 2 * n], z[2 * n : 3 * n], z[3 * n :]
    c = [sigmoid(f[k]) * c[k] + sigmoid(i[k]) * math.tanh(g[k]) for k in range(n)]
    return [sigmoid(o[k]) * math.tanh(c[k]) for k in range(n)], c


def gru(x, state, kernel, recurrent_kernel, bias):
    (h,) = state
    n = len(h)
    a = plus(product(x, kernel), bias[0])
    b = plus(product(h, recurrent_kernel), bias[1])
    update = [sigmoid(a[k] + b[k]) for k in range(n)]
    reset = [sigmoid(a[n + k] + b[n + k]) for k in range(n)]
    candidate = [math.tanh(a[2 * n + k] + reset[k] * b[2 * n + k]) for k in range(n)]
    return ([update[k] * h[k] + (1 - update[k]) * candidate[k] for k in range(n)],)


def rnn(x, state, kernel, recurrent_kernel, bias):
    z = plus(product(x, kernel), product(state[0], recurrent_kernel), bias)
    return (list(map(math.tanh, z)),)


def reference(checkpoint, ids):
    """The logits after each id, and the state after the last."""
    weights, cell = checkpoint.weights, checkpoint.config.cell
    layer = {"lstm": lstm, "gru": gru, "rnn": rnn}[cell]
    states = [tuple([0.0] * n for _ in STATES[cell]) for n in checkpoint.config.units]
    logits = []
    for index in ids:
        x = [float(number) for number in weights["embedding/embeddings"][index]]
        for number, state in enumerate(states):
            parts = ("kernel", "recurrent_kernel", "bias")
            states[number] = layer(x, state, *(weights[f"{cell}_{number}/{p}"] for p in parts))
            x = states[number][0]
        logits.append(plus(product(x, weights["dense/kernel"]), weights["dense/bias"]))
    return np.array(logits), states


@pytest.mark.parametrize("units", [(6,), (5, 3), (2, 7, 1)])
def test_steps_follow_the_formulas(make_checkpoint, cell, units):
    checkpoint = make_checkpoint(cell, units=units)
    decoder = decoder_of(checkpoint)
    expected, states = reference(checkpoint, IDS)
    logits = np.concatenate([decoder.step(np.array([index])) for index in IDS])
    np.testing.assert_allclose(logits, expected, atol=1e-5)
    for layer, state in zip(decoder.state.layers, states, strict=True):
        for array, row in zip(layer, state, strict=True):
            np.testing.assert_allclose(array, [row], atol=1e-5)


def test_logits_are_float32_a_row_for_each_text(checkpoint):
    logits = decoder_of(checkpoint, batch_size=3).step(np.array([1, 2, 3]))
    assert logits.shape == (3, 9)
    assert logits.dtype == np.float32


def test_read_gives_the_logits_after_the_last(checkpoint):
    reader, stepper = decoder_of(checkpoint, 2), decoder_of(checkpoint, 2)
    ids = IDS.reshape(2, -1)
    for column in ids.T:
        logits = stepper.step(column)
    np.testing.assert_array_equal(reader.read(ids), logits)


def test_a_batch_is_as_many_single_texts(checkpoint):
    ids = IDS.reshape(4, -1)
    batch = decoder_of(checkpoint, batch_size=4)
    singles = [decoder_of(checkpoint) for _ in ids]
    for column in ids.T:
        together = batch.step(column)
        alone = [
            decoder.step(index) for decoder, index in zip(singles, column[:, None], strict=True)
        ]
        np.testing.assert_allclose(together, np.concatenate(alone), atol=1e-5)


def test_large_weights_saturate_quietly(make_checkpoint, cell):
    checkpoint = make_checkpoint(cell)
    for name in checkpoint.weights:
        checkpoint.weights[name] *= 1e4
    assert np.isfinite(decoder_of(checkpoint).read(IDS[None])).all()


def test_a_new_decoder_remembers_nothing(checkpoint):
    state = decoder_of(checkpoint, 2).state
    assert [array.shape for layer in state.layers for array in layer] == (
        [(2, 5)] * len(STATES[state.cell]) + [(2, 3)] * len(STATES[state.cell])
    )
    assert not any(array.any() for layer in state.layers for array in layer)


def test_a_state_kept_goes_on_the_same_in_another_decoder(checkpoint):
    decoder = decoder_of(checkpoint)
    decoder.read(IDS[None])
    kept = decoder.state
    copies = [array.copy() for layer in kept.layers for array in layer]
    first = decoder.read(IDS[None])
    again = Decoder(DecoderWeights(checkpoint), kept)
    np.testing.assert_array_equal(again.read(IDS[None]), first)
    for array, copy in zip((a for layer in kept.layers for a in layer), copies, strict=True):
        np.testing.assert_array_equal(array, copy)


def test_decoders_over_the_same_weights_do_not_disturb_each_other(checkpoint):
    weights = DecoderWeights(checkpoint)
    one, other = (Decoder(weights, weights.zero_state()) for _ in range(2))
    turns = [(one.step(index)[0], other.step(index)[0]) for index in IDS[:, None]]
    alone = decoder_of(checkpoint)
    for index, (first, second) in zip(IDS[:, None], turns, strict=True):
        expected = alone.step(index)[0]
        np.testing.assert_array_equal(first, expected)
        np.testing.assert_array_equal(second, expected)


def zeros(cell="lstm", units=(5, 3), batch_size=1):
    return State.zeros(cell, units, batch_size)


def layers_with(layer, number, array):
    """A state of zeros, with one array replaced."""
    layers = [list(arrays) for arrays in zeros().layers]
    layers[layer][number] = array
    return State("lstm", tuple(tuple(arrays) for arrays in layers))


@pytest.mark.parametrize(
    ("state", "told"),
    [
        (zeros("gru"), "is of a gru network; this one is lstm"),
        (zeros("rnn"), "is of a rnn network; this one is lstm"),
        (zeros(units=(5,)), "has 1 layers; the network 2"),
        (zeros(units=(5, 3, 3)), "has 3 layers; the network 2"),
        (State("lstm", zeros("gru").layers), r"Layer 0 of the state has 1 arrays; lstm has 2"),
        (zeros(units=(4, 3)), r"h of layer 0 .* float32 \(1, 4\); .* expects float32 \(1, 5\)"),
        (zeros(units=(5, 4)), r"h of layer 1 .* \(1, 4\); .* \(1, 3\)"),
        (layers_with(1, 1, np.zeros((1, 3))), r"c of layer 1 .* float64 \(1, 3\)"),
        (layers_with(0, 1, np.zeros(5, np.float32)), r"c of layer 0 .* float32 \(5,\)"),
        (layers_with(1, 0, [[0.0] * 3]), "h of layer 1 .* float64"),
    ],
)
def test_a_state_of_another_network_is_refused(make_checkpoint, state, told):
    with pytest.raises(StateError, match=told):
        Decoder(DecoderWeights(make_checkpoint("lstm")), state)


def test_a_document_is_read_from_a_zero_state(make_checkpoint, cell):
    checkpoint = make_checkpoint(cell, characters="\0ABCabc: ")
    both, alone = decoder_of(checkpoint, 2), decoder_of(checkpoint)
    both.read(np.array([[1, 2, 3, 0, 4], [1, 2, 3, 5, 4]]))
    alone.read(np.array([[0, 4]]))
    for layer, single in zip(both.state.layers, alone.state.layers, strict=True):
        for array, expected in zip(layer, single, strict=True):
            np.testing.assert_allclose(array[:1], expected, atol=1e-6)
            assert not np.allclose(array[1:], expected, atol=1e-3)


@pytest.mark.parametrize("table", [True, False])
def test_a_labels_vector_is_added_to_each_characters(make_checkpoint, cell, monkeypatch, table):
    if not table:
        monkeypatch.setattr("chargen.generation.weights._MAX_TABLE", 0)
    checkpoint = make_checkpoint(cell, labels={"a": 1, "b": 1, "c": 1})
    weights = dict(checkpoint.weights)
    ids = IDS[:8].reshape(2, -1)
    logits = decoder_of(checkpoint, 2, np.array([2, 0])).read(ids)
    vectors = weights.pop("label/embeddings")
    for row, label in enumerate([2, 0]):
        plain = make_checkpoint(cell)
        embeddings = weights["embedding/embeddings"] + vectors[label]
        plain = replace(plain, weights={**weights, "embedding/embeddings": embeddings})
        expected = decoder_of(plain).read(ids[row : row + 1])
        np.testing.assert_allclose(logits[row : row + 1], expected, atol=1e-5)


def test_labels_stay_with_their_texts(labelled):
    decoder = decoder_of(labelled, 3, np.array([0, 1, 2]))
    decoder.read(IDS[:6].reshape(3, -1))
    both = decoder.state.select([2, 0])
    assert both.labels.tolist() == [2, 0]
    assert State.concatenate([both, both.select([1])]).labels.tolist() == [2, 0, 0]
    assert both.reset_rows(np.array([True, False])).labels.tolist() == [2, 0]


@pytest.mark.parametrize(
    ("labels", "told"),
    [
        (None, r"has the labels \[\]; this network expects 2 numbers from 0 to 2"),
        ([1], r"has the labels \[1\]"),
        ([0, 3], r"\[0, 3\]"),
        ([-1, 0], r"\[-1, 0\]"),
    ],
)
def test_labels_that_the_network_has_not_are_refused(labelled, labels, told):
    labels = None if labels is None else np.array(labels)
    with pytest.raises(StateError, match=told):
        decoder_of(labelled, 2, labels)


def test_a_network_without_labels_takes_none(make_checkpoint):
    with pytest.raises(StateError, match="expects none"):
        decoder_of(make_checkpoint(), labels=np.array([0]))
