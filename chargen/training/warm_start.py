"""What a run takes over from the model that it goes on from: settings and weights."""

import operator
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from chargen.checkpoint import Checkpoint
from chargen.config import RunConfig
from chargen.errors import SettingError
from chargen.generation.state import Floats
from chargen.storage.arrays import Arrays
from chargen.text.vocabulary import Vocabulary

_OF_CHARACTERS = ("embedding/embeddings", "dense/kernel", "dense/bias")


def inherit_settings(base: Checkpoint, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of a run that goes on from `base`, by name.

    The network keeps its shape, but its layers may be wider. What was done to the base's text is
    done to the new one too, which is cut into documents as that was, unless something else is asked
    for.

    Raises:
        SettingError: if another shape is asked for, or other initial weights, or that no character
            be unknown where the base has one for the unknown.
    """
    shape = {name: getattr(base.config, name) for name in ("embedding_dim", "cell", "units")}
    settings = {**base.tokenizer.preparation.to_json(), **shape, **asked}
    if base.tokenizer.separator is not None:
        settings.setdefault("document_separator", base.tokenizer.separator)
    wanted = RunConfig.of(settings).model
    for name, value in shape.items():
        got, is_width = getattr(wanted, name), name == "units"
        if not (has_room(got, value) if is_width else got == value):
            raise SettingError(
                f"{name} is that of the model to go on from, {value}{' or wider' * is_width}; "
                f"received {asked[name]}. Leave the option out.",
                setting=name,
            )
    if asked.get("initial_weights") == "bundled":
        raise SettingError(
            "initial_weights bundled is for a run that begins anew; this one goes on from a model.",
            setting="initial_weights",
        )
    if base.tokenizer.unknown is not None and settings["min_count"] == 1:
        raise SettingError(
            "min_count 1 leaves no character unknown, but the model to go on from has one that "
            f"stands for all such (its min_count is {base.tokenizer.preparation.min_count}); "
            "ask for 2 or more, or leave the option out.",
            setting="min_count",
        )
    return {**settings, **shape, "units": wanted.units}


def has_room(units: Sequence[int], known: Sequence[int]) -> bool:
    """Return whether layers of so many units can begin with those of a model's layers."""
    return len(units) == len(known) and all(map(operator.ge, units, known))


def warm_start_weights(
    checkpoint: Checkpoint, fresh: Arrays, vocabulary: Vocabulary, labels: Sequence[str] = ()
) -> dict[str, Floats]:
    """Return `fresh` weights with those of `checkpoint` in them, so that they predict as it does.

    Wider layers keep the checkpoint's units first, which read nothing of the others, and nothing
    reads the others at first: so they are fresh (Chen, Goodfellow and Shlens 2016, "Net2Net", on
    growing a network without a change of what it computes). A new character gets the mean of the
    known ones' weights, in the embedding and the last layer, and the lowest of their biases. A new
    label gets the mean of the known labels' embeddings; if there are none, zero, so that labels
    change nothing at first.

    Args:
        checkpoint: the network to go on from.
        fresh: random weights of the new network, by name, of the same cell and as many layers.
        vocabulary: the new network's characters.
        labels: all of the checkpoint's labels, and others.
    """
    known, weights = checkpoint.tokenizer.vocabulary, {**fresh}
    common = [character for character in known.idx2char if character in vocabulary]
    old, new = known.encode("".join(common)), vocabulary.encode("".join(common))
    embeddings, kernel, bias = map(checkpoint.weights.__getitem__, _OF_CHARACTERS)
    grown = np.empty_like(fresh["embedding/embeddings"])
    grown[:] = embeddings.mean(axis=0)
    grown[new] = embeddings[old]
    weights["embedding/embeddings"] = grown
    grown = np.zeros_like(fresh["dense/kernel"])
    grown[: len(kernel)] = kernel.mean(axis=1, keepdims=True)
    grown[: len(kernel), new] = kernel[:, old]
    weights["dense/kernel"] = grown
    grown = np.full_like(fresh["dense/bias"], bias.min())
    grown[new] = bias[old]
    weights["dense/bias"] = grown
    cell = checkpoint.config.cell
    for layer, units in enumerate(checkpoint.config.units):
        for part in ("kernel", "recurrent_kernel", "bias"):
            name = f"{cell}_{layer}/{part}"
            weights[name] = _widened(checkpoint.weights[name], fresh[name], units)
    if labels:
        none = np.zeros((0, checkpoint.config.embedding_dim), np.float32)
        of_labels = checkpoint.weights.get("label/embeddings", none)
        grown = np.tile(of_labels.sum(axis=0) / max(1, len(of_labels)), (len(labels), 1))
        grown[[labels.index(label) for label in checkpoint.labels]] = of_labels
        weights["label/embeddings"] = grown.astype(np.float32)
    return weights


def _widened(old: Floats, fresh: Floats, units: int) -> Floats:
    """Return an array of a recurrent layer, with an old one's gates of `units` units in it."""
    gates = old.shape[-1] // units
    grown = fresh.reshape(*fresh.shape[:-1], gates, -1).copy()  # [inputs, gates, units]
    grown[..., :units] = 0
    known = grown[: len(old)] if old.ndim > 1 else grown  # a bias has no inputs
    known[..., :units] = old.reshape(*old.shape[:-1], gates, units)
    return grown.reshape(fresh.shape)
