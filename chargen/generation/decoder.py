"""The network in NumPy, one character at a time: what training computes, without TensorFlow.

One step of a layer, where z = [x, h] @ kernel + bias:

    lstm   i, f, o, g = split(z)    c' = σ(f)·c + σ(i)·tanh(g)    h' = σ(o)·tanh(c')
    gru    z, r, a, b = split(z)    h' = σ(z)·h + (1 - σ(z))·tanh(a + σ(r)·b)
    rnn                             h' = tanh(z)

The GRU is Keras's default form, with the reset gate after the recurrent product; a and b are its
candidate's input and recurrent halves, kept apart by zeros in the stacked kernel.

Formulas: Hochreiter and Schmidhuber 1997 with the forget gate of Gers et al. 2000 (LSTM); Cho et
al. 2014 (GRU); Elman 1990 (the plain network).
"""

from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from chargen.generation.blas import held
from chargen.generation.products import Kernel
from chargen.generation.state import Floats, LayerState, State
from chargen.generation.weights import DecoderWeights, LayerWeights
from chargen.text.vocabulary import Ids

_FEW = 8  # rows: so many are multiplied sooner each by itself
MAX_BATCH = 64  # texts side by side; with more, a character takes longer and gains little


class StepDecoder(Protocol):
    """What reads ids and gives logits, such as `Decoder`."""

    @property
    def state(self) -> State:
        """Return what it remembers of each text, a copy."""

    def step(self, ids: Ids) -> Floats:
        """Read one id of each text, [batch_size]; return logits, [batch_size, vocab_size]."""

    def read(self, ids: Ids) -> Floats:
        """Read several ids of each text, [batch_size, n]; return the logits after the last."""


MakeDecoder = Callable[[State], StepDecoder]
"""Takes the state to go on from; gives a decoder for as many texts as it is of. Any number of
decoders of one network can be at work at a time, each in a thread of its own."""


class Decoder:
    """A state over shared weights: reads ids, gives logits, and remembers what it read.

    Where a document begins, a text's state is set to zero, as in training. One decoder serves one
    thread.

    Args:
        weights: of the network; not changed.
        state: to go on from, of as many texts as are read side by side; copied.
        by_rows: whether each text's logits have the same bits whatever is read beside it, as
            writing needs; else many texts are read sooner. The same bits: on one machine, with
            one build of NumPy.

    Raises:
        StateError: if the state is of another network.
    """

    def __init__(self, weights: DecoderWeights, state: State, *, by_rows: bool = True) -> None:
        config = weights.checkpoint.config
        state.check(config)
        self._weights, self._cell, self._labels = weights, config.cell, state.labels
        self._boundary = weights.checkpoint.tokenizer.boundary_id
        self._of_labels: Floats | None = None  # what each text's label adds, at every step
        if weights.label_embeddings is not None:
            self._of_labels = weights.label_embeddings[state.labels]
        rows = state.batch_size
        by_rows |= rows <= _FEW
        self._layers = [
            _LAYERS[config.cell](layer, arrays, by_rows)
            for layer, arrays in zip(weights.layers, state.layers, strict=True)
        ]
        self._dense = _multiplying(weights.dense_kernel, by_rows)
        self._stepping = weights.threads.steps(rows, logits=True, by_rows=by_rows)
        self._reading = weights.threads.steps(rows, logits=False, by_rows=by_rows)

    @property
    def state(self) -> State:
        """Return what the network remembers of each text: a copy, to go on from."""
        return State(self._cell, tuple(layer.copied() for layer in self._layers), self._labels)

    def step(self, ids: Ids) -> Floats:
        """Read one character of each text.

        Args:
            ids: shape [batch_size].

        Returns:
            The logits of the character after it, shape [batch_size, vocab_size].
        """
        return self._stepping.run(self._step, ids)

    def read(self, ids: Ids) -> Floats:
        """Read several characters of each text.

        Args:
            ids: shape [batch_size, n], n at least 1.

        Returns:
            The logits after the last of them, shape [batch_size, vocab_size].
        """
        with held():
            for column in ids.T[:-1]:
                self._reading.run(self._advance, column)
            return self._stepping.run(self._step, ids.T[-1])

    def _step(self, ids: Ids) -> Floats:
        logits = self._dense(self._advance(ids), None)
        logits += self._weights.dense_bias
        return logits

    def _advance(self, ids: Ids) -> Floats:
        if self._boundary is not None and self._boundary in ids:
            for layer in self._layers:
                layer.reset(ids == self._boundary)
        x = self._weights.embeddings.take(ids, axis=0)  # [batch_size, embedding_dim or columns]
        if self._of_labels is not None:
            x += self._of_labels
        for layer, clamps in zip(self._layers, self._weights.clamps, strict=True):
            x = layer.step(x)  # [batch_size, units]
            if clamps is not None:
                clamps.apply(x)  # to the layer's own h, which its next step reads
        return x


def _multiplying(kernel: Kernel, by_rows: bool) -> Callable[[Floats, Floats | None], Floats]:
    return kernel.by_rows if by_rows else kernel.at_once


class _Layer:
    """The state of a recurrent layer, in buffers that its steps write to."""

    def __init__(self, weights: LayerWeights, arrays: LayerState, by_rows: bool) -> None:
        self._weights, batch_size = weights, len(arrays[0])
        self._multiply = _multiplying(weights.kernel, by_rows)
        # [x, h] and [x, h] @ kernel + bias
        self._operand = np.empty((batch_size, weights.inputs + weights.units), np.float32)
        self._z = np.empty((batch_size, len(weights.bias)), np.float32)
        self._h = self._operand[:, weights.inputs :]
        self._h[:] = arrays[0]

    def copied(self) -> LayerState:
        """Return a copy of the state's arrays."""
        return (self._h.copy(),)

    def reset(self, rows: NDArray[np.bool_]) -> None:
        """Set the state of some texts to zero."""
        self._h[rows] = 0

    def _product(self, x: Floats) -> Floats:
        """Return [x, h] @ kernel + bias, [batch_size, columns]."""
        weights = self._weights
        if weights.inputs:
            self._operand[:, : weights.inputs] = x
            x = weights.bias
        z = self._multiply(self._operand, self._z)
        z += x
        return z

    def step(self, x: Floats) -> Floats:
        """Read one input of each text; return h, [batch_size, units], good until the next step.

        It is the layer's own: what is changed in it, the next step reads.
        """
        raise NotImplementedError


class _LSTM(_Layer):
    def __init__(self, weights: LayerWeights, arrays: LayerState, by_rows: bool) -> None:
        super().__init__(weights, arrays, by_rows)
        n, z = weights.units, self._z
        self._c = np.array(arrays[1])
        self._tanh_c = np.empty_like(self._c)
        self._gates = z[:, : 3 * n]
        self._i, self._f, self._o, self._g = (z[:, k * n : (k + 1) * n] for k in range(4))

    def copied(self) -> LayerState:
        return self._h.copy(), self._c.copy()

    def reset(self, rows: NDArray[np.bool_]) -> None:
        super().reset(rows)
        self._c[rows] = 0

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
        z, n = self._product(x), self._weights.units
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
_LAYERS: dict[str, type[_Layer]] = {"lstm": _LSTM, "gru": _GRU, "rnn": _RNN}
