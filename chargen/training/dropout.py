"""Dropout with masks that last: through a sequence, and through an interrupt."""

from typing import Any

from chargen.training.backend import keras, tf


class Mask:
    """Draws what is kept, anew for each training step.

    The mask depends on (seed, number, step) alone and on no hidden generator, so that a run that
    is interrupted draws the masks that it would have drawn.

    Args:
        rate: the share dropped, in [0, 1).
        seed: the run's seed.
        number: which of the network's masks this is.
        step: the number of the training step, an int32 scalar variable.
    """

    def __init__(self, rate: float, *, seed: int, number: int, step: tf.Variable) -> None:
        self.rate = rate
        self._seed, self._number, self._step = seed, number, step

    def __call__(self, shape: Any) -> Any:
        """0 for what is dropped, and 1 / (1 - rate) for the rest, so that the mean stays."""
        step_seed = tf.random.experimental.stateless_fold_in([self._seed, self._number], self._step)
        keep = 1 - self.rate
        return tf.cast(tf.random.stateless_uniform(shape, step_seed) < keep, tf.float32) / keep


class LockedDropout(keras.layers.Layer):
    """Dropout of features, the same ones in all steps of a sequence (Gal and Ghahramani 2016)."""

    def __init__(self, mask: Mask) -> None:
        super().__init__()
        self._mask = mask

    def call(self, x: Any, training: bool = False) -> Any:
        """Drop features of `x`, [batch, steps, width]."""
        if not training or not self._mask.rate:
            return x
        batch, _, width = x.shape
        return x * self._mask([batch, 1, width])
