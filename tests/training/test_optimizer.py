"""The optimizer is Adam with decoupled weight decay, as Keras has it, and turns where it pays."""

import numpy as np
import pytest

from chargen.training.backend import graph, keras, tf
from chargen.training.optimizer import AdamW

SHAPES = {"kernel": (7, 5), "bias": (5,), "embeddings": (4, 3)}


def fresh_weights():
    generator = np.random.default_rng(0)
    return [
        keras.Variable(generator.normal(size=shape).astype(np.float32), name=name)
        for name, shape in SHAPES.items()
    ]


@pytest.mark.parametrize("weight_decay", [0.0, 0.3])
@pytest.mark.parametrize("clip_norm", [0.5, 1e9])
def test_updates_are_those_of_keras(weight_decay, clip_norm):
    ours, theirs = fresh_weights(), fresh_weights()
    optimizer = AdamW(ours, weight_decay=weight_decay, clip_norm=clip_norm)
    update = graph(optimizer.apply)
    reference = keras.optimizers.AdamW(
        weight_decay=weight_decay, beta_2=0.99, global_clipnorm=clip_norm
    )
    reference.exclude_from_weight_decay(var_names=["bias", "embeddings"])
    generator = np.random.default_rng(1)
    for number in range(20):
        gradients = [
            tf.constant(generator.normal(size=shape), tf.float32) for shape in SHAPES.values()
        ]
        rate = 0.1 / (number + 1)
        norm = update(gradients, [], number=tf.constant(number), learning_rate=tf.constant(rate))
        reference.learning_rate = rate
        reference.apply(gradients, theirs)
        assert float(norm) == pytest.approx(tf.linalg.global_norm(gradients).numpy())
    for mine, its in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(mine.numpy(), its.numpy(), rtol=1e-4, atol=1e-5)


def learned(name, gradient_of, steps):
    """Return a kernel of so many updates, from zero, and the directions that were followed."""
    kernel = keras.Variable(np.zeros((128, 96), np.float32), name=name)
    optimizer = AdamW([kernel], weight_decay=0.0, clip_norm=1e9, soap=True)

    @graph
    def update(gradient, number):
        bases = optimizer.bases(number)
        optimizer.apply([gradient], bases, number=number, learning_rate=0.003)
        return bases

    generator = np.random.default_rng(1)
    for number in range(steps):
        gradient = gradient_of(kernel.numpy(), generator).astype(np.float32)
        bases = update(gradient, tf.constant(number))
    return kernel.numpy(), bases


def orthonormal(rows, columns):
    return np.linalg.qr(np.random.default_rng(2).normal(size=(rows, columns)))[0]


def test_the_leading_directions_of_the_gradients_are_found():
    strong = orthonormal(128, 3)

    def gradient_of(kernel, generator):
        return 10 * strong @ generator.normal(size=(3, 96)) + generator.normal(size=kernel.shape)

    _, [basis] = learned("recurrent_kernel", gradient_of, 60)
    np.testing.assert_allclose(np.linalg.norm(basis.numpy().T @ strong, axis=0), 1, atol=0.02)
    np.testing.assert_allclose(tf.matmul(basis, basis, transpose_a=True), np.eye(4), atol=1e-5)


def test_noise_in_strong_directions_does_not_hold_the_others_back():
    strong, target = orthonormal(128, 3), np.random.default_rng(3).normal(size=(128, 96))
    weak = np.eye(128) - strong @ strong.T

    def gradient_of(kernel, generator):
        return weak @ (kernel - target) + 10 * strong @ generator.normal(size=(3, 96))

    def distance(name):
        kernel, _ = learned(name, gradient_of, 500)
        return np.linalg.norm(weak @ (kernel - target))

    assert distance("recurrent_kernel") < 0.8 * distance("kernel")  # which plain Adam learns


@pytest.mark.parametrize(("soap", "factor"), [(True, 2), (False, 1)])
def test_with_soap_the_output_layer_learns_twice_as_fast(soap, factor):
    dense, other = (
        keras.layers.Dense(3, name=name, kernel_initializer="zeros") for name in ("dense", "other")
    )
    dense.build((None, 5))
    other.build((None, 5))
    weights = [*dense.weights, *other.weights]
    optimizer = AdamW(weights, weight_decay=0.0, clip_norm=1e9, soap=soap)
    gradients = [tf.ones(weight.shape) for weight in weights]
    optimizer.apply(gradients, [], number=tf.constant(0), learning_rate=0.01)
    for faster, slower in zip(dense.weights, other.weights, strict=True):
        np.testing.assert_allclose(faster.numpy(), factor * slower.numpy(), rtol=1e-5)
        assert (faster.numpy() != 0).all()
