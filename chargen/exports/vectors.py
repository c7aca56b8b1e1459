"""Test vectors: a short text with its logits and its last state, and how far another run differs.

The text begins as the model's texts do, goes on as the model writes, and ends with characters from
all over the vocabulary. It holds no boundary after its first character, so that a program which
leaves the reset before a document to its caller reads it in one piece.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from chargen.checkpoint import Checkpoint
from chargen.config import ModelConfig
from chargen.exports.formats import Run
from chargen.generation.decoder import Decoder
from chargen.generation.sampler import draw, weigh
from chargen.generation.state import STATES, Floats, State
from chargen.generation.weights import DecoderWeights
from chargen.text.vocabulary import BOUNDARY, Ids

TOLERANCE = 1e-4
_WRITTEN = 48  # characters that the model writes itself
_SPREAD = 32  # characters of the vocabulary after them, at most
_PLACES = 4  # where the logits are kept
_MAX_IDS = 10_000  # that are read from a file


@dataclass(frozen=True)
class Difference:
    """How far another program is from chargen: the largest absolute difference of each."""

    logits: float
    state: float

    @property
    def is_small(self) -> bool:
        """Return whether both are within the tolerance; a NaN is not."""
        return self.logits <= TOLERANCE and self.state <= TOLERANCE


def state_names(cell: str, layers: int) -> list[str]:
    """Return the names of a state's arrays in every export, such as h_0 and c_0."""
    return [f"{part}_{layer}" for layer in range(layers) for part in STATES[cell]]


def make_vectors(checkpoint: Checkpoint) -> dict[str, Any]:
    """Return test vectors as plain values.

    Logits and state are float32 numbers, written so that they are read back exactly.
    """
    config, tokenizer = checkpoint.config, checkpoint.tokenizer
    label = next(iter(checkpoint.labels), None)
    ids, logits, state = _read(checkpoint, label)
    places = np.linspace(0, len(ids) - 1, _PLACES).astype(int).tolist()
    arrays = (array[0] for layer in state.layers for array in layer)
    names = state_names(config.cell, len(config.units))
    return {
        "text": tokenizer.decode(ids),
        "ids": ids.tolist(),
        "label": label,
        "places": places,
        "logits": [logits[place].tolist() for place in places],
        "state": {name: array.tolist() for name, array in zip(names, arrays, strict=True)},
    }


def _read(checkpoint: Checkpoint, label: str | None) -> tuple[Ids, Floats, State]:
    """Return the ids of the text, [n], the logits after each, [n, vocab_size], and the state."""
    tokenizer = checkpoint.tokenizer
    weights = DecoderWeights(checkpoint)
    decoder = Decoder(weights, weights.zero_state(1, checkpoint.label_ids(label)))
    characters = tokenizer.vocabulary.idx2char
    usable = np.array([character != BOUNDARY for character in characters])
    random = np.random.default_rng(0)
    later = np.flatnonzero(usable)[np.linspace(0, usable.sum() - 1, _SPREAD).astype(int)]
    ids = [characters.index(tokenizer.start)]
    logits: list[Floats] = []
    while len(logits) <= _WRITTEN + _SPREAD:
        logits.append(decoder.step(np.array(ids[-1:]))[0])
        written = len(ids) - 1
        if written < _WRITTEN:
            odds = weigh(logits[-1][None], 1.0) * usable
            ids.append(int(draw(odds, random.random(1))[0]))
        elif written < _WRITTEN + _SPREAD:
            ids.append(int(later[written - _WRITTEN]))
    return np.array(ids, np.int32), np.array(logits), decoder.state


def run_of(checkpoint: Checkpoint) -> Run:
    """Return chargen's own run of a network, as it is for one text."""
    weights = DecoderWeights(checkpoint)

    def run(ids: Ids, label: int | None) -> tuple[Floats, Mapping[str, Floats]]:
        labels = None if label is None else np.array([label], np.int32)
        decoder = Decoder(weights, weights.zero_state(1, labels))
        logits = [decoder.step(ids[place : place + 1])[0].copy() for place in range(len(ids))]
        state = (array[0] for layer in decoder.state.layers for array in layer)
        names = state_names(checkpoint.config.cell, len(checkpoint.config.units))
        return np.array(logits), dict(zip(names, state, strict=True))

    return run


def check_vectors(vectors: Mapping[str, Any], config: ModelConfig, labels: Sequence[str]) -> None:
    """Check test vectors that a file gives.

    Raises:
        ValueError, KeyError, TypeError, OverflowError: if they are no vectors of such a network.
    """
    ids, places = (np.array(vectors[name]) for name in ("ids", "places"))
    for numbers, limit in ((ids, config.vocab_size), (places, len(ids))):
        is_list = numbers.ndim == 1 and numbers.dtype.kind == "i" and 0 < len(numbers) <= _MAX_IDS
        if not is_list or not 0 <= numbers.min() <= numbers.max() < limit:
            raise ValueError("its test vectors have odd ids or places")
    widths = [units for units in config.units for _ in STATES[config.cell]]
    names = state_names(config.cell, len(config.units))
    expected = {name: (width,) for name, width in zip(names, widths, strict=True)}
    found = {name: np.array(array, np.float64) for name, array in vectors["state"].items()}
    logits = np.array(vectors["logits"], np.float64)
    shapes = {name: array.shape for name, array in found.items()}
    if shapes != expected or logits.shape != (len(places), config.vocab_size):
        raise ValueError("its test vectors have another shape than its network")
    if (vectors["label"] not in labels) if labels else (vectors["label"] is not None):
        raise ValueError("its test vectors have an odd label")


def compare(vectors: Mapping[str, Any], logits: Floats, state: Mapping[str, Floats]) -> Difference:
    """Return how far what another program computed is from test vectors.

    Args:
        vectors: as `make_vectors` makes them.
        logits: after each of the ids, [n, vocab_size].
        state: its arrays after the last, by name, each [units] or [1, units].
    """
    expected = np.array(vectors["logits"], np.float64)
    return Difference(
        _largest(expected, logits[vectors["places"]]),
        max(_largest(np.array(values), state[name]) for name, values in vectors["state"].items()),
    )


def _largest(expected: Any, found: Any) -> float:
    found = np.asarray(found, np.float64).reshape(expected.shape)
    return float(np.abs(expected - found).max())
