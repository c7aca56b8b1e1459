"""Adam with decoupled weight decay, computed by TensorFlow's own kernel.

The kernel passes once over a weight, its gradient and both its moments, on all cores. Keras's
optimizers are made of many small operations, which XLA has to compile for each weight first.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from chargen.training.backend import keras, tf

_BETA_1 = 0.9
_BETA_2 = 0.99  # for short runs: follows a changing gradient sooner than Adam's usual 0.999
_EPSILON = 1e-7  # Keras's
_NOT_DECAYED = ("bias", "embeddings")


class AdamW:
    """Adam (Kingma and Ba 2015) with decoupled weight decay (Loshchilov and Hutter 2019).

    Args:
        weights: the weights to learn; biases and embeddings do not decay.
        weight_decay: each step shrinks the others by this times the learning rate.
        clip_norm: gradients whose global norm is above this are scaled down to it.
    """

    def __init__(
        self, weights: Sequence[keras.Variable], *, weight_decay: float, clip_norm: float
    ) -> None:
        self._weights, self._weight_decay, self._clip_norm = weights, weight_decay, clip_norm
        self._moments = [
            tuple(tf.Variable(tf.zeros(weight.shape)) for _ in range(2)) for weight in weights
        ]

    @property
    def variables(self) -> Iterator[tf.Variable]:
        """Return each weight's moments: the mean and the uncentred variance of its gradient."""
        return (moment for moments in self._moments for moment in moments)

    def apply(self, gradients: Sequence[Any], *, number: Any, learning_rate: Any) -> Any:
        """Update the weights, within a graph.

        Args:
            gradients: of the loss, one for each weight.
            number: how many updates there were before, int32.
            learning_rate: for this update.

        Returns:
            The global norm of the gradients before they were scaled.
        """
        gradients, norm = tf.clip_by_global_norm(gradients, self._clip_norm)
        updates = tf.cast(number + 1, tf.float32)
        for weight, (mean, variance), gradient in zip(
            self._weights, self._moments, gradients, strict=True
        ):
            if self._weight_decay and weight.name not in _NOT_DECAYED:
                tf.raw_ops.AssignSubVariableOp(
                    resource=weight.value.handle,
                    value=self._weight_decay * learning_rate * weight,
                )
            tf.raw_ops.ResourceApplyAdam(
                var=weight.value.handle,
                m=mean.handle,
                v=variance.handle,
                beta1_power=_BETA_1**updates,
                beta2_power=_BETA_2**updates,
                lr=learning_rate,
                beta1=_BETA_1,
                beta2=_BETA_2,
                epsilon=_EPSILON,
                grad=gradient,
            )
        return norm
