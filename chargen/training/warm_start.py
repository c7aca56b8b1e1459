"""What a run takes over from the model that it goes on from: settings and weights."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from chargen.checkpoint import Checkpoint
from chargen.config import RunConfig
from chargen.errors import SettingError
from chargen.generation.state import Floats
from chargen.text.vocabulary import Vocabulary


def inherit_settings(base: Checkpoint, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of a run that goes on from `base`, by name.

    The network keeps its shape. What was done to the base's text is done to the new one too, which
    is cut into documents as that was, unless something else is asked for.

    Raises:
        SettingError: if another shape is asked for, or that no character be unknown where the
            base has one for the unknown.
    """
    shape = {name: getattr(base.config, name) for name in ("embedding_dim", "cell", "units")}
    settings = {**base.tokenizer.preparation.to_json(), **shape, **asked}
    if base.tokenizer.separator is not None:
        settings.setdefault("document_separator", base.tokenizer.separator)
    wanted = RunConfig.of(settings).model
    for name, value in shape.items():
        if getattr(wanted, name) != value:
            raise SettingError(
                f"{name} is that of the model to go on from, {value}; received {asked[name]}. "
                "Leave the option out.",
                setting=name,
            )
    if base.tokenizer.unknown is not None and settings["min_count"] == 1:
        raise SettingError(
            "min_count 1 leaves no character unknown, but the model to go on from has one that "
            f"stands for all such (its min_count is {base.tokenizer.preparation.min_count}); "
            "ask for 2 or more, or leave the option out.",
            setting="min_count",
        )
    return {**settings, **shape}


def warm_start_weights(
    checkpoint: Checkpoint, vocabulary: Vocabulary, labels: Sequence[str] = ()
) -> dict[str, Floats]:
    """Return the weights of `checkpoint`, grown to `vocabulary` and `labels`.

    A new character gets the mean of the known ones' weights, in the embedding and the last layer,
    and the lowest of their biases. A new label gets the mean of the known labels' embeddings; if
    there are none, zero, so that labels change nothing at first.

    Args:
        checkpoint: the network to go on from.
        vocabulary: all of the network's characters, and others.
        labels: all of the network's labels, and others.
    """
    characters = vocabulary.encode(checkpoint.tokenizer.vocabulary.idx2char).tolist()
    weights = dict(checkpoint.weights)

    def spread(name: str, new: Floats, axis: int, places: Sequence[int], size: int) -> None:
        """Make the array `size` long on `axis`: the old parts at `places`, `new` elsewhere."""
        old = np.moveaxis(weights[name], axis, 0)
        grown = np.tile(new, (size, *[1] * new.ndim)).astype(np.float32)
        grown[places] = old
        weights[name] = np.ascontiguousarray(np.moveaxis(grown, 0, axis))

    embeddings, kernel = weights["embedding/embeddings"], weights["dense/kernel"]
    of_characters = characters, vocabulary.vocab_size
    spread("embedding/embeddings", embeddings.mean(axis=0), 0, *of_characters)
    spread("dense/kernel", kernel.mean(axis=1), 1, *of_characters)
    spread("dense/bias", weights["dense/bias"].min(), 0, *of_characters)
    if labels:
        none = np.zeros((0, checkpoint.config.embedding_dim), np.float32)
        known = weights.setdefault("label/embeddings", none)
        mean = known.sum(axis=0) / max(1, len(known))
        ranks = {label: rank for rank, label in enumerate(labels)}
        places = [ranks[label] for label in checkpoint.labels]
        spread("label/embeddings", mean, 0, places, len(labels))
    return weights
