"""A faster LSTM layer for training on a CPU.

The gradient is written down here instead of left to automatic differentiation. It runs back through
time by one product a step, and the kernel's is formed as one large product afterwards.

A step's products are too small to keep all cores busy. So the streams are dealt into one or two
groups for each core, and each group's whole way through time is a program of its own, compiled by
XLA, that TensorFlow runs beside the others. More groups would read the same weights more often.
Therefore XLA must not compile the training step around them as one program.

The two kernels are stacked, [W; U], so that one product a step reads both the input and the state.
Inside the loops every matrix is transposed, [units, batch], as XLA multiplies faster with the large
matrix on the left, and the gates are contiguous rows.

Where the precision is bfloat16, the factors of each product are rounded to that, to 8 significant
bits instead of 24. Sums, states and all else are float32, as in mixed-precision training
(Micikevicius et al. 2018). Some processors multiply such numbers twice as fast.

Where characters and labels are fewer than an input has features, the first layer reads one-hot
vectors through embedding·W instead: less to multiply, and no gradient to run back to the inputs.

The formulas are Keras's: z = x·W + h·U + b, split into the gates i, f, c, o.
"""

from collections.abc import Sequence
from typing import Any

from chargen.config import Precision
from chargen.config.presets import available_cores
from chargen.training.backend import graph, keras, on_gpu, tf
from chargen.training.dropout import Mask
from chargen.training.resetting import Resetting

# Numbers of groups, each with its minimum of streams and of cores.
_GROUPS = ((8, 16, 4), (4, 8, 4), (3, 8, 3), (2, 8, 2))


class LSTM(Resetting, keras.layers.LSTM):
    """A drop-in for `keras.layers.LSTM`: the same weights, states and results, and `keep`.

    With a mask, on a GPU, or with options that change the formulas, Keras's own loop runs. In
    training, `weight_mask` says which of the recurrent kernel's weights to use, for all steps of a
    sequence (the "weight-dropped" LSTM of Merity, Keskar and Socher 2017). Keras's own loop knows
    no `precision` but float32.
    """

    _lookup: tuple[Any, Any] | None = None  # one-hot vectors, and the table they look into

    def __init__(
        self,
        *args: Any,
        weight_mask: Mask | None = None,
        precision: Precision = "float32",
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self._weight_mask, self._precision = weight_mask, precision

    def call(
        self,
        sequences: Any,
        initial_state: Any = None,
        mask: Any = None,
        training: bool = False,
        keep: Any = None,
        ids: Sequence[Any] = (),
        embeddings: Sequence[keras.layers.Embedding] = (),
    ) -> Any:
        """Run the layer as Keras's own does, with `keep`.

        Where `sequences` are the sum of some embeddings, these may be given too, with the ids that
        each embeds, [batch, steps].
        """
        self._lookup = None
        rows = [each.input_dim for each in embeddings]
        if embeddings and sum(rows) < embeddings[0].output_dim:
            one_hot = [tf.one_hot(each, depth) for each, depth in zip(ids, rows, strict=True)]
            tables = [tf.convert_to_tensor(each.embeddings) for each in embeddings]
            self._lookup = tf.concat(one_hot, axis=-1), tf.concat(tables, axis=0)
        return super().call(sequences, initial_state, mask, training=training, keep=keep)

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
            and not on_gpu()
        )
        recurrent_kernel = tf.convert_to_tensor(self.cell.recurrent_kernel)
        if training and self._weight_mask is not None and self._weight_mask.rate:
            recurrent_kernel *= self._weight_mask(recurrent_kernel.shape)
        if not plain:
            weight = self.cell.recurrent_kernel
            # Past Keras's tracking of attributes, for as long as its loop runs.
            object.__setattr__(self.cell, "recurrent_kernel", recurrent_kernel)
            try:
                return super().inner_loop(sequences, initial_state, mask=mask, training=training)
            finally:
                object.__setattr__(self.cell, "recurrent_kernel", weight)
        input_kernel = tf.convert_to_tensor(self.cell.kernel)
        if self._lookup is not None:
            sequences, table = self._lookup
            input_kernel = table @ input_kernel
        bias = tf.convert_to_tensor(self.cell.bias)
        h0, c0 = (tf.convert_to_tensor(state) for state in initial_state)
        given = sequences, input_kernel, recurrent_kernel, bias, h0, c0, self._keep
        constant = self._lookup is not None
        outputs, h, c = _run_groups(*given, constant=constant, precision=self._precision)
        return h, outputs, [h, c]


