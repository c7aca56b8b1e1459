"""Dropout whose masks stay the same through a sequence, and come back after an interrupt."""

from typing import Any

from chargen.training.backend import keras, tf
from chargen.training.replicas import Replicas


class Mask:
    """Draws a new mask for each training step.

    The mask depends on (seed, number, step) alone, so that a run that was interrupted goes on with
    the masks that it would have drawn.

    Args:
        rate: the share that is dropped, in [0, 1).
        seed: the run's random seed.
        number: which of the network's masks this is.
        step: the number of the training step, an int32 scalar variable.
        factor: what the rate is multiplied by, a float32 scalar variable in [0, 1].
    """

    def __init__(
        self, rate: float, *, seed: int, number: int, step: tf.Variable, factor: tf.Variable
    ) -> None:
        self.rate = rate
        self._seed, self._number, self._step, self._factor = seed, number, step, factor

    def __call__(self, shape: Any) -> Any:
        """Return a mask: 0 where values are dropped, else 1 / (the share kept) to keep the mean."""
        step_seed = tf.random.experimental.stateless_fold_in([self._seed, self._number], self._step)
        keep = 1 - self.rate * self._factor
        return tf.cast(tf.random.stateless_uniform(shape, step_seed) < keep, tf.float32) / keep


class LockedDropout(keras.layers.Layer):
    """Drops the same features in all steps of a sequence (Gal and Ghahramani 2016).

    The mask is drawn for all rows of a batch, so that it does not depend on who reads them.
    """

    def __init__(self, mask: Mask, replicas: Replicas) -> None:
        super().__init__()
        self._mask, self._replicas = mask, replicas

    def call(self, x: Any, training: bool = False) -> Any:
        """Return `x`, [batch, steps, width], without the dropped features if in training."""
        if not training or not self._mask.rate:
            return x
        rows, _, width = x.shape
        return x * self._replicas.take(self._mask([rows * self._replicas.count, 1, width]))
