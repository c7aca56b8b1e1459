"""The network in NumPy, one character at a time: what training computes, without TensorFlow.

One step of a layer is one matrix product. Its kernel stacks the input rows over the recurrent
rows, so that [x, h] @ kernel + bias gives every gate at once:

    lstm   i, f, o, g = split(z)    c' = σ(f)·c + σ(i)·tanh(g)    h' = σ(o)·tanh(c')
    gru    z, r, a, b = split(z)    h' = σ(z)·h + (1 - σ(z))·tanh(a + σ(r)·b)
    rnn                             h' = tanh(z)

The GRU is Keras's default form, with the reset gate after the recurrent product; a and b are its
candidate's input and recurrent halves, kept apart by zeros in the stacked kernel. Since
σ(x) = (tanh(x/2) + 1) / 2, gate columns are halved once on loading and each step takes one tanh.

What a character adds to the gates of the first layer never changes, so it is worked out on loading
too, as a table looked up by id, and only h @ recurrent kernel is left to do there. What a text's
label adds is the same at each step, and is kept at hand.

Formulas: Hochreiter and Schmidhuber 1997 with the forget gate of Gers et al. 2000 (LSTM); Cho et
al. 2014 (GRU); Elman 1990 (the plain network).
"""

import numpy as np

from chargen.checkpoint import Checkpoint
from chargen.generation.state import Floats, LayerState, State
from chargen.text.vocabulary import Ids

_LARGEST_TABLE = 1 << 22  # numbers in the table of the first layer, 16 MB; else it is not made


class Decoder:
    """A trained network that reads ids and gives logits, carrying its state.

    Where a document begins, a text's state is set to zero, as in training.

    Args:
        checkpoint: the trained network.
        batch_size: how many texts it reads side by side.
        labels: the number of each text's label, shape [batch_size], if the network has labels.

    Raises:
        StateError: if there are labels missing, or too many.
    """

    def __init__(
        self, checkpoint: Checkpoint, batch_size: int = 1, labels: Ids | None = None
    ) -> None:
        self.config = checkpoint.config
        self.batch_size = batch_size
        self._boundary = checkpoint.boundary
        cell, weights = self.config.cell, checkpoint.weights
        self._embeddings: Floats = weights["embedding/embeddings"]
        self._label_embeddings: Floats | None = weights.get("label/embeddings")
        self._layers = []
        for number in range(len(self.config.units)):
            kernel, recurrent_kernel, bias = _IN_STEP_FORM[cell](
                *(weights[f"{cell}_{number}/{each}"] for each in _PARTS)
            )
            if number == 0 and self.config.vocab_size * len(bias) <= _LARGEST_TABLE:
                self._embeddings = self._embeddings @ kernel + bias  # [vocab_size, columns]
                if self._label_embeddings is not None:
                    self._label_embeddings = self._label_embeddings @ kernel  # [labels, columns]
                kernel = kernel[:0]
            self._layers.append(_LAYERS[cell](kernel, recurrent_kernel, bias))
        self._dense = weights["dense/kernel"], weights["dense/bias"]
        self._labels = labels
        self.reset()

    def reset(self) -> None:
        """Forget the text so far, but for its label."""
        config = self.config
        self.state = State.zeros(config.cell, config.units, self.batch_size, self._labels)

    @property
    def state(self) -> State:
        """What the network remembers: a copy, which can be kept and put back."""
        layers = tuple(layer.copied() for layer in self._layers)
        return State(self.config.cell, layers, self._labels)

    @state.setter
    def state(self, state: State) -> None:
        config = self.config
        state.check(config.cell, config.units, self.batch_size, config.labels)
        self._labels = state.labels
        if self._label_embeddings is not None:
            self._of_labels = self._label_embeddings[state.labels]  # as the embeddings, by text
        for layer, arrays in zip(self._layers, state.layers, strict=True):
            layer.load(arrays)

    def resume(self, state: State) -> None:
        """Go on from a state, with as many texts as it is of.

        Raises:
            StateError: if it is of another network.
        """
        self.batch_size = state.batch_size
        self.state = state

    def step(self, ids: Ids) -> Floats:
        """Read one character of each text.

        Args:
            ids: shape [batch_size].

        Returns:
            The logits of the character after it, shape [batch_size, vocab_size].
        """
        return self._logits(self._advance(ids))

    def read(self, ids: Ids) -> Floats:
        """Read several characters of each text.

        Args:
            ids: shape [batch_size, n], n at least 1.

        Returns:
            The logits after the last of them, shape [batch_size, vocab_size].
        """
        for column in ids.T:
            x = self._advance(column)
        return self._logits(x)

    def _advance(self, ids: Ids) -> Floats:
        if self._boundary is not None and self._boundary in ids:
            self.state = self.state.forgotten(ids == self._boundary)
        x = self._embeddings.take(ids, axis=0)  # [batch_size, embedding_dim or columns]
        if self._label_embeddings is not None:
            x += self._of_labels
        for layer in self._layers:
            x = layer.step(x)  # [batch_size, units]
        return x

    def _logits(self, x: Floats) -> Floats:
        kernel, bias = self._dense
        logits: Floats = x @ kernel
        logits += bias
        return logits