def _run_groups(
    x: Any,
    kernel: Any,
    recurrent_kernel: Any,
    bias: Any,
    h0: Any,
    c0: Any,
    keep: Any,
    *,
    constant: bool,
    precision: Precision,
) -> Any:
    """Run a layer through time, group by group, in as many groups of equal size as there may be.

    Args:
        x: the inputs, [batch, steps, features].
        kernel: of the inputs, [features, 4 * units].
        recurrent_kernel: [units, 4 * units].
        bias: [4 * units].
        h0: the hidden states before the first step, [batch, units].
        c0: the cell states before the first step, [batch, units].
        keep: as for `Resetting`, [batch, steps, 1].
        constant: whether the inputs need no gradient.
        precision: of the products' factors.

    Returns:
        All hidden states, [batch, steps, units]; the last h and the last c, each [batch, units].
    """
    batch = x.shape[0]
    cores = available_cores()
    possible = (
        groups
        for groups, min_streams, min_cores in _GROUPS
        if batch % groups == 0 and batch // groups >= min_streams and cores >= min_cores
    )
    groups = next(possible, 1)
    keeps = [None] * groups if keep is None else tf.split(keep, groups)

    @tf.custom_gradient
    def run(*given: Any) -> Any:
        # Without this, an eager tape would differentiate `_forward` itself too.
        x, *kernels, bias, h0, c0 = map(tf.stop_gradient, given)
        kernels = [tf.cast(kernel, precision) for kernel in kernels]
        left = tf.transpose(tf.concat(kernels, axis=0))
        inputs = zip(*(tf.split(each, groups) for each in (x, h0, c0)), keeps, strict=True)
        done = [_forward(x, left, bias, h, c, keep) for x, h, c, keep in inputs]
        results, kept = zip(*done, strict=True)

        def gradient(*upstream: Any) -> Any:
            right = kernels[1] if constant else tf.concat(kernels, axis=0)
            parts = zip(*(tf.split(each, groups) for each in upstream), strict=True)
            gradients = [
                _backward(right, *mine, *part) for mine, part in zip(kept, parts, strict=True)
            ]
            dx, d_kernel, d_bias, dh0, dc0 = zip(*gradients, strict=True)
            return (
                None if constant else tf.concat(dx, 0),
                *tf.split(tf.add_n(d_kernel), [x.shape[2], -1]),
                tf.add_n(d_bias),
                tf.concat(dh0, 0),
                tf.concat(dc0, 0),
            )

        return tuple(tf.concat(each, 0) for each in zip(*results, strict=True)), gradient

    return run(x, kernel, recurrent_kernel, bias, h0, c0)


@graph(jit_compile=True)
def _forward(x: Any, left: Any, bias: Any, h0: Any, c0: Any, keep: Any) -> Any:
    """Run one group of streams forward through time.

    Returns:
        The results, as `_run_groups` gives them, and what `_backward` needs.
    """
    x = tf.transpose(tf.cast(x, left.dtype), [1, 2, 0])
    h0, c0 = tf.transpose(h0), tf.transpose(c0)
    bias = bias[:, None]
    if keep is not None:
        keep = tf.transpose(keep, [1, 2, 0])  # [steps, 1, batch]
    (steps, _, batch), units = x.shape, h0.shape[0]

    def step(t: Any, h: Any, c: Any, gates: Any, cells: Any, hiddens: Any) -> Any:
        if keep is not None:
            h, c = h * keep[t], c * keep[t]
        z = _product(left, tf.concat([x[t], tf.cast(h, x.dtype)], axis=0))  # [4 * units, batch]
        activations, c, h = _gate(z, bias, c)
        written = gates.write(t, activations), cells.write(t + 1, c), hiddens.write(t + 1, h)
        return t + 1, h, c, *written

    # The states' arrays begin with the first ones, so that t is what a step was given.
    arrays = (
        _array(steps, 4 * units, batch),
        _array(steps + 1, units, batch).write(0, c0),
        _array(steps + 1, units, batch).write(0, h0),
    )
    _, h, c, *arrays = tf.while_loop(lambda t, *_: t < steps, step, (0, h0, c0, *arrays))
    gates, cells, hiddens = (array.stack() for array in arrays)  # each [steps, rows, batch]
    results = tf.transpose(hiddens[1:], [2, 0, 1]), tf.transpose(h), tf.transpose(c)
    return results, (x, gates, cells, hiddens, keep)


