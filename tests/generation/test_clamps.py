"""A clamped unit is a constant to everything that reads it."""

import math
from dataclasses import replace

import numpy as np
import pytest

import chargen
from chargen.checkpoint import Checkpoint
from chargen.errors import SettingError
from chargen.generation.clamps import Clamp
from tests.helpers import make_decoder_of

TEXT = "ABC: cab\nA ccb BA:\n"
_SURE = 50  # a gate's bias that makes it 1, or 0 with a minus


def with_constant_unit(checkpoint, layer, unit, value):
    """The network with weights by which h of a unit is a value after every step."""
    cell, width = checkpoint.config.cell, checkpoint.config.units[layer]
    weights = {name: array.copy() for name, array in checkpoint.weights.items()}
    kernel, recurrent, bias = (
        weights[f"{cell}_{layer}/{part}"] for part in ("kernel", "recurrent_kernel", "bias")
    )
    # What each gate of the unit is given, in Keras's order.
    constant = {
        "lstm": (_SURE, -_SURE, math.atanh(math.atanh(value)), _SURE),  # i, f, g, o
        "gru": (-_SURE, 0, math.atanh(value)),  # z, r, candidate
        "rnn": (math.atanh(value),),
    }[cell]
    for gate, given in enumerate(constant):
        column = gate * width + unit
        kernel[:, column] = recurrent[:, column] = bias[..., column] = 0
        bias.reshape(-1, bias.shape[-1])[0, column] = given
    return replace(checkpoint, weights=weights)


@pytest.mark.parametrize("layer", [0, 1])
@pytest.mark.parametrize("value", [0.0, 0.6, -0.7])
def test_a_clamp_is_a_unit_whose_weights_make_it_constant(checkpoint, layer, value):
    clamped = chargen.LanguageModel(checkpoint).clamped([Clamp(layer, 2, value)])
    edited = chargen.LanguageModel(with_constant_unit(checkpoint, layer, 2, value))
    as_trained = chargen.LanguageModel(checkpoint)
    bits = [each.score(TEXT).bits for each in (clamped, edited, as_trained)]
    assert bits[0] == pytest.approx(bits[1], abs=1e-5)
    assert np.abs(bits[0] - bits[2]).max() > 1e-3
    losses = [each.evaluate(TEXT).carried for each in (clamped, edited)]
    assert losses[0] == pytest.approx(losses[1], abs=1e-6)
    texts = [each.generate("AB", seed=1, length=200) for each in (clamped, edited)]
    assert texts[0] == texts[1]
    samples = [[*each.samples("AB", n=3, seed=1, length=50)] for each in (clamped, edited)]
    assert [each.text for each in samples[0]] == [each.text for each in samples[1]]
    sessions = [each.session(seed=1) for each in (clamped, edited)]
    for session in sessions:
        session.generate("AB", length=20)
        session.generate("C", length=20)
    assert sessions[0].text == sessions[1].text


def test_the_state_holds_the_values_of_several(checkpoint):
    clamps = [Clamp(1, 0, -1), Clamp(0, 4, 0.25), Clamp(0, 1)]
    model = chargen.LanguageModel(checkpoint).clamped(clamps)
    decoder = model._make_decoder(make_decoder_of(checkpoint)(model._weights.zero_state(3)).state)
    decoder.read(np.array([[1, 2, 3], [4, 5, 6], [7, 8, 0]]))
    (first, *_), (second, *_) = decoder.state.layers
    assert first[:, [4, 1]].tolist() == [[0.25, 0]] * 3
    assert second[:, 0].tolist() == [-1] * 3
    assert np.all(np.abs(first[:, [0, 2, 3]]) < 1)
    assert len(np.unique(first[:, 0])) == 3


def test_it_holds_after_a_document_begins(make_checkpoint):
    checkpoint = make_checkpoint(characters="\0\nABC")
    model = chargen.LanguageModel(checkpoint).clamped([Clamp(0, 0, 0.5)])
    decoder = model._make_decoder(model._weights.zero_state())
    decoder.read(np.array([[2, 0]]))
    assert decoder.state.layers[0][0][0, 0] == 0.5


def test_the_model_itself_stays_as_it_is(make_checkpoint):
    model = chargen.LanguageModel(make_checkpoint())
    before = model.score(TEXT).bits
    clamped = model.clamped([Clamp(0, 0)])
    assert (model.clamps, clamped.clamps) == ((), (Clamp(0, 0, 0.0),))
    assert "1 unit clamped" in repr(clamped)
    assert "clamped" not in repr(model)
    assert model.score(TEXT).bits.tolist() == before.tolist()
    # Clamps are replaced, not added, and none give the network as it was trained.
    assert clamped.clamped([Clamp(1, 1)]).clamps == (Clamp(1, 1),)
    assert clamped.clamped([]).score(TEXT).bits.tolist() == before.tolist()
    assert clamped._weights.layers is model._weights.layers


def test_classification_sees_clamps(make_checkpoint):
    model = chargen.LanguageModel(make_checkpoint())
    clamped = model.clamped([Clamp(1, each) for each in range(3)])
    result = chargen.classify(TEXT, {"trained": model, "clamped": clamped})
    assert result.bits["trained"] == pytest.approx(model.score(TEXT).total_bits, abs=1e-3)
    assert result.bits["clamped"] == pytest.approx(clamped.score(TEXT).total_bits, abs=1e-3)
    assert result.margin > 0.1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((-1, 0), "layer must be a whole number from 0; received -1"),
        ((0, 1.5), "unit must be a whole number from 0; received 1.5"),
        ((True, 0), "layer must be a whole number"),
        ((0, 0, 1.01), "value must be a number from -1 to 1; received 1.01"),
        ((0, 0, math.nan), "value must be a number from -1 to 1; received nan"),
        ((0, 0, "0"), "value must be a number from -1 to 1; received '0'"),
    ],
)
def test_what_is_no_clamp(arguments, said):
    with pytest.raises(SettingError, match=said):
        Clamp(*arguments)


@pytest.mark.parametrize(
    ("clamps", "said"),
    [
        ([Clamp(2, 0)], "layer must be a whole number from 0 to 1; received 2"),
        ([Clamp(0, 5)], r"unit must be a whole number from 0 to 4 \(in layer 0\); received 5"),
        ([Clamp(1, 3)], r"unit must be a whole number from 0 to 2 \(in layer 1\); received 3"),
        ([Clamp(1, 2), Clamp(1, 2, 1)], "Unit 2 of layer 1 is clamped twice"),
    ],
)
def test_what_the_network_has_not(make_checkpoint, clamps, said):
    with pytest.raises(SettingError, match=said):
        chargen.LanguageModel(make_checkpoint()).clamped(clamps)


def test_a_network_of_one_layer(make_checkpoint):
    with pytest.raises(SettingError, match="layer must be 0, the only one; received 1"):
        chargen.LanguageModel(make_checkpoint(units=(4,))).clamped([Clamp(1, 0)])


def test_nothing_leaves_clamps_out_in_silence(make_checkpoint, tmp_path):
    model = chargen.LanguageModel(make_checkpoint()).clamped([Clamp(0, 0)])
    for leave_out in (
        lambda: model.save(tmp_path / "model"),
        model.to_keras,
        lambda: model.evaluate(TEXT, adapt=True),
    ):
        with pytest.raises(SettingError, match="leaves out the clamps"):
            leave_out()
    assert not (tmp_path / "model").exists()
    model.clamped([]).save(tmp_path / "model")
    assert isinstance(Checkpoint.load(tmp_path / "model"), Checkpoint)
