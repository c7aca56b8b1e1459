"""A faster LSTM layer for training on a CPU.

Keras's layer does all of its work inside the loop over time. Only h @ U has to be there. This one
multiplies the inputs by their kernel for all steps at once before the loop, keeps the gate
activations for the gradient, runs only dz @ Uᵀ backwards in time, and forms the gradient of U
afterwards as one large product.

The formulas are Keras's: z = x @ W + h @ U + b, split into the gates i, f, c, o.
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
            and not (self.go_backwards or self.unroll or self.dropout or self.recurrent_dropout)
            and self.use_bias
            and self.activation is keras.activations.tanh
            and self.recurrent_activation is keras.activations.sigmoid
            and not tf.config.list_physical_devices("GPU")
        )
        if not plain:
            return super().inner_loop(sequences, initial_state, mask=mask, training=training)
        inputs = tf.transpose(sequences, [1, 0, 2])  # [steps, batch, features]
        steps, batch, features = inputs.shape
        projected = tf.matmul(tf.reshape(inputs, [-1, features]), self.cell.kernel)
        projected = tf.reshape(projected + self.cell.bias, [steps, batch, 4 * self.units])
        outputs, h, c = _recur(
            projected, tf.convert_to_tensor(self.cell.recurrent_kernel), *initial_state
        )
        sequence = tf.transpose(outputs, [1, 0, 2])  # [batch, steps, units]
        return h, sequence if self.return_sequences else h[:, None], [h, c]


@tf.custom_gradient
def _recur(projected: Any, kernel: Any, h0: Any, c0: Any) -> Any:
    """Run the recurrence.

    Args:
        projected: x @ W + b for every step, [steps, batch, 4 * units].
        kernel: U, [units, 4 * units].
        h0: the first hidden state, [batch, units].
        c0: the first cell state, [batch, units].

    Returns:
        Every hidden state, [steps, batch, units], the last one, and the last cell state.
    """
    steps, batch, _ = projected.shape
    units = kernel.shape[0]

    def array(width: int) -> Any:
        return tf.TensorArray(tf.float32, size=steps, element_shape=[batch, width])

    def forward(t: Any, h: Any, c: Any, gates: Any, cells: Any, hiddens: Any) -> Any:
        z = projected[t] + tf.matmul(h, kernel)
        i, f, g, o = tf.split(z, 4, axis=1)
        i, f, g, o = tf.sigmoid(i), tf.sigmoid(f), tf.tanh(g), tf.sigmoid(o)
        c = f * c + i * g
        h = o * tf.tanh(c)
        gates = gates.write(t, tf.concat([i, f, g, o], axis=1))
        return t + 1, h, c, gates, cells.write(t, c), hiddens.write(t, h)

    start = (0, h0, c0, array(4 * units), array(units), array(units))
    _, h, c, *kept = tf.while_loop(lambda t, *_: t < steps, forward, start)
    gates, cells, hiddens = (each.stack() for each in kept)

    def gradient(d_outputs: Any, dh: Any, dc: Any) -> Any:
        def backward(t: Any, dh: Any, dc: Any, dzs: Any) -> Any:
            i, f, g, o = tf.split(gates[t], 4, axis=1)
            c_before = tf.where(t > 0, cells[tf.maximum(t - 1, 0)], c0)
            tanh_c = tf.tanh(cells[t])
            dh += d_outputs[t]
            dc += dh * o * (1 - tanh_c * tanh_c)
            dz = tf.concat(
                [
                    dc * g * i * (1 - i),
                    dc * c_before * f * (1 - f),
                    dc * i * (1 - g * g),
                    dh * tanh_c * o * (1 - o),
                ],
                axis=1,
            )
            return t - 1, tf.matmul(dz, kernel, transpose_b=True), dc * f, dzs.write(t, dz)

        start = (steps - 1, dh, dc, array(4 * units))
        _, dh0, dc0, dzs = tf.while_loop(lambda t, *_: t >= 0, backward, start)
        dzs = dzs.stack()  # [steps, batch, 4 * units]
        before = tf.concat([h0[None], hiddens[:-1]], axis=0)  # h at each step's start
        d_kernel = tf.matmul(
            tf.reshape(before, [-1, units]), tf.reshape(dzs, [-1, 4 * units]), transpose_a=True
        )
        return dzs, d_kernel, dh0, dc0

    return (hiddens, h, c), gradient
