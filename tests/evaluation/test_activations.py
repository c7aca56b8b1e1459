"""Activations are what a decoder's state holds after each character, and what Keras says."""

import json
import re

import numpy as np
import pytest

import chargen
from chargen.errors import CorpusError, SettingError, UnknownCharacterError
from chargen.evaluation import activations as module
from chargen.evaluation.activations import Activations, to_json
from chargen.text.vocabulary import BOUNDARY
from tests.helpers import decoder_of

TEXT = "ABC: cab\nA ccb BA:\n"


def steps(checkpoint, ids, labels=None):
    """The state's h of each layer after each id, one step at a time."""
    decoder = decoder_of(checkpoint, labels=labels)
    for index in ids:
        decoder.step(np.array([index]))
        yield [layer[0][0] for layer in decoder.state.layers]


def test_they_are_the_states_step_by_step(checkpoint):
    found = chargen.LanguageModel(checkpoint).activations(TEXT)
    assert found.text == TEXT
    assert found.units == (5, 3)
    ids = checkpoint.tokenizer.encode(TEXT)
    for place, expected in enumerate(steps(checkpoint, ids)):
        for layer, h in enumerate(expected):
            assert found.layers[layer][place].tolist() == h.tolist()
    assert [layer.dtype for layer in found.layers] == [np.float32] * 2
    assert found.unit(1, 2).tolist() == found.layers[1][:, 2].tolist()


@pytest.mark.parametrize("length", [1, 511, 512, 513, 1500])
def test_blocks_leave_no_seam(make_checkpoint, length):
    checkpoint = make_checkpoint()
    text = (TEXT * 100)[:length]
    found = chargen.LanguageModel(checkpoint).activations(text)
    expected = list(steps(checkpoint, checkpoint.tokenizer.encode(text)))
    assert found.layers[1].tolist() == [h.tolist() for _, h in expected]


def test_they_agree_with_keras(checkpoint):
    numpy, keras = (
        chargen.LanguageModel(checkpoint, engine).activations(TEXT) for engine in ("numpy", "keras")
    )
    for ours, theirs in zip(numpy.layers, keras.layers, strict=True):
        assert np.abs(ours - theirs).max() < 1e-5


def test_a_document_begins_with_its_boundary(make_checkpoint):
    checkpoint = make_checkpoint(characters="\0\nABC")
    model = chargen.LanguageModel(checkpoint)
    found = model.activations("AB")
    assert found.text == "AB"
    ids = checkpoint.tokenizer.encode(f"{BOUNDARY}AB")
    (_, first, second) = steps(checkpoint, ids)
    assert found.layers[0].tolist() == [first[0].tolist(), second[0].tolist()]


def test_labels(labelled):
    model = chargen.LanguageModel(labelled)
    found = model.activations("AB", label="sea")
    expected = list(steps(labelled, labelled.tokenizer.encode("AB"), np.array([1], np.int32)))
    assert found.layers[0].tolist() == [h.tolist() for h, _ in expected]
    with pytest.raises(SettingError, match="label is needed"):
        model.activations("AB")


def test_clamps_are_seen(make_checkpoint):
    model = chargen.LanguageModel(make_checkpoint())
    found = model.clamped([chargen.Clamp(0, 1, 0.5)]).activations(TEXT)
    assert set(found.unit(0, 1)) == {0.5}
    assert np.abs(found.layers[1] - model.activations(TEXT).layers[1]).max() > 1e-3


def test_as_int8(make_checkpoint):
    h = np.array([[-1, 0, 1], [0.5, -0.25, 0.004]], np.float32)
    found = Activations("AB", (h,))
    assert found.to_int8(0).tolist() == [[-127, 0, 127], [64, -32, 1]]
    assert found.to_int8(0, [2, 0]).tolist() == [[127, -127], [1, 64]]
    assert found.to_int8(0, []).shape == (2, 0)
    assert found.to_int8(0).dtype == np.int8
    assert found.to_int8(0, [2, 0]).flags.c_contiguous  # so its bytes are those rows
    for arguments in ((1,), (0, [3]), (0, [-1])):
        with pytest.raises(SettingError, match=r"^(layer|unit) must be"):
            found.to_int8(*arguments)


def test_the_units_that_vary_most():
    first = np.array([[0.5, 0, 1], [0.5, 0.2, -1]], np.float32)
    second = np.array([[0.3], [-0.3]], np.float32)
    found = Activations("AB", (first, second))
    assert found.most_varied(3) == [(0, 2), (1, 0), (0, 1)]
    assert found.most_varied(9, layer=0) == [(0, 2), (0, 1), (0, 0)]
    with pytest.raises(SettingError, match="layer must be"):
        found.most_varied(layer=2)


def test_plain_values(make_checkpoint):
    found = chargen.LanguageModel(make_checkpoint()).activations("AB")
    values = json.loads(json.dumps(to_json(found, [(0, 3), (1, 0)])))
    assert values["text"] == "AB"
    assert [(each["layer"], each["unit"]) for each in values["units"]] == [(0, 3), (1, 0)]
    assert values["units"][1]["values"] == pytest.approx(found.unit(1, 0).tolist(), abs=1e-4)


def test_what_is_refused(make_checkpoint, monkeypatch):
    model = chargen.LanguageModel(make_checkpoint())
    with pytest.raises(CorpusError, match="text is empty"):
        model.activations("")
    with pytest.raises(UnknownCharacterError):
        model.activations("é")
    with pytest.raises(SettingError, match=r"unit must be a whole number from 0 to 2 \(in layer 1"):
        model.activations("A").unit(1, 3)
    monkeypatch.setattr(module, "_MAX_NUMBERS", 24)
    assert len(model.activations("ABC").text) == 3
    with pytest.raises(
        CorpusError, match=r"has 4 characters; .* 8 units, .* at most 3 can be kept"
    ):
        model.activations("ABCA")


def test_a_notebook_shows_the_units_that_vary_most(make_checkpoint):
    found = chargen.LanguageModel(make_checkpoint()).activations("A bc\nBc")
    shown = found._repr_html_()
    named = [f"layer {layer}, unit {unit}" for layer, unit in found.most_varied()]
    assert re.findall(r"<h2>(.*?)</h2>", shown) == named
    assert repr(found) == "Activations(7 characters, 5 + 3 units)"
    chosen = found.picture((1, 2), (0, 0))
    assert re.findall(r"<h2>(.*?)</h2>", chosen.to_html()) == ["layer 1, unit 2", "layer 0, unit 0"]
    assert chosen.to_html().startswith("<!DOCTYPE html>")
    assert repr(chosen) == "Picture(layer 1, unit 2, layer 0, unit 0)"
    with pytest.raises(SettingError, match="unit must be"):
        found.picture((1, 3))
