"""The optimizer is Adam with Nesterov momentum, and turns where it pays."""

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
def test_updates_are_those_of_the_formulas(weight_decay, clip_norm):
    weights = fresh_weights()
    optimizer = AdamW(weights, weight_decay=weight_decay, clip_norm=clip_norm)
    update = graph(optimizer.apply)
    expected = [weight.numpy().astype(float) for weight in weights]
    means, variances = ([np.zeros(shape) for shape in SHAPES.values()] for _ in range(2))
    generator = np.random.default_rng(1)
    for number in range(20):
        gradients = [generator.normal(size=shape) for shape in SHAPES.values()]
        rate = 0.1 / (number + 1)
        given = [tf.constant(gradient, tf.float32) for gradient in gradients]
        norm = update(given, [], number=tf.constant(number), learning_rate=tf.constant(rate))
        total = np.sqrt(sum((gradient**2).sum() for gradient in gradients))
        assert float(norm) == pytest.approx(total)
        for name, k in zip(SHAPES, range(3), strict=True):
            gradient = gradients[k] * min(1, clip_norm / total)
            means[k] = 0.9 * means[k] + 0.1 * gradient
            variances[k] = 0.99 * variances[k] + 0.01 * gradient**2
            ahead = (0.9 * means[k] + 0.1 * gradient) / (np.sqrt(variances[k]) + 1e-7)
            correction = np.sqrt(1 - 0.99 ** (number + 1)) / (1 - 0.9 ** (number + 1))
            decay = 8 * weight_decay if name == "kernel" and number % 8 == 0 else 0
            expected[k] = expected[k] * (1 - rate * decay) - rate * correction * ahead
    for weight, mine in zip(weights, expected, strict=True):
        np.testing.assert_allclose(weight.numpy(), mine, rtol=1e-4, atol=1e-5)


def learner(name, learning_rate):
    """Return a kernel of zeros, and what updates it with SOAP and returns the directions."""
    kernel = keras.Variable(np.zeros((128, 96), np.float32), name=name)
    optimizer = AdamW([kernel], weight_decay=0.0, clip_norm=1e9, soap=True)

    @graph
    def update(gradient, number):
        bases = optimizer.bases(number)
        optimizer.apply([gradient], bases, number=number, learning_rate=learning_rate)
        return bases

    return kernel, lambda gradient, number: update(
        tf.constant(gradient, tf.float32), tf.constant(number)
    )


def learned(name, gradient_of, steps):
    """Return a kernel of so many updates, from zero, and the directions that were followed."""
    kernel, update = learner(name, 0.003)
    generator = np.random.default_rng(1)
    for number in range(steps):
        bases = update(gradient_of(kernel.numpy(), generator), number)
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


def test_the_leading_directions_and_the_rest_take_steps_of_the_same_formula():
    kernel, update = learner("recurrent_kernel", 0.01)

    def moved(moments, gradient, number):
        """Return how far a step goes, in units of the learning rate."""
        moments["mean"] = 0.9 * moments["mean"] + 0.1 * gradient
        moments["variance"] = 0.99 * moments["variance"] + 0.01 * gradient**2
        ahead = 0.9 * moments["mean"] + 0.1 * gradient
        correction = np.sqrt(1 - 0.99 ** (number + 1)) / (1 - 0.9 ** (number + 1))
        return correction * ahead / (np.sqrt(moments["variance"]) + 1e-7)

    leading, rest = ({"mean": 0.0, "variance": 0.0} for _ in range(2))
    generator = np.random.default_rng(1)
    before, expected = np.eye(128, 4), np.zeros((128, 96))
    for number in range(40):  # the directions turn at each of the first 32, then at every fourth
        gradient = generator.normal(size=(128, 96))
        [basis] = update(gradient, number)
        basis = basis.numpy().astype(float)
        leading["mean"] = basis.T @ before @ np.broadcast_to(leading["mean"], (4, 96))
        part = basis.T @ gradient
        step = basis @ moved(leading, part, number) + moved(rest, gradient - basis @ part, number)
        expected, before = expected - 0.01 * step, basis
    np.testing.assert_allclose(kernel.numpy(), expected, rtol=1e-3, atol=1e-4)


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