@graph(jit_compile=True)
def _backward(kernel, x, gates, cells, hiddens, keep, d_outputs, dh, dc):  # type: ignore[no-untyped-def]
    """Run one group of streams backward, from what `_forward` kept and its results' gradients.

    Where the kernel comes without its first rows, those of the inputs, dx has no features.
    """
    (steps, _, batch), units = x.shape, cells.shape[1]
    features = kernel.shape[0] - units
    d_hiddens = tf.transpose(d_outputs, [1, 2, 0])

    def step(t: Any, dh: Any, dc: Any, dxs: Any, dzs: Any) -> Any:
        c_before = cells[t] if keep is None else cells[t] * keep[t]
        dz, dc = _gate_gradient(gates[t], c_before, cells[t + 1], dh + d_hiddens[t], dc)
        dx, dh = tf.split(_product_by_gates(kernel, tf.cast(dz, kernel.dtype)), [features, units])
        if keep is not None:
            dh, dc = dh * keep[t], dc * keep[t]
        return t - 1, dh, dc, dxs.write(t, dx), dzs.write(t, dz)

    arrays = _array(steps, features, batch), _array(steps, 4 * units, batch)
    start = (steps - 1, tf.transpose(dh), tf.transpose(dc), *arrays)
    _, dh0, dc0, dxs, dzs = tf.while_loop(lambda t, *_: t >= 0, step, start)
    dz = tf.cast(_join_steps(dzs.stack()), kernel.dtype)
    h_before = hiddens[:-1] if keep is None else hiddens[:-1] * keep
    read = _join_steps(tf.concat([x, tf.cast(h_before, x.dtype)], axis=1))
    ones = tf.ones([steps * batch, 1], dz.dtype)  # for a product, as XLA's sum is slow
    return (
        tf.transpose(dxs.stack(), [2, 0, 1]),
        _product(read, dz, adj_y=True),
        _product(dz, ones)[:, 0],
        tf.transpose(dh0),
        tf.transpose(dc0),
    )


def _gate(z: Any, bias: Any, c: Any) -> Any:
    """Return the gates, the next c and the next h, from pre-activations, [4 * units, batch]."""
    # σ(z) = (1 + tanh(z / 2)) / 2, so that the four gates are one stretch of tanh.
    half = tf.repeat(tf.constant([0.5, 0.5, 1.0, 0.5]), c.shape[0])[:, None]
    gates = tf.tanh((z + bias) * half) * half + (1 - half)
    i, f, g, o = tf.split(gates, 4)
    c = f * c + i * g
    return gates, c, o * tf.tanh(c)


def _gate_gradient(gates: Any, c_before: Any, c: Any, dh: Any, dc: Any) -> Any:
    """Return the gradients of the pre-activations, [4 * units, batch], and of the c before."""
    i, f, g, o = tf.split(gates, 4)
    tanh_c = tf.tanh(c)
    dc += dh * o * (1 - tanh_c * tanh_c)
    parts = [
        dc * g * i * (1 - i),
        dc * c_before * f * (1 - f),
        dc * i * (1 - g * g),
        dh * tanh_c * o * (1 - o),
    ]
    return tf.concat(parts, axis=0), dc * f


def _product(x: Any, y: Any, **how: Any) -> Any:
    """Return the product of two matrices of any precision, in float32."""
    return tf.raw_ops.BatchMatMulV3(x=x, y=y, Tout=tf.float32, **how)


def _product_by_gates(x: Any, y: Any) -> Any:
    """Return the product with gates' gradients, as a sum of four where the factors are bfloat16.

    XLA is slow with such a product of few columns where its sums have more than 1,024 terms.
    """
    if x.dtype == tf.float32:
        return _product(x, y)
    return tf.add_n(list(map(_product, tf.split(x, 4, axis=1), tf.split(y, 4))))


def _array(steps: int, rows: int, batch: int) -> Any:
    return tf.TensorArray(tf.float32, size=steps, element_shape=(rows, batch))


def _join_steps(stacked: Any) -> Any:
    """Reshape from [steps, rows, batch] to [rows, steps * batch]."""
    return tf.reshape(tf.transpose(stacked, [1, 0, 2]), [stacked.shape[1], -1])
