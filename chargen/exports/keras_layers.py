"""The layers of a Keras model, told by their names and options, without importing Keras."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from chargen.config.base import shorten
from chargen.errors import CheckpointError
from chargen.generation.state import Floats
from chargen.text.characters import enumerate_some

SHAPE = "Embedding → one or more LSTM, GRU or SimpleRNN → Dense"
_CELLS = {"LSTM": "lstm", "GRU": "gru", "SimpleRNN": "rnn"}
_WITHOUT_EFFECT = ("InputLayer", "Dropout", "SpatialDropout1D")  # when a model writes
_LIBRARIES = ("keras", "tf_keras")
_OPTIONS = {  # that a layer must have, if it has them at all
    "activation": "tanh",
    "recurrent_activation": "sigmoid",
    "reset_after": True,
    "go_backwards": False,
    "time_major": False,
}


@dataclass(frozen=True, eq=False)
class Layers:
    """What the layers of a model hold.

    Args:
        embedding: the first layer.
        embeddings: [vocab_size, embedding_dim].
        masks_zero: whether id 0 is passed over.
        cell: of the recurrent layers.
        recurrent: kernel, recurrent kernel and bias of each.
        states: the recurrent layers themselves.
        kernel: of the dense layer, [units, vocab_size].
        bias: [vocab_size].
        gives_probabilities: whether a softmax follows it.
    """

    embedding: Any
    embeddings: Floats
    masks_zero: bool
    cell: Any
    recurrent: list[list[Floats]]
    states: list[Any]
    kernel: Floats
    bias: Floats
    gives_probabilities: bool

    @classmethod
    def of(cls, model: Any) -> "Layers":
        """Take a model apart.

        Raises:
            CheckpointError: naming the first layer that has no place.
        """
        found = getattr(model, "layers", None)
        if not isinstance(found, list) or not found:
            raise CheckpointError(f"A Keras model is needed, {SHAPE}; received {shorten(model)}.")
        layers = [each for each in found if _kind(each) not in _WITHOUT_EFFECT]
        kinds = [_kind(each) for each in layers]
        if kinds[:1] != ["Embedding"]:
            raise refusal(model, (layers or found)[0], "is not the Embedding that comes first")
        end = next((i for i, kind in enumerate(kinds) if i and kind not in _CELLS), len(layers))
        if end < 2:
            where = layers[min(1, len(layers) - 1)]
            raise refusal(model, where, "stands where an LSTM, GRU or SimpleRNN is expected")
        for layer, kind in zip(layers[1:end], kinds[1:], strict=False):
            if kind != kinds[1]:
                raise refusal(model, layer, f"is of another kind than {layers[1].name}")
        if end == len(layers):
            raise refusal(model, layers[-1], "is the last, and a Dense layer is expected")
        dense = layers[end]
        inner = dense.layer if kinds[end] == "TimeDistributed" else dense
        if _kind(inner) != "Dense":
            raise refusal(model, dense, "stands where a Dense layer is expected")
        embeddings, kernel, bias = *_weights(model, layers[0], 1), *_dense(model, inner)
        if kernel.shape[1] != len(embeddings):
            raise refusal(
                model, dense, f"has {kernel.shape[1]} outputs for {len(embeddings)} embeddings"
            )
        return cls(
            layers[0],
            embeddings,
            bool(layers[0].get_config().get("mask_zero")),
            _CELLS[kinds[1]],
            [_recurrent(model, layer) for layer in layers[1:end]],
            layers[1:end],
            kernel,
            bias,
            _has_softmax(model, inner, layers[end + 1 :]),
        )


def _recurrent(model: Any, layer: Any) -> list[Floats]:
    """Return the kernel, the recurrent kernel and the bias of a layer, as chargen has them."""
    config = layer.get_config()
    for name, expected in _OPTIONS.items():
        if config.get(name, expected) != expected:
            value = shorten(config[name])
            raise refusal(model, layer, f"has {name}={value}, and chargen reads {expected!r}")
    uses_bias = config.get("use_bias", True)
    weights = _weights(model, layer, 3 if uses_bias else 2)
    columns = weights[0].shape[1]
    if not uses_bias:
        shape = (2, columns) if _kind(layer) == "GRU" else (columns,)
        weights.append(np.zeros(shape, np.float32))
    return weights


def _dense(model: Any, layer: Any) -> list[Floats]:
    uses_bias = layer.get_config().get("use_bias", True)
    weights = _weights(model, layer, 2 if uses_bias else 1)
    return weights if uses_bias else [weights[0], np.zeros(weights[0].shape[1], np.float32)]


def _has_softmax(model: Any, dense: Any, after: list[Any]) -> bool:
    """Return whether the dense layer, or one layer after it, turns logits into probabilities."""
    activations = [(dense, dense.get_config().get("activation"))]
    for layer in after:
        kind, config = _kind(layer), layer.get_config()
        is_activation = kind in ("Activation", "Softmax")
        activations.append((layer, config.get("activation", "softmax") if is_activation else kind))
    for layer, name in activations:
        if name not in ("linear", "softmax", None):
            raise refusal(model, layer, f"gives {shorten(name)}, and logits or softmax is read")
    softmaxes = [name for _, name in activations].count("softmax")
    if softmaxes > 1:
        raise refusal(model, activations[-1][0], "is a second softmax")
    return softmaxes == 1


def _weights(model: Any, layer: Any, count: int) -> list[Floats]:
    """Return the weights of a layer, so many."""
    weights = [np.asarray(each, np.float32) for each in layer.get_weights()]
    if not weights:
        raise refusal(model, layer, "has no weights yet; call the model once, or load them")
    if len(weights) != count:
        raise refusal(model, layer, f"has {len(weights)} arrays of weights instead of {count}")
    if not all(np.isfinite(each).all() for each in weights):
        raise refusal(model, layer, "has weights that are not finite")
    return weights


def _kind(layer: Any) -> str:
    """Return the class of one of Keras's own layers; of another one, its whole name."""
    cls = type(layer)
    is_stock = cls.__module__.partition(".")[0] in _LIBRARIES
    return cls.__name__ if is_stock else f"{cls.__module__}.{cls.__qualname__}"


def refusal(model: Any, layer: Any, problem: str) -> CheckpointError:
    """Return the error of a layer that has no place; it names all layers."""
    named = [f"{each.name} ({_kind(each)})" for each in model.layers]
    return CheckpointError(
        f"The layer {layer.name} ({_kind(layer)}) {problem}. chargen reads {SHAPE}; this model "
        f"has {enumerate_some(named)}."
    )
