"""The weights of a network as its NumPy steps read them: made once for each checkpoint, shared.

One step of a layer is one matrix product. Its kernel stacks the input rows over the recurrent
rows, so that [x, h] @ kernel + bias gives every gate at once; `decoder.py` has the formulas. Since
σ(x) = (tanh(x/2) + 1) / 2, gate columns are halved here once and each step takes one tanh.

What a character adds to the gates of the first layer never changes, so that is worked out here
too, as a table looked up by id, and only h @ recurrent kernel is left for each step.
"""

import copy
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from chargen.checkpoint import Checkpoint
from chargen.generation.blas import one_thread
from chargen.generation.clamps import Clamp, by_layer
from chargen.generation.products import Kernel
from chargen.generation.state import Floats, State
from chargen.generation.threads import Threads
from chargen.text.vocabulary import Ids

_MAX_TABLE = 1 << 22  # numbers in the table of the first layer, 16 MB; else it is not made
_PARTS = ("kernel", "recurrent_kernel", "bias")


@dataclass(frozen=True, eq=False)
class LayerWeights:
    """The weights of one recurrent layer.

    Args:
        kernel: [inputs + units, columns]. Where `inputs` is 0, a step is given what its input
            adds to the product, with the bias in it.
        bias: [columns].
        inputs: rows of the kernel that read the layer's input.
        units: rows of the kernel that read the layer's own output, h.
    """

    kernel: Kernel
    bias: Floats
    inputs: int
    units: int


class DecoderWeights:
    """All weights of a checkpoint, ready for `Decoder`. Read-only: any number of threads share it.

    Attributes:
        checkpoint: where they came from.
        embeddings: what each character gives the first layer, [vocab_size, embedding_dim], or what
            it adds to the layer's product, [vocab_size, columns].
        label_embeddings: the same of each label, [labels, ...], if there are labels.
        layers: those of the recurrent layers.
        dense_kernel: [units, vocab_size].
        dense_bias: [vocab_size].
        threads: how many threads multiply them.
        clamps: of each layer, the units that are held at a value; None where there are none.

    Args:
        checkpoint: the network.
        threads: see `ComputingConfig`.

    Raises:
        SettingError: if the number of threads is outside its limits, or cannot be set here.
    """

    def __init__(self, checkpoint: Checkpoint, threads: int | None = None) -> None:
        self.checkpoint = checkpoint
        config, weights = checkpoint.config, checkpoint.weights
        self.embeddings: Floats = weights["embedding/embeddings"]
        self.label_embeddings: Floats | None = weights.get("label/embeddings")
        self.layers = []
        for number, units in enumerate(config.units):
            kernel, recurrent_kernel, bias = _IN_STEP_FORM[config.cell](
                *(weights[f"{config.cell}_{number}/{part}"] for part in _PARTS)
            )
            if number == 0 and config.vocab_size * len(bias) <= _MAX_TABLE:
                with one_thread():  # more could change bits
                    self.embeddings = self.embeddings @ kernel + bias  # [vocab_size, columns]
                    if self.label_embeddings is not None:
                        self.label_embeddings = self.label_embeddings @ kernel  # [labels, columns]
                kernel = kernel[:0]
            # Stored by columns: a vector times such a matrix is the faster product in NumPy's BLAS.
            stacked = np.asfortranarray(np.concatenate([kernel, recurrent_kernel]))
            self.layers.append(LayerWeights(Kernel(stacked), bias, len(kernel), units))
        self.dense_kernel = Kernel(weights["dense/kernel"])
        self.dense_bias: Floats = weights["dense/bias"]
        kernels = [layer.kernel for layer in self.layers]
        self.threads = Threads(kernels, self.dense_kernel, threads)
        self.clamps = by_layer((), config.units)

    def clamped(self, clamps: Sequence[Clamp]) -> "DecoderWeights":
        """Return the same weights, shared, with these units held at a value, and no others.

        Raises:
            SettingError: if the network has no such unit, or one is clamped twice.
        """
        other = copy.copy(self)
        other.clamps = by_layer(clamps, self.checkpoint.config.units)
        return other

    def zero_state(self, batch_size: int = 1, labels: Ids | None = None) -> State:
        """Return the state of texts that start from nothing.

        Args:
            batch_size: how many texts.
            labels: the number of each text's label, shape [batch_size], if there are labels.
        """
        config = self.checkpoint.config
        return State.zeros(config.cell, config.units, batch_size, labels)


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
