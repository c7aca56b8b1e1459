"""The network in NumPy, one character at a time: what training computes, without TensorFlow.

One step of a layer is one matrix product. Its kernel stacks the input rows over the recurrent
rows, so that [x, h] @ kernel + bias gives every gate at once:

    lstm   i, f, c, o = split(z)    c' = σ(f)·c + σ(i)·tanh(c)    h' = σ(o)·tanh(c')
    gru    z, r, a, b = split(z)    h' = σ(z)·h + (1 - σ(z))·tanh(a + σ(r)·b)
    rnn                             h' = tanh(z)

The GRU is Keras's default form, with the reset gate after the recurrent product; a and b are its
candidate's input and recurrent halves, kept apart by zeros in the stacked kernel. Since
σ(x) = (tanh(x/2) + 1) / 2, gate columns are halved once on loading and each step takes one tanh.

Formulas: Hochreiter and Schmidhuber 1997 with the forget gate of Gers et al. 2000 (LSTM); Cho et
al. 2014 (GRU); Elman 1990 (the plain network).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chargen.checkpoint import Checkpoint
from chargen.config import Cell
from chargen.errors import StateError
from chargen.text.vocabulary import Ids

Floats = NDArray[np.float32]
LayerState = tuple[Floats, ...]  # (h, c) for lstm, (h,) otherwise; each [batch_size, units]

STATES = {"lstm": ("h", "c"), "gru": ("h",), "rnn": ("h",)}


@dataclass(frozen=True, eq=False)
class State:
    """All that a network remembers of the text so far: a tuple of arrays per layer."""

    cell: Cell
    layers: tuple[LayerState, ...]

    @classmethod
    def zeros(cls, cell: Cell, units: tuple[int, ...], batch_size: int) -> "State":
        """The state at the start of a text."""
        return cls(
            cell,
            tuple(
                tuple(np.zeros((batch_size, width), np.float32) for _ in STATES[cell])
                for width in units
            ),
        )

    def check(self, cell: Cell, units: tuple[int, ...], batch_size: int) -> None:
        """Refuse to serve a network of another kind.

        Raises:
            StateError: naming what differs.
        """
        if self.cell != cell:
            raise StateError(f"The state is of a {self.cell} network; this one is {cell}.")
        if len(self.layers) != len(units):
            raise StateError(f"The state has {len(self.layers)} layers; the network {len(units)}.")
        for number, (layer, width) in enumerate(zip(self.layers, units, strict=True)):
            if len(layer) != len(STATES[cell]):
                raise StateError(
                    f"Layer {number} of the state has {len(layer)} arrays; "
                    f"{cell} has {len(STATES[cell])} ({', '.join(STATES[cell])})."
                )
            for name, array in zip(STATES[cell], layer, strict=True):
                shape = (batch_size, width)
                if np.shape(array) != shape or np.asarray(array).dtype != np.float32:
                    raise StateError(
                        f"Array {name} of layer {number} of the state is "
                        f"{np.asarray(array).dtype} {np.shape(array)}; "
                        f"this network expects float32 {shape}."
                    )


class Decoder:
    """A trained network that reads ids and gives logits, carrying its state.

    Args:
        checkpoint: the trained network.
        batch_size: how many texts it reads side by side.
    """

    def __init__(self, checkpoint: Checkpoint, batch_size: int = 1) -> None:
        self.config = checkpoint.config
        self.batch_size = batch_size
        weights = checkpoint.weights
        self._embeddings: Floats = weights["embedding/embeddings"]
        self._layers = [
            _LAYERS[self.config.cell](
                weights[f"{self.config.cell}_{number}/kernel"],
                weights[f"{self.config.cell}_{number}/recurrent_kernel"],
                weights[f"{self.config.cell}_{number}/bias"],
            )
            for number in range(len(self.config.units))
        ]
        self._dense = weights["dense/kernel"], weights["dense/bias"]
        self.reset()

    def reset(self) -> None:
        """Forget the text so far."""
        self._state = State.zeros(self.config.cell, self.config.units, self.batch_size).layers

    @property
    def state(self) -> State:
        """What the network remembers. It can be kept and put back; steps never change it."""
        return State(self.config.cell, self._state)

    @state.setter
    def state(self, state: State) -> None:
        state.check(self.config.cell, self.config.units, self.batch_size)
        self._state = state.layers

    def step(self, ids: Ids) -> Floats:
        """Read one character of each text.

        Args:
            ids: shape [batch_size].

        Returns:
            The logits of the character after it, shape [batch_size, vocab_size].
        """
        x = self._embeddings[ids]  # [batch_size, embedding_dim]
        state = []
        for layer, remembered in zip(self._layers, self._state, strict=True):
            state.append(layer(x, remembered))
            x = state[-1][0]  # [batch_size, units]
        self._state = tuple(state)
        kernel, bias = self._dense
        logits: Floats = x @ kernel
        logits += bias
        return logits

    def read(self, ids: Ids) -> Floats:
        """Read several characters of each text.

        Args:
            ids: shape [batch_size, n], n at least 1.

        Returns:
            The logits after the last of them, shape [batch_size, vocab_size].
        """
        for column in ids.T:
            logits = self.step(column)
        return logits


def _stack(kernel: Floats, recurrent_kernel: Floats) -> Floats:
    """Input rows over recurrent rows, [inputs + units, columns].

    Stored by columns: a vector times such a matrix is the faster product in NumPy's BLAS.
    """
    return np.asfortranarray(np.concatenate([kernel, recurrent_kernel]))


class _LSTM:
    def __init__(self, kernel: Floats, recurrent_kernel: Floats, bias: Floats) -> None:
        self.units = recurrent_kernel.shape[0]
        half = np.full(4 * self.units, 0.5, np.float32)
        half[2 * self.units : 3 * self.units] = 1  # the candidate takes its tanh whole
        self.kernel = _stack(kernel * half, recurrent_kernel * half)
        self.bias = bias * half

    def __call__(self, x: Floats, state: LayerState) -> LayerState:
        h, c = state
        n = self.units
        z = np.concatenate((x, h), axis=1) @ self.kernel  # [batch_size, 4 * units]
        z += self.bias
        np.tanh(z, out=z)
        gates = z * np.float32(0.5)
        gates += np.float32(0.5)
        c = gates[:, n : 2 * n] * c
        c += gates[:, :n] * z[:, 2 * n : 3 * n]
        h = np.tanh(c)
        h *= gates[:, 3 * n :]
        return h, c


class _GRU:
    def __init__(self, kernel: Floats, recurrent_kernel: Floats, bias: Floats) -> None:
        n = self.units = recurrent_kernel.shape[0]
        half = np.repeat(np.array([0.5, 0.5, 1, 1], np.float32), n)
        kernel = np.insert(kernel, [3 * n] * n, 0, axis=1)  # no input for b
        recurrent_kernel = np.insert(recurrent_kernel, [2 * n] * n, 0, axis=1)  # no state for a
        self.kernel = _stack(kernel * half, recurrent_kernel * half)
        inputs, recurrent = bias
        both = (inputs + recurrent)[: 2 * n]
        self.bias = half * np.concatenate([both, inputs[2 * n :], recurrent[2 * n :]])

    def __call__(self, x: Floats, state: LayerState) -> LayerState:
        (h,) = state
        n = self.units
        z = np.concatenate((x, h), axis=1) @ self.kernel  # [batch_size, 4 * units]
        z += self.bias
        gates = np.tanh(z[:, : 2 * n])
        gates *= np.float32(0.5)
        gates += np.float32(0.5)
        candidate = gates[:, n:] * z[:, 3 * n :]
        candidate += z[:, 2 * n : 3 * n]
        np.tanh(candidate, out=candidate)
        return (candidate + gates[:, :n] * (h - candidate),)


class _RNN:
    def __init__(self, kernel: Floats, recurrent_kernel: Floats, bias: Floats) -> None:
        self.kernel = _stack(kernel, recurrent_kernel)
        self.bias = bias

    def __call__(self, x: Floats, state: LayerState) -> LayerState:
        z = np.concatenate((x, state[0]), axis=1) @ self.kernel  # [batch_size, units]
        z += self.bias
        return (np.tanh(z, out=z),)


_Layer = Callable[[Floats, LayerState], LayerState]
_LAYERS: dict[str, Callable[[Floats, Floats, Floats], _Layer]] = {
    "lstm": _LSTM,
    "gru": _GRU,
    "rnn": _RNN,
}
