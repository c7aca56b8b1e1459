"""Adam with Nesterov momentum, and SOAP, which treats a few directions of gradients apart.

A recurrent kernel's gradients are far greater in a few directions of the state, in which many units
move together, than in the others. Adam scales each weight by itself, so these few hold the others
back. SOAP (Vyas et al. 2024, after the Shampoo of Gupta, Koren and Singer 2018) runs Adam in the
basis of these directions, the eigenvectors of the gradients' covariance. Here, only the leading
ones are followed, and plain Adam learns the rest: most of the gain, for few products more.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from chargen.training.backend import keras, tf
from chargen.training.saved_run import basis_size

_FOLLOW_STEPS = 4  # between two iterations that find the directions
_FOLLOWED_FIRST = 32  # steps at the beginning, each of which iterates
_PRODUCT_KEPT = 0.8  # each time, of the product of covariance and directions
_DECAY_STEPS = 8  # whose weight decay is done at once
_BETA_1 = 0.9
_BETA_2 = 0.99  # for short runs: follows a changing gradient sooner than Adam's usual 0.999
_EPSILON = 1e-7  # Keras's
_NOT_DECAYED = ("bias", "embeddings")
_OUTPUT_RATE = 2.0  # with soap, the output layer's learning rate is this times the others'


class AdamW:
    """Adam (Kingma and Ba 2015), with decoupled weight decay (Loshchilov and Hutter 2019), or SOAP.

    Both look ahead as Nesterov's momentum does (NAdam, Dozat 2016, with a constant β₁): where Adam
    takes m, the mean of the gradients g, a step takes β₁ m + (1 − β₁) g.

    Args:
        weights: the weights to learn; biases and embeddings do not decay.
        weight_decay: each step shrinks the others by this times the learning rate; eight steps at
            once, to pass over the weights less often.
        clip_norm: gradients whose global norm is above this are scaled down to it.
        soap: whether to follow the leading directions of the recurrent kernels' gradients, and to
            have the output layer, "dense", learn faster.
    """

    def __init__(
        self,
        weights: Sequence[keras.Variable],
        *,
        weight_decay: float,
        clip_norm: float,
        soap: bool = False,
    ) -> None:
        self._weights, self._weight_decay, self._clip_norm = weights, weight_decay, clip_norm
        self._moments = [_Moments(weight.shape) for weight in weights]
        self._rates = [
            _OUTPUT_RATE if soap and weight.path.startswith("dense/") else 1.0 for weight in weights
        ]
        sizes = (basis_size(weight.name, weight.shape) if soap else 0 for weight in weights)
        self._leading = [
            _Leading(weight.shape, size) if size else None
            for weight, size in zip(weights, sizes, strict=True)
        ]

    def reset(self) -> None:
        """Forget all gradients; the next update is number 0."""
        for moments in self._moments:
            moments.reset()
        for leading in filter(None, self._leading):
            leading.reset()

    @property
    def variables(self) -> Iterator[tf.Variable]:
        """Return each weight's moments, then what follows each one's leading directions."""
        for moments in self._moments:
            yield from moments.variables
        for leading in filter(None, self._leading):
            yield from leading.variables

    def bases(self, number: Any) -> list[Any]:
        """Return the leading directions for update `number`, within a graph: [rows, size] each."""
        return [leading.look(number) for leading in filter(None, self._leading)]

    def apply(
        self, gradients: Sequence[Any], bases: Sequence[Any], *, number: Any, learning_rate: Any
    ) -> Any:
        """Update the weights, within a graph.

        Args:
            gradients: of the loss, one for each weight.
            bases: what `bases` returned, the same for all replicas.
            number: how many updates there were before, since the last `reset`; int32.
            learning_rate: for this update.

        Returns:
            The global norm of the gradients before they were scaled.
        """
        gradients, norm = tf.clip_by_global_norm(gradients, self._clip_norm)
        if self._weight_decay:
            tf.cond(number % _DECAY_STEPS == 0, lambda: self._decay(learning_rate), lambda: None)
        updates = tf.cast(number + 1, tf.float32)
        following = iter(bases)
        for weight, rate, moments, leading, gradient in zip(
            self._weights, self._rates, self._moments, self._leading, gradients, strict=True
        ):
            handle = weight.value.handle
            rest = gradient
            if leading is not None:
                change, rest = leading.learn(gradient, next(following), number, learning_rate)
                tf.raw_ops.AssignSubVariableOp(resource=handle, value=change)
            # TensorFlow's own kernel passes once over a weight, its gradient and both its moments,
            # on all cores. Keras's optimizers are made of many small operations.
            tf.raw_ops.ResourceApplyAdam(
                var=handle,
                m=moments.mean.handle,
                v=moments.variance.handle,
                beta1_power=_BETA_1**updates,
                beta2_power=_BETA_2**updates,
                lr=rate * learning_rate,
                beta1=_BETA_1,
                beta2=_BETA_2,
                epsilon=_EPSILON,
                grad=rest,
                use_nesterov=True,
            )
        return norm

    def _decay(self, learning_rate: Any) -> None:
        """Shrink the weights for this step and those up to the next time."""
        for weight in self._weights:
            if weight.name not in _NOT_DECAYED:
                decayed = _DECAY_STEPS * self._weight_decay * learning_rate * weight
                tf.raw_ops.AssignSubVariableOp(resource=weight.value.handle, value=decayed)


class _Moments:
    """The mean and the uncentred variance of a gradient."""

    def __init__(self, shape: Sequence[int]) -> None:
        self.mean, self.variance = (tf.Variable(tf.zeros(shape)) for _ in range(2))
        self.variables = self.mean, self.variance

    def reset(self) -> None:
        for variable in self.variables:
            variable.assign(tf.zeros_like(variable))


class _Leading:
    """The leading directions of a matrix's gradients, and the moments along them.

    They are those eigenvectors of the covariance of the gradients' rows that have the greatest
    eigenvalues, found by subspace iteration. The covariance itself is never formed, as only its
    product with the directions is needed.

    Args:
        shape: of the matrix.
        size: how many directions.
    """

    def __init__(self, shape: Sequence[int], size: int) -> None:
        rows, columns = shape
        self._basis = tf.Variable(tf.eye(rows, size))  # orthonormal columns
        self._product = tf.Variable(tf.zeros([rows, size]))  # of the covariance with them
        self._moments = _Moments([size, columns])
        self.variables = self._basis, self._product, *self._moments.variables

    def reset(self) -> None:
        self._basis.assign(tf.eye(*self._basis.shape))
        self._product.assign(tf.zeros_like(self._product))
        self._moments.reset()

    def look(self, number: Any) -> Any:
        """Return the directions for update `number`, after an iteration if one is due."""
        return tf.cond(
            _is_due(number) & (number > 0),  # at first nothing is known
            lambda: tf.linalg.qr(tf.convert_to_tensor(self._product))[0],
            lambda: tf.convert_to_tensor(self._basis),
        )

    def learn(self, gradient: Any, basis: Any, number: Any, learning_rate: Any) -> tuple[Any, Any]:
        """Return what to subtract for the gradient's leading part, and the rest of the gradient."""
        basis_before, product, mean, variance = map(tf.convert_to_tensor, self.variables)
        leading = tf.matmul(basis, gradient, transpose_a=True)

        def turned() -> tuple[Any, Any]:
            """Return product and mean in the new directions; the variance stays as it is."""
            turn = tf.matmul(basis, basis_before, transpose_a=True)
            seen = tf.matmul(gradient, leading, transpose_b=True)
            kept = _PRODUCT_KEPT * tf.matmul(product, turn, transpose_b=True)
            return kept + (1 - _PRODUCT_KEPT) * seen, turn @ mean

        product, mean = tf.cond(_is_due(number), turned, lambda: (product, mean))
        mean = _BETA_1 * mean + (1 - _BETA_1) * leading
        variance = _BETA_2 * variance + (1 - _BETA_2) * leading**2
        values = basis, product, mean, variance
        for variable, value in zip(self.variables, values, strict=True):
            tf.raw_ops.AssignVariableOp(resource=variable.handle, value=value)
        updates = tf.cast(number + 1, tf.float32)
        rate = learning_rate * tf.sqrt(1 - _BETA_2**updates) / (1 - _BETA_1**updates)
        ahead = _BETA_1 * mean + (1 - _BETA_1) * leading
        change = basis @ (rate * ahead / (tf.sqrt(variance) + _EPSILON))
        return change, gradient - basis @ leading


def _is_due(number: Any) -> Any:
    """Return whether the directions are looked at in update `number`, within a graph."""
    return (number < _FOLLOWED_FIRST) | (number % _FOLLOW_STEPS == 0)
