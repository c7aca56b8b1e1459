"""Model files of half the size, which chargen reads like any other."""

import json
from dataclasses import replace

import numpy as np
import pytest

import chargen
from chargen.checkpoint import Checkpoint
from chargen.errors import ExportError
from chargen.exports.formats import export
from chargen.exports.half import rounding
from chargen.exports.verify import verify
from chargen.storage.arrays import read_arrays, write_arrays
from tests.exports.networks import ODD, network

PLAY = "Wick:\nThe tide is out, and the bell is in the mud.\n\nAll:\nWho rang it?\n" * 3


@pytest.fixture
def path(tmp_path):
    return tmp_path / "tiny.safetensors"


@pytest.mark.parametrize("model", ODD)
def test_a_file_is_the_model_with_rounded_weights(path, model):
    export(model, "half", path)
    assert {array.dtype.str for array in read_arrays(path)[0].values()} == {"<f2"}
    again = Checkpoint.load(path)
    assert json.dumps(again.to_json()) == json.dumps(model.to_json())
    for name, array in model.weights.items():
        assert again.weights[name].dtype == np.float32
        np.testing.assert_array_equal(again.weights[name], array.astype(np.float16))


@pytest.fixture
def play():
    """The bundled model with weights that are no float16 numbers, as training leaves them."""
    model, random = chargen.load("bundled").checkpoint, np.random.default_rng(0)
    weights = {
        name: array * random.uniform(0.9995, 1.0005, array.shape).astype(np.float32)
        for name, array in model.weights.items()
    }
    return chargen.LanguageModel(replace(model, weights=weights))


def test_it_takes_half_the_space(play, path, tmp_path):
    play.save(tmp_path / "whole.safetensors")
    play.export(path, "half")
    assert path.stat().st_size < 0.53 * (tmp_path / "whole.safetensors").stat().st_size


def test_a_model_writes_and_scores_as_before(play, path):
    play.export(path, "half")
    half = chargen.load(path)
    assert half.generate("All: ", seed=1, length=20) == play.generate("All: ", seed=1, length=20)
    before, after = play.evaluate(PLAY), half.evaluate(PLAY)
    assert after.carried == pytest.approx(before.carried, abs=1e-3)
    assert after.windowed == pytest.approx(before.windowed, abs=1e-3)
    bits = [each.score(PLAY).bits for each in (play, half)]
    assert 0 < np.abs(bits[0] - bits[1]).mean() < 2e-3


def test_what_was_rounded_is_not_changed_again(path, tmp_path):
    export(network(labels=2), "half", path)
    again = Checkpoint.load(path)
    export(again, "half", tmp_path / "again.safetensors")
    assert (tmp_path / "again.safetensors").read_bytes() == path.read_bytes()
    assert rounding(again) == 0
    assert 0 < rounding(network(labels=2)) < 0.1


def test_a_weight_too_large_for_float16_is_told(path):
    model = network()
    weights = {**model.weights, "dense/bias": np.full(14, 7e4, np.float32)}
    with pytest.raises(ExportError, match=r"up to 65,504, and dense/bias of this model has larger"):
        export(replace(model, weights=weights), "half", path)
    assert not path.exists()


def test_a_model_that_no_export_wrote_has_nothing_to_verify(path):
    network().save(path)
    with pytest.raises(ExportError, match=r"holds no description .* `chargen export half` writes"):
        verify(path)


@pytest.mark.parametrize("odd", [None, [], {}, "x", {"format": "half"}, {"sha256": 1}])
def test_an_odd_description_is_refused_and_the_model_still_read(path, odd):
    export(network(), "half", path)
    arrays, document = read_arrays(path)
    if isinstance(odd, dict) and odd:
        odd = {**document["export"], **odd, "boundary": 3}
    write_arrays(path, arrays, {**document, "export": odd})
    with pytest.raises(ExportError, match=r"holds no description|was changed"):
        verify(path)
    assert Checkpoint.load(path).config == network().config
