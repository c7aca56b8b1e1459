"""A faster LSTM layer for training on a CPU.

Keras's layer does all of its work inside the loop over time, though only h·U has to be there. This
one multiplies the inputs by their kernel for all steps at once before the loop, keeps the gate
activations for the gradient, runs only U·dz backwards in time, and forms the gradients of both
kernels as one large product each afterwards.

Inside the loops all is transposed, [units, batch]: XLA's product on a CPU is markedly faster with
the large matrix on the left than with the small batch there, and the gates become contiguous rows.
It is written to be compiled with the whole training step, `tf.function(jit_compile=True)`.

The formulas are Keras's: z = x·W + h·U + b, split into the gates i, f, c, o.
"""

from typing import Any

from chargen.training.backend import keras, tf


class LSTM(keras.layers.LSTM):
    """A drop-in for `keras.layers.LSTM`: the same weights, states and results.

    With a mask, on a GPU, or with options that change the formulas, Keras's own loop runs.
    """

    def inner_loop(
        self, sequences: Any, initial_state: Any, mask: Any, training: bool = False
    ) -> Any:
        plain = (
            mask is None
            and None not in sequences.shape
            and not (self.go_backwards or self.unroll or self.dropout or self.recurrent_dropout)
            and self.use_bias
            and self.activation is keras.activations.tanh
            and self.recurrent_activation is keras.activations.sigmoid
            and not tf.config.list_logical_devices("GPU")
        )
        if not plain:
            return super().inner_loop(sequences, initial_state, mask=mask, training=training)
        weights = (self.cell.kernel, self.cell.recurrent_kernel, self.cell.bias)
        arguments = (sequences, *weights, *initial_state)
        outputs, h, c = _recur(*(tf.convert_to_tensor(each) for each in arguments))
        return h, outputs, [h, c]


@tf.custom_gradient
def _recur(x: Any, kernel: Any, recurrent_kernel: Any, bias: Any, h0: Any, c0: Any) -> Any:
    """Run the layer.

    Args:
        x: the inputs, [batch, steps, features].
        kernel: W, [features, 4 * units].
        recurrent_kernel: U, [units, 4 * units].
        bias: b, [4 * units].
        h0: the first hidden state, [batch, units].
        c0: the first cell state, [batch, units].

    Returns:
        Every hidden state, [batch, steps, units], the last one, and the last cell state.
    """
    batch, steps, features = x.shape
    units = recurrent_kernel.shape[0]
    projected = tf.matmul(tf.reshape(x, [-1, features]), kernel) + bias
    projected = tf.reshape(projected, [batch, steps, 4 * units])
    projected = tf.transpose(projected, [1, 2, 0])  # [steps, 4 * units, batch]
    left = tf.transpose(recurrent_kernel)  # once, not at every step

    def forward(t: Any, h: Any, c: Any, *kept: Any) -> Any:
        z = projected[t] + tf.matmul(left, h)  # [4 * units, batch]
        i = tf.sigmoid(z[:units])
        f = tf.sigmoid(z[units : 2 * units])
        g = tf.tanh(z[2 * units : 3 * units])
        o = tf.sigmoid(z[3 * units :])
        c = f * c + i * g
        h = o * tf.tanh(c)
        values = (i, f, g, o, c, h)
        return t + 1, h, c, *(array.write(t, v) for array, v in zip(kept, values, strict=True))

    arrays = [_array(steps, units, batch) for _ in range(6)]
    start = (0, tf.transpose(h0), tf.transpose(c0), *arrays)
    _, h, c, *kept = tf.while_loop(lambda t, *_: t < steps, forward, start)
    i, f, g, o, cells, hiddens = (array.stack() for array in kept)  # each [steps, units, batch]

    def gradient(d_outputs: Any, dh: Any, dc: Any) -> Any:
        d_hiddens = tf.transpose(d_outputs, [1, 2, 0])
        cells_before = _shifted(c0, cells)

        def backward(t: Any, dh: Any, dc: Any, array: Any) -> Any:
            tanh_c = tf.tanh(cells[t])
            dh += d_hiddens[t]
            dc += dh * o[t] * (1 - tanh_c * tanh_c)
            dz = tf.concat(
                [
                    dc * g[t] * i[t] * (1 - i[t]),
                    dc * cells_before[t] * f[t] * (1 - f[t]),
                    dc * i[t] * (1 - g[t] * g[t]),
                    dh * tanh_c * o[t] * (1 - o[t]),
                ],
                axis=0,
            )
            return t - 1, tf.matmul(recurrent_kernel, dz), dc * f[t], array.write(t, dz)

        start = (steps - 1, tf.transpose(dh), tf.transpose(dc), _array(steps, 4 * units, batch))
        _, dh0, dc0, array = tf.while_loop(lambda t, *_: t >= 0, backward, start)
        dz = _joined(array.stack())  # [4 * units, steps * batch]
        dx = tf.reshape(tf.matmul(kernel, dz), [features, steps, batch])
        inputs = tf.reshape(tf.transpose(x, [2, 1, 0]), [features, -1])
        return (
            tf.transpose(dx, [2, 1, 0]),
            tf.matmul(inputs, dz, transpose_b=True),
            tf.matmul(_joined(_shifted(h0, hiddens)), dz, transpose_b=True),
            tf.reduce_sum(dz, axis=1),
            tf.transpose(dh0),
            tf.transpose(dc0),
        )

    return (tf.transpose(hiddens, [2, 0, 1]), tf.transpose(h), tf.transpose(c)), gradient


def _array(steps: int, *shape: int) -> Any:
    return tf.TensorArray(tf.float32, size=steps, element_shape=shape)


def _shifted(first: Any, stacked: Any) -> Any:
    """What each step began with: `first`, [batch, units], then all but the last of `stacked`."""
    return tf.concat([tf.transpose(first)[None], stacked[:-1]], axis=0)


def _joined(stacked: Any) -> Any:
    """From [steps, rows, batch] to [rows, steps * batch]."""
    return tf.reshape(tf.transpose(stacked, [1, 0, 2]), [stacked.shape[1], -1])