class _Layer:
    """A recurrent layer and its state, in buffers that its steps write to.

    Args:
        kernel: [inputs, columns]. With no rows, `step` takes what the input adds to the product.
        recurrent_kernel: [units, columns].
        bias: [columns].
    """

    def __init__(self, kernel: Floats, recurrent_kernel: Floats, bias: Floats) -> None:
        self.inputs, self.units = len(kernel), len(recurrent_kernel)
        # Stored by columns: a vector times such a matrix is the faster product in NumPy's BLAS.
        self._kernel = np.asfortranarray(np.concatenate([kernel, recurrent_kernel]))
        self._bias = bias

    def copied(self) -> LayerState:
        """A copy of the state's arrays."""
        return (self._h.copy(),)

    def load(self, arrays: LayerState) -> None:
        """Take over a state, of as many texts as it is of."""
        batch_size = len(arrays[0])
        self._operand = np.empty((batch_size, self.inputs + self.units), np.float32)  # [x, h]
        self._z = np.empty((batch_size, self._kernel.shape[1]), np.float32)
        self._h = self._operand[:, self.inputs :]
        self._h[:] = arrays[0]

    def _product(self, x: Floats) -> Floats:
        """[x, h] @ kernel + bias, [batch_size, columns]."""
        if self.inputs:
            self._operand[:, : self.inputs] = x
            x = self._bias
        z: Floats = np.dot(self._operand, self._kernel, out=self._z)
        z += x
        return z

    def step(self, x: Floats) -> Floats:
        """Read one input of each text; gives h, [batch_size, units], good until the next step."""
        raise NotImplementedError


class _LSTM(_Layer):
    def copied(self) -> LayerState:
        return self._h.copy(), self._c.copy()

    def load(self, arrays: LayerState) -> None:
        super().load(arrays)
        n, z = self.units, self._z
        self._c = np.array(arrays[1])
        self._tanh_c = np.empty_like(self._c)
        self._gates = z[:, : 3 * n]
        self._i, self._f, self._o, self._g = (z[:, k * n : (k + 1) * n] for k in range(4))

    def step(self, x: Floats) -> Floats:
        z = self._product(x)
        np.tanh(z, out=z)
        self._gates *= _HALF
        self._gates += _HALF
        self._c *= self._f
        self._i *= self._g
        self._c += self._i
        np.tanh(self._c, out=self._tanh_c)
        return np.multiply(self._tanh_c, self._o, out=self._h)


class _GRU(_Layer):
    def step(self, x: Floats) -> Floats:
        z, n = self._product(x), self.units
        gates = z[:, : 2 * n]
        np.tanh(gates, out=gates)
        gates *= _HALF
        gates += _HALF
        update, reset, a, b = (z[:, k * n : (k + 1) * n] for k in range(4))
        b *= reset
        a += b
        np.tanh(a, out=a)
        self._h -= a  # h' = a + σ(z)·(h - a)
        self._h *= update
        self._h += a
        return self._h


class _RNN(_Layer):
    def step(self, x: Floats) -> Floats:
        return np.tanh(self._product(x), out=self._h)


_HALF = np.float32(0.5)
_PARTS = ("kernel", "recurrent_kernel", "bias")
_LAYERS: dict[str, type[_Layer]] = {"lstm": _LSTM, "gru": _GRU, "rnn": _RNN}


# From Keras's weights of a layer to those that its step takes, with the columns in its order.


def _lstm_weights(kernel: Floats, recurrent_kernel: Floats, bias: Floats) -> tuple[Floats, ...]:
    n = len(recurrent_kernel)
    scale = np.repeat(np.array([0.5, 0.5, 0.5, 1], np.float32), n)
    order = np.r_[: 2 * n, 3 * n : 4 * n, 2 * n : 3 * n]  # Keras's i, f, g, o to i, f, o, g
    return tuple(each[..., order] * scale for each in (kernel, recurrent_kernel, bias))


def _gru_weights(kernel: Floats, recurrent_kernel: Floats, bias: Floats) -> tuple[Floats, ...]:
    n = len(recurrent_kernel)
    scale = np.repeat(np.array([0.5, 0.5, 1, 1], np.float32), n)
    inputs, recurrent = bias
    both = (inputs + recurrent)[: 2 * n]
    return (
        np.insert(kernel, [3 * n] * n, 0, axis=1) * scale,  # no input for b
        np.insert(recurrent_kernel, [2 * n] * n, 0, axis=1) * scale,  # no state for a
        np.concatenate([both, inputs[2 * n :], recurrent[2 * n :]]) * scale,
    )


def _rnn_weights(kernel: Floats, recurrent_kernel: Floats, bias: Floats) -> tuple[Floats, ...]:
    return kernel, recurrent_kernel, bias


_IN_STEP_FORM = {"lstm": _lstm_weights, "gru": _gru_weights, "rnn": _rnn_weights}
