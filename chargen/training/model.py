"""The network in Keras: built for training, or rebuilt at another batch size from its weights."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache, partial, reduce
from itertools import islice
from operator import add
from threading import Lock
from typing import Any

import numpy as np

from chargen.checkpoint import Checkpoint, weight_shapes
from chargen.config import ModelConfig
from chargen.generation.state import Floats, State
from chargen.storage.arrays import Arrays
from chargen.text.vocabulary import Ids
from chargen.training.backend import graph, keras, tf
from chargen.training.lstm import LSTM
from chargen.training.resetting import GRU, SimpleRNN

# The standard deviation of fresh embeddings: that of learned ones. Keras's 0.03 tells characters
# apart too little at first (benchmarks/optimizer.md).
_EMBEDDING_STDDEV = 0.5

KERAS_CELLS = {"lstm": keras.layers.LSTM, "gru": keras.layers.GRU, "rnn": keras.layers.SimpleRNN}
TRAINING_CELLS: dict[str, Any] = {"lstm": LSTM, "gru": GRU, "rnn": SimpleRNN}


def build_model(
    config: ModelConfig,
    *,
    batch_size: int,
    seq_length: int | None = None,
    cells: dict[str, Callable[..., keras.layers.Layer]] = KERAS_CELLS,
    dropout: Callable[[], keras.layers.Layer] | None = None,
    boundary: int | None = None,
) -> keras.Model:
    """Build a network with fresh weights: embedding, stateful recurrent layers, dense logits.

    Args:
        config: the network's shape.
        batch_size: the number of rows, which a stateful layer must know.
        seq_length: characters read at a time; None for any number.
        cells: the class of recurrent layer for each kind of cell.
        dropout: makes a layer to put after each recurrent layer; None for no such layer.
        boundary: the id before which the states are set to zero, if there is one; the cells must
            then be `TRAINING_CELLS`.

    Returns:
        A model from ids, [batch_size, seq_length], to logits, [batch_size, seq_length, vocab_size].
        If the network has labels, its input is a list: the ids, and the number of each one's label.
    """
    rows = partial(keras.Input, batch_shape=(batch_size, seq_length), dtype="int32")
    inputs = [rows(name="ids")]
    embeddings = [_embedding(config, config.vocab_size, "embedding")]
    if config.labels:
        # This equals one table of characters and labels, read with two one-hot vectors.
        inputs.append(rows(name="labels"))
        embeddings.append(_embedding(config, config.labels, "label"))
    x = reduce(add, (embed(each) for embed, each in zip(embeddings, inputs, strict=True)))
    resets = {}
    if boundary is not None:
        kept = keras.ops.cast(keras.ops.not_equal(inputs[0], boundary), "float32")
        resets["keep"] = keras.ops.expand_dims(kept, -1)  # [batch_size, seq_length, 1]
    for number, units in enumerate(config.units):
        layer = cells[config.cell](
            units,
            return_sequences=True,
            stateful=True,
            recurrent_initializer="glorot_uniform",
            name=f"{config.cell}_{number}",
        )
        if number == 0 and isinstance(layer, LSTM):
            x = layer(x, **resets, ids=inputs, embeddings=embeddings)
        else:
            x = layer(x, **resets)
        if dropout is not None:
            x = dropout()(x)
    logits = keras.layers.Dense(config.vocab_size, name="dense")(x)
    return keras.Model(inputs_of(*inputs), logits)


def _embedding(config: ModelConfig, size: int, name: str) -> keras.layers.Embedding:
    initializer = keras.initializers.RandomNormal(stddev=_EMBEDDING_STDDEV)
    return keras.layers.Embedding(
        size, config.embedding_dim, embeddings_initializer=initializer, name=name
    )


def inputs_of(ids: Any, *labels: Any) -> Any:
    """Return the input of a model that `build_model` made: ids, or a list of ids and labels."""
    return [ids, *labels] if labels else ids


def rebuild(checkpoint: Checkpoint, batch_size: int = 1) -> keras.Model:
    """Return the trained network as a plain Keras model, for any number of characters at a time.

    Its layers are stateful: reset them before each text, and before each document in it, with
    `for layer in model.layers: getattr(layer, "reset_state", lambda: None)()`.
    """
    model = build_model(checkpoint.config, batch_size=batch_size)
    load_weights(model, checkpoint.config, checkpoint.weights)
    return model


def load_weights(model: keras.Model, config: ModelConfig, weights: Arrays) -> None:
    """Put weights, named as `weight_shapes` says, into a model."""
    model.set_weights([weights[name] for name in weight_shapes(config)])


def state_variables(model: keras.Model) -> list[keras.Variable]:
    """Return the carried states of a model, layer by layer: h, then c where there is one.

    Keras does not count them among a model's weights, so a run has to save them by itself.
    """
    return [state for layer in model.layers for state in getattr(layer, "states", None) or ()]


class KerasNetwork:
    """A trained network rebuilt in Keras, once for each number of texts side by side.

    It is the reference that the NumPy decoder must agree with, and far slower. Like
    `DecoderWeights`, it is made once and shared by any number of decoders.
    """

    def __init__(self, checkpoint: Checkpoint) -> None:
        self.checkpoint = checkpoint
        self._compiled = cache(self._compile)  # by the number of texts
        self._lock = Lock()

    def read(self, ids: Ids, state: State) -> tuple[Floats, State]:
        """Read ids, [batch_size, n], from a state; return the last logits and the state then."""
        inputs = [ids]
        if state.labels is not None:
            inputs.append(np.broadcast_to(state.labels[:, None], ids.shape))
        with self._lock:
            model, call = self._compiled(state.batch_size)
            arrays = [array for layer in state.layers for array in layer]
            for variable, array in zip(state_variables(model), arrays, strict=True):
                variable.assign(array)
            logits: Floats = call(*(tf.constant(each, tf.int32) for each in inputs)).numpy()
            read = (np.array(variable.numpy()) for variable in state_variables(model))
            layers = tuple(tuple(islice(read, len(layer))) for layer in state.layers)
        return logits, replace(state, layers=layers)

    def _compile(self, batch_size: int) -> tuple[keras.Model, Callable[..., Any]]:
        model = rebuild(self.checkpoint, batch_size)
        ids = tf.TensorSpec([batch_size, None], tf.int32)
        return model, graph(
            lambda *inputs: model(inputs_of(*inputs), training=False)[:, -1],
            input_signature=[ids, ids] if self.checkpoint.config.labels else [ids],
        )


class KerasDecoder:
    """A state over a `KerasNetwork`, with the interface of `generation.Decoder`.

    Raises:
        StateError: if the state is of another network.
    """

    def __init__(self, network: KerasNetwork, state: State) -> None:
        state.check(network.checkpoint.config)
        self._network, self.state = network, state

    def step(self, ids: Ids) -> Floats:
        """Read one character of each text, [batch_size]; return the logits after it."""
        return self.read(np.asarray(ids)[:, None])

    def read(self, ids: Ids) -> Floats:
        """Read characters, [batch_size, n]; return the logits after the last."""
        boundary = self._network.checkpoint.tokenizer.boundary_id
        starts = ids == (-1 if boundary is None else boundary)  # of documents, [batch_size, n]
        columns = np.flatnonzero(starts.any(axis=0))
        for part in filter(np.size, np.split(ids, columns, axis=1)):  # up to the next document
            if columns.size:
                self.state = self.state.reset_rows(part[:, 0] == boundary)
            logits, self.state = self._network.read(part, self.state)
        return logits
