"""Networks of every shape, and what our own decoder makes of a text: the reference of exports."""

from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
import pytest

from chargen.checkpoint import Checkpoint, Origin, weight_shapes
from chargen.config import CELLS, ModelConfig, PreparationConfig
from chargen.exports.vectors import state_names
from chargen.text.tokenizer import CharTokenizer
from chargen.text.vocabulary import Vocabulary
from tests.helpers import decoder_of

CHARACTERS = "\n !:ABCabcdé’\N{GRINNING FACE}"
HARD = "\0\n\r \"'\\</script>\x1b\u2028\u2029\ud7ff\ue000\ufffd\U0010ffff`${}%"
TEXTS = 5
SHAPES = [
    pytest.param((cell, units, labels), id=f"{cell}-{len(units)}-{labels}")
    for cell in CELLS
    for units in ((12,), (9, 5, 7))
    for labels in (0, 3)
]
FEW_SHAPES = [
    each
    if each.id in ("lstm-1-0", "lstm-3-3", "gru-3-3", "rnn-1-3")
    else pytest.param(*each.values, id=each.id, marks=pytest.mark.slow)
    for each in SHAPES
]  # for programs that take a second for each
LENGTHS = [pytest.param(200), pytest.param(10_000, marks=pytest.mark.slow)]


def network(cell="lstm", units=(9, 5), labels=0, characters=CHARACTERS, **preparation):
    """A random network that forgets in time: in others, rounding grows from step to step."""
    config = ModelConfig(
        vocab_size=len(set(characters)),
        embedding_dim=6,
        cell=cell,
        units=units,
        labels=labels,
    )
    random = np.random.default_rng(len(units) + labels)
    weights = {
        name: random.normal(0, _scale(name, shape), shape).astype(np.float32)
        for name, shape in weight_shapes(config).items()
    }
    tokenizer = CharTokenizer(
        Vocabulary(characters), min(characters), PreparationConfig(**preparation)
    )
    names = {f"label {number}": 10 + number for number in range(labels)}
    return Checkpoint(config, tokenizer, weights, Origin(corpus="tiny.txt", step=7), names)


def _scale(name, shape):
    return 0.7 / np.sqrt(shape[0]) if name.endswith("recurrent_kernel") else 0.6


def with_tokenizer(checkpoint, **changes):
    return replace(checkpoint, tokenizer=replace(checkpoint.tokenizer, **changes))


@dataclass(frozen=True)
class Reading:
    """Texts that were read side by side: ids, logits, the state before and after."""

    ids: Any  # [batch, n]
    labels: Any  # [batch], or None
    logits: Any  # [batch, n, vocab_size]
    before: dict[str, Any]
    after: dict[str, Any]  # by name, each [batch, units]


@cache
def reading(shape, length):
    """What our decoder makes of TEXTS texts, from a state that is not zero."""
    checkpoint = network(*shape)
    labels = np.arange(TEXTS) % shape[2] if shape[2] else None
    decoder = decoder_of(checkpoint, TEXTS, labels)
    ids = np.random.default_rng(1).integers(checkpoint.config.vocab_size, size=(TEXTS, length + 3))
    decoder.read(ids[:, :3])
    before = arrays_of(decoder.state)
    logits = [decoder.step(column).copy() for column in ids.T[3:]]
    return Reading(ids[:, 3:], labels, np.stack(logits, 1), before, arrays_of(decoder.state))


def arrays_of(state):
    """The arrays of a state by the names that exports give them."""
    arrays = [array for layer in state.layers for array in layer]
    return dict(zip(state_names(state.cell, len(state.layers)), arrays, strict=True))


def first(read):
    """The first of the texts alone."""
    return Reading(
        read.ids[:1],
        None if read.labels is None else read.labels[:1],
        read.logits[:1],
        {name: array[:1] for name, array in read.before.items()},
        {name: array[:1] for name, array in read.after.items()},
    )


def assert_same(read, logits, state):
    """Check what another program made of the texts."""
    np.testing.assert_allclose(logits, read.logits, atol=1e-4, rtol=0)
    assert set(state) == set(read.after)
    for name, array in state.items():
        np.testing.assert_allclose(array, read.after[name], atol=1e-4, rtol=0, err_msg=name)


def odd_models():
    """Models whose text is hard to carry."""
    plain = network(characters=HARD)
    yield "documents and hard characters", with_tokenizer(plain, separator="</script>\u2028")
    yield "prepared", network(normalize="NFC", lowercase=True, newlines="unix")
    yield "rare", network(characters=CHARACTERS + "\ufffd", min_count=3)
    kept = network(characters=CHARACTERS + "\r", newlines="keep")
    yield "line ends", with_tokenizer(kept, line_end="\r\n")
    hard_label = network(labels=2)
    yield "labels", replace(hard_label, labels={"</script>'\"\\": 1, "\udcff": 2})


ODD = [pytest.param(model, id=name) for name, model in odd_models()]
