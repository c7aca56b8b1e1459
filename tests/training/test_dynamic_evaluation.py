"""Dynamic evaluation learns from what it has counted, and from nothing else."""

import numpy as np
import pytest

from chargen.evaluation.loss import evaluate
from chargen.generation.weights import DecoderWeights
from chargen.training import dynamic_evaluation as adapt
from chargen.training.dynamic_evaluation import DynamicEvaluator, adapted_loss

TEXT = "ABC: cab\nA"


def test_a_text_that_repeats_itself_is_learned(make_checkpoint):
    checkpoint, told = make_checkpoint(), []
    ids = checkpoint.tokenizer.vocabulary.encode(TEXT * 30)
    before = {name: each.copy() for name, each in checkpoint.weights.items()}
    adapted = adapted_loss(checkpoint, ids, progress=told.append)
    assert adapted < evaluate(DecoderWeights(checkpoint), ids).carried - 0.01
    assert sum(told) == 299
    for name, each in checkpoint.weights.items():
        np.testing.assert_array_equal(each, before[name])


def test_without_learning_it_is_the_carried_loss(checkpoint, monkeypatch):
    monkeypatch.setattr(adapt, "_LEARNING_RATE", 0.0)
    ids = checkpoint.tokenizer.vocabulary.encode(TEXT * 5)
    adapted = adapted_loss(checkpoint, ids, progress=lambda characters: None)
    assert adapted == pytest.approx(evaluate(DecoderWeights(checkpoint), ids).carried, abs=1e-5)


def test_the_first_update_is_as_large_as_the_learning_rate(make_checkpoint):
    checkpoint = make_checkpoint()
    reader = DynamicEvaluator(checkpoint)
    reader.read(checkpoint.tokenizer.vocabulary.encode(TEXT * 2))
    moved = np.abs(reader.model.get_weights()[-1] - checkpoint.weights["dense/bias"])
    assert moved.max() == pytest.approx(adapt._LEARNING_RATE, rel=0.01)


def test_a_segment_is_counted_before_it_is_learned_from(make_checkpoint):
    """Texts that part within a segment cost the same until it, and it shows in what they cost."""
    checkpoint, costs = make_checkpoint(), []
    for end in ("ABC", "cBC"):
        reader, ids = (
            DynamicEvaluator(checkpoint),
            checkpoint.tokenizer.vocabulary.encode(TEXT * 4 + end),
        )
        costs.append([reader.read(ids[first : first + 21]) for first in (0, 20, 40)])
    one, other = costs
    assert (
        one[0]
        == other[0]
        == pytest.approx(evaluate(DecoderWeights(checkpoint), ids[:21]).carried * 20)
    )
    assert one[1] != other[1]
    assert one[2] != other[2]


def test_a_text_is_read_with_its_label(labelled, monkeypatch):
    monkeypatch.setattr(adapt, "_LEARNING_RATE", 0.0)
    ids = labelled.tokenizer.vocabulary.encode(TEXT * 5)
    for labels in (np.full(len(ids), 1), np.arange(len(ids)) % 3):
        adapted = adapted_loss(labelled, ids, labels=labels, progress=lambda characters: None)
        expected = evaluate(DecoderWeights(labelled), ids, labels=labels).carried
        assert adapted == pytest.approx(expected, abs=1e-5)
