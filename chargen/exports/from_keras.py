"""Read a Keras model that something else trained: Embedding → LSTM, GRU or SimpleRNN → Dense.

A model of any other shape is refused, naming the layer. At last the model itself reads a few
characters, and must give what the network made of its weights gives, so that nothing between the
layers is overlooked.
"""

import warnings
from collections.abc import Mapping, Sequence
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chargen.checkpoint import Checkpoint, weight_shapes
from chargen.config import ModelConfig, PreparationConfig
from chargen.config.base import check
from chargen.errors import ChargenError, CheckpointError
from chargen.exports.keras_layers import SHAPE, Layers, refusal
from chargen.generation.decoder import Decoder
from chargen.generation.log_probs import log_softmax
from chargen.generation.weights import DecoderWeights
from chargen.text.characters import enumerate_some
from chargen.text.tokenizer import CharTokenizer
from chargen.text.vocabulary import BOUNDARY, Vocabulary

_NO_CHARACTERS = ("", "[UNK]", BOUNDARY)  # that Keras's StringLookup and other code give an id
_STEPS = 12  # characters of the trial
_TOLERANCE = 1e-3  # of the trial's logits; a GPU rounds more than a CPU


def read_keras(model: Any, vocabulary: Any) -> Checkpoint:
    """Return a checkpoint with the weights of a Keras model.

    Args:
        model: as `chargen.from_keras` takes it.
        vocabulary: as `chargen.from_keras` takes it.

    Raises:
        CheckpointError: if the model has another shape; the message names the layer.
        SettingError: if the vocabulary does not fit it.
    """
    layers = Layers.of(model)
    size = layers.embeddings.shape[0]
    ids = _ids_of(vocabulary, size)
    if layers.masks_zero and 0 in ids.values():
        raise refusal(model, layers.embedding, "has mask_zero=True, and id 0 is a character")
    characters = Vocabulary("".join(ids))
    order = np.array([ids[character] for character in characters.idx2char])  # their id of each
    config = ModelConfig(
        vocab_size=len(order),
        embedding_dim=layers.embeddings.shape[1],
        cell=layers.cell,
        units=tuple(len(recurrent) for _, recurrent, _ in layers.recurrent),
        dropout=0.0,
    )
    arrays = [layers.embeddings[order]]
    for each in layers.recurrent:
        arrays += each
    arrays += [layers.kernel[:, order], layers.bias[order]]
    shapes = weight_shapes(config)
    if [array.shape for array in arrays] != [*shapes.values()]:
        raise refusal(model, layers.embedding, "does not have the width that the next layer reads")
    floats = (np.ascontiguousarray(array, np.float32) for array in arrays)
    weights = dict(zip(shapes, floats, strict=True))
    start = next((each for each in "\n " if each in characters), characters.idx2char[0])
    tokenizer = CharTokenizer(characters, start, PreparationConfig(newlines="keep"))
    checkpoint = Checkpoint(config, tokenizer, weights)
    _try(model, layers, checkpoint, order)
    return checkpoint


def _ids_of(vocabulary: Any, size: int) -> dict[str, int]:
    """Return the model's id of each character.

    What is no character is left out, with a warning unless Keras itself adds it.

    Raises:
        SettingError: if they are no single characters, or no ids of the model.
    """
    if hasattr(vocabulary, "get_vocabulary"):  # of keras.layers.StringLookup
        vocabulary = vocabulary.get_vocabulary()
    if isinstance(vocabulary, np.ndarray):
        vocabulary = vocabulary.tolist()
    is_list = isinstance(vocabulary, Sequence) and not isinstance(vocabulary, bytes | bytearray)
    if is_list:
        check("vocabulary", vocabulary, _all_different(vocabulary), "characters that all differ")
    expected = "a dict of each character's id, or the characters in the order of their ids"
    pairs = dict(zip(vocabulary, range(len(vocabulary)), strict=True)) if is_list else vocabulary
    check("vocabulary", vocabulary, isinstance(pairs, Mapping) and bool(pairs), expected)
    ids = {}
    for key, number in pairs.items():
        if key in _NO_CHARACTERS:
            continue
        check("vocabulary", key, isinstance(key, str) and len(key) == 1, "of single characters")
        is_id = isinstance(number, Integral) and not isinstance(number, bool)
        fits = is_id and 0 <= number < size
        check("vocabulary", number, fits, f"of ids from 0 to {size - 1}, as the model has {size}")
        ids[key] = int(number)
    is_one_to_one = len(set(ids.values())) == len(ids)
    check("vocabulary", pairs, is_one_to_one, "of ids that all differ")
    check("vocabulary", pairs, len(ids) > 1, "of two characters or more")
    given = {int(n) for n in pairs.values() if isinstance(n, Integral)}
    if nameless := sorted(set(range(size)) - given):
        told = enumerate_some(list(map(str, nameless)))
        warnings.warn(f"Ids without a character are never written: {told}.", stacklevel=5)
    return ids


def _all_different(values: Sequence[Any]) -> bool:
    try:
        return len(set(values)) == len(values)
    except TypeError:  # one is a list
        return False


def _try(model: Any, layers: Layers, checkpoint: Checkpoint, order: NDArray[Any]) -> None:
    """Let the model read a few characters, and compare.

    Raises:
        CheckpointError: if it computes something else than its layers in a row.
    """
    shape = getattr(model, "input_shape", None)
    shape = shape if isinstance(shape, tuple) and len(shape) == 2 else (None, None)
    rows, steps = shape[0] or 1, shape[1] or _STEPS
    places = np.random.default_rng(0).integers(len(order), size=steps)
    theirs = _run(model, layers, np.tile(order[places].astype(np.int32), (rows, 1)))
    if theirs.ndim not in (2, 3) or theirs.shape[-1] != len(layers.embeddings):
        raise CheckpointError(
            f"The model gives an array of shape {theirs.shape} for ids of shape {(rows, steps)}; "
            f"logits, [{rows}, {steps}, {len(layers.embeddings)}], were expected."
        )
    last = theirs.reshape(rows, -1, theirs.shape[-1])[0, -1]
    if layers.gives_probabilities:
        last = np.log(np.maximum(last, np.finfo(np.float32).tiny))
    weights = DecoderWeights(checkpoint)
    ours = Decoder(weights, weights.zero_state()).read(places[None])[0]
    difference = float(np.abs(log_softmax(last[order]) - log_softmax(ours)).max())
    if not difference <= _TOLERANCE:
        raise CheckpointError(
            f"The model computes something else than {SHAPE} with these weights: its logits "
            f"differ by {difference:.2g}. There is more between its layers than their names say."
        )


def _run(model: Any, layers: Layers, ids: NDArray[Any]) -> NDArray[Any]:
    """Run the model from states of zero; those that it carries are as they were afterwards."""
    carried = [
        (state, np.array(state))
        for layer in layers.states
        if getattr(layer, "stateful", False)
        for state in layer.states or ()
        if state is not None
    ]
    try:
        for state, values in carried:
            state.assign(np.zeros_like(values))
        out = model(ids, training=False)
        out = out[0] if isinstance(out, tuple | list) else out
        return np.asarray(out, np.float64)
    except ChargenError:
        raise
    except Exception as error:  # of whatever the model is
        reason = " ".join(str(error).split())[:200]
        raise CheckpointError(
            f"The model cannot be called with ids of shape {ids.shape}: {reason}."
        ) from None
    finally:
        for state, values in carried:
            state.assign(values)
