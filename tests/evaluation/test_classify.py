"""A text is in the style of the model that spends the fewest bits on it."""

from dataclasses import replace

import numpy as np
import pytest

import chargen
from chargen.config import PreparationConfig
from chargen.errors import CheckpointError, SettingError
from chargen.evaluation import classify as module
from chargen.evaluation.classify import UNKNOWN_BITS, Classification, candidates, classify
from chargen.evaluation.score import score
from chargen.generation.weights import DecoderWeights
from tests.helpers import with_tokenizer

TEXTS = ["ABC", "", "a cab", "C: cab\nA" * 9, "B", "cc"]


@pytest.fixture
def models(make_checkpoint):
    return {
        "one": make_checkpoint("lstm", seed=1),
        "two": make_checkpoint("gru", seed=2, characters="\n :ABCabcé"),
        "three": make_checkpoint("rnn", seed=3),
    }


def test_the_cost_is_the_total_of_the_score(models):
    for text in filter(None, TEXTS):
        result = classify(text, models)
        costs = {
            name: score(DecoderWeights(model), text).total_bits for name, model in models.items()
        }
        assert result.bits == pytest.approx(costs, rel=1e-5)
        assert result.model == min(costs, key=costs.get)
        best, second, _ = sorted(costs.values())
        assert result.margin == pytest.approx(second - best, abs=1e-3)


def test_texts_are_read_side_by_side_and_stay_in_order(models, monkeypatch):
    monkeypatch.setattr(module, "MAX_BATCH", 4)
    together = classify(TEXTS, models)
    for text, result in zip(TEXTS, together, strict=True):
        assert result.bits == pytest.approx(classify(text, models).bits, rel=1e-5)


def test_what_a_model_never_saw_costs_21_bits_and_is_read_over(models):
    known, strange = (classify(text, models).bits for text in ("ABc", "AéBc"))
    assert UNKNOWN_BITS == 21
    assert strange["one"] == pytest.approx(known["one"] + UNKNOWN_BITS, abs=1e-4)
    assert strange["two"] == pytest.approx(
        score(DecoderWeights(models["two"]), "AéBc").total_bits, abs=1e-4
    )


def test_so_does_what_was_too_rare_to_learn(models, make_checkpoint):
    preparation = PreparationConfig(lowercase=True, min_count=2)
    rare = with_tokenizer(make_checkpoint(characters="abc\ufffd"), preparation=preparation)
    known, strange = (
        classify(text, models | {"rare": rare}).bits for text in ("abc", "aÉb\ufffdC")
    )
    assert strange["rare"] == pytest.approx(known["rare"] + 2 * UNKNOWN_BITS, abs=1e-4)


def test_a_text_that_no_model_can_read(models):
    result = classify("世\ud800", models)
    assert result == Classification(dict.fromkeys(models, 42.0))
    assert (result.model, result.margin) == (None, 0)


def test_an_empty_text_is_nobodys(models):
    assert classify("", models).model is None
    assert classify([], models) == []


def test_checkpoints_by_path(make_checkpoint, tmp_path):
    paths = [tmp_path / "a", tmp_path / "b"]
    for seed, path in enumerate(paths):
        make_checkpoint(seed=seed).save(path)
    result = chargen.classify("ABC", paths)
    assert set(result.bits) == {str(path) for path in paths}
    assert result.bits[str(paths[0])] == pytest.approx(
        score(DecoderWeights(make_checkpoint(seed=0)), "ABC").total_bits, rel=1e-5
    )


def test_json(models):
    result = classify("ABC", models)
    assert result.to_json() == {"model": result.model, "margin": result.margin, "bits": result.bits}


@pytest.mark.parametrize("given", [[], ["a"], ["a", "b", "a"], {"a": "a"}])
def test_too_few_models(given, models, workdir):
    for name in "ab":
        models["one"].save(workdir / name)
    with pytest.raises(SettingError, match=r"at least two different models; received (none|a)"):
        classify("A", given)


def test_a_missing_model():
    with pytest.raises(CheckpointError, match="no checkpoint nowhere"):
        classify("A", ["nowhere", "elsewhere"])


def test_progress_counts_each_character_once_a_model(models):
    told = []
    classify([*TEXTS, "é"], models, progress=told.append)
    assert sum(told) == 3 * (sum(map(len, TEXTS)) + 1)


def test_two_styles_are_told_apart(make_checkpoint):
    generator = np.random.default_rng(0)
    alphabet, shares = "\n :ABCabc", generator.dirichlet(np.ones(9), size=2)
    models = {}
    for name, share in zip(("one", "two"), shares, strict=True):
        model = make_checkpoint(characters=alphabet)
        weights = {key: np.zeros_like(each) for key, each in model.weights.items()}
        weights["dense/bias"] = np.log(share).astype(np.float32)  # a model of frequencies alone
        models[name] = replace(model, weights=weights)
    for name, share in zip(models, shares, strict=True):
        drawn = generator.choice(list(alphabet), size=(50, 200), p=share)
        results = classify(["".join(row) for row in drawn], models)
        assert {result.model for result in results} == {name}


def test_each_label_is_a_model_of_its_own(labelled, models):
    result = classify("ABC", {"many": labelled, "one": models["one"]})
    assert list(result.bits) == ["many: land", "many: sea", "many: sky", "one"]
    for label in labelled.labels:
        cost = score(DecoderWeights(labelled), "ABC", label=label).total_bits
        assert result.bits[f"many: {label}"] == pytest.approx(cost, rel=1e-5)
    alone = classify(["ABC", "a cab"], {"many": labelled})
    assert alone[0].bits == pytest.approx({k: v for k, v in result.bits.items() if k != "one"})


def test_progress_counts_each_character_once_a_label(labelled):
    told = []
    classify("ABC é", {"many": labelled}, progress=told.append)
    assert sum(told) == len(candidates({"many": labelled})) * 5 == 15


def test_one_label_is_nothing_to_choose_from(make_checkpoint):
    with pytest.raises(SettingError, match="One model with several labels is enough"):
        classify("A", {"only": make_checkpoint(labels={"a": 1})})


def test_a_notebook_shows_winner_and_margin():
    assert repr(Classification({"a": 1234.5, "b": 34.25})) == (
        "Classification('b' by 1,200.25 bits: b 34.25, a 1,234.50)"
    )
    assert repr(Classification({"a": 1.0, "b": 1.0})) == (
        "Classification(no winner: a 1.00, b 1.00)"
    )
    many = Classification({f"m{i}": float(i) for i in range(100)})
    assert repr(many).endswith("m7 7.00 and 92 more)")
