"""The optimizer is Adam with decoupled weight decay, as Keras has it."""

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
        norm = update(gradients, number=tf.constant(number), learning_rate=tf.constant(rate))
        reference.learning_rate = rate
        reference.apply(gradients, theirs)
        assert float(norm) == pytest.approx(tf.linalg.global_norm(gradients).numpy())
    for mine, its in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(mine.numpy(), its.numpy(), rtol=1e-4, atol=1e-5)
