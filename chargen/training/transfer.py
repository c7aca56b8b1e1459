"""Whether a run begins with the weights of the model that comes with chargen.

A short text cannot teach a network what it needs to know of a language. Where the bundled model
knows some of it, a run that begins with its weights ends better (benchmarks/presets.md).
"""

from collections.abc import Container
from dataclasses import replace

import numpy as np

from chargen.checkpoint import Checkpoint, weight_shapes
from chargen.config import RunConfig
from chargen.corpus.corpus import Corpus
from chargen.corpus.ngrams import held_out_losses
from chargen.corpus.prediction import MIN_HELD_OUT
from chargen.corpus.spans import Spans
from chargen.errors import SettingError
from chargen.evaluation.loss import windowed_loss
from chargen.generation.log_probs import WINDOW
from chargen.generation.weights import DecoderWeights
from chargen.storage.runs import bundled_checkpoint
from chargen.text.vocabulary import Ids
from chargen.training.warm_start import has_room, warm_start_weights

MAX_CHARACTERS = 300_000  # of the training part; a longer one gains little
_SAMPLE = 100_000  # characters of a text, of which the last windows are predicted
_WINDOWS = 32
# Nats per character above the loss on what was held out of the model's own text. Below that, it has
# learned this text, or most of it, and what is held out now would not be new to it.
_MARGIN = 0.1


def initial_model(
    config: RunConfig, asked: Container[str], corpus: Corpus, training: Spans
) -> tuple[Checkpoint | None, str]:
    """Return the bundled model if a run is to begin with its weights, and a line that says why.

    Where the setting is not `asked` for, that is so if the training part is short, the network has
    room for the model, and the model predicts a stretch of the text better than the frequencies of
    its characters do; but not if it has learned the text itself. The line is for that case alone.

    Args:
        config: the run's settings, complete.
        asked: the names of those that are not left to the preset.
        corpus: the text.
        training: the part of it that is to be learned.

    Raises:
        SettingError: if the bundled model is asked for, and the network cannot hold it.
    """
    wanted = config.training.initial_weights if "initial_weights" in asked else None
    is_short = len(training) <= MAX_CHARACTERS and bundled_checkpoint().exists()
    if wanted == "random" or (wanted is None and not is_short):
        return None, ""
    bundled = Checkpoint.load(bundled_checkpoint())
    known, fits = bundled.config, _fits(config, bundled)
    if wanted is not None and not fits:
        raise SettingError(
            f"initial_weights bundled needs a network with embedding_dim {known.embedding_dim} "
            f"and one {known.cell} layer of {known.units[0]} units or more; received "
            f"{config.model.describe()}.",
            setting="initial_weights",
        )
    if wanted is not None or not fits:
        return (bundled if fits else None), ""
    ids = corpus.ids[training.sample(_SAMPLE)]
    counted, predicted = np.split(ids, [-min(len(ids) // 4, _WINDOWS * (WINDOW + 1))])
    if len(predicted) < MIN_HELD_OUT:
        return None, ""
    [counts] = held_out_losses(counted, predicted, corpus.vocabulary.vocab_size, 0)
    loss, own = _loss(bundled, corpus, predicted), bundled.origin.windowed or 0.0
    if not own + _MARGIN < loss < counts:
        return None, ""
    return bundled, (
        f"Begins with the weights of the bundled model, which predicts this text ({loss:.2f} nats "
        f"per character) better than the frequencies of its characters do ({counts:.2f}). To begin "
        "with random weights: --initial-weights random."
    )


def _fits(config: RunConfig, bundled: Checkpoint) -> bool:
    """Return whether a network of these settings has room for the model's."""
    model, known = config.model, bundled.config
    is_same = (model.cell, model.embedding_dim) == (known.cell, known.embedding_dim)
    return is_same and has_room(model.units, known.units)


def _loss(bundled: Checkpoint, corpus: Corpus, ids: Ids) -> float:
    """Return the model's loss in windows of a text, in nats per character.

    With weights for all characters of the corpus, so that those that it does not know count too.
    """
    config = replace(bundled.config, vocab_size=corpus.vocabulary.vocab_size)
    fresh = {name: np.zeros(shape, np.float32) for name, shape in weight_shapes(config).items()}
    weights = warm_start_weights(bundled, fresh, corpus.vocabulary)
    return windowed_loss(DecoderWeights(Checkpoint(config, corpus.tokenizer, weights)), ids)
