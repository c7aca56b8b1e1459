"""The unit that follows a feature is found first, wherever it is."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import chargen
from chargen.errors import CorpusError, SettingError
from chargen.evaluation.features import FEATURES, Feature
from chargen.evaluation.units import correlate

TEXT = "ABC: cab\nA ccb BA:\n" * 40


def following(checkpoint, layer, unit, shown, *, sign=1.0):
    """The network with a plain layer whose unit is positive (`sign`) at the characters shown.

    The character's own vector tells; of the unit, nothing else is read.
    """
    weights = {name: array.copy() for name, array in checkpoint.weights.items()}
    embeddings = weights["embedding/embeddings"]
    is_shown = [character in shown for character in checkpoint.tokenizer.vocabulary.idx2char]
    embeddings[:, 0] = np.where(is_shown, 1, -1)
    for number in range(layer + 1):  # handed up by unit `unit` of the layers below
        kernel, recurrent, bias = (
            weights[f"rnn_{number}/{part}"] for part in ("kernel", "recurrent_kernel", "bias")
        )
        recurrent[:, unit] = bias[unit] = kernel[:, unit] = 0
        kernel[0 if number == 0 else unit, unit] = sign if number == layer else 1
    return replace(checkpoint, weights=weights)


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize(("layer", "unit"), [(0, 3), (1, 2)])
def test_the_unit_that_follows_capitals_is_found_first(make_checkpoint, layer, unit, sign):
    base = make_checkpoint("rnn", units=(5, 4))
    model = chargen.LanguageModel(following(base, layer, unit, "ABC", sign=sign))
    first, *others = model.find_units("capitals", TEXT)
    assert first.unit == unit
    if layer == 0:  # in the second layer, the unit that hands it up follows as closely
        assert first.layer == layer
    found = {(each.layer, each.unit): each.correlation for each in (first, *others)}
    assert found[layer, unit] == pytest.approx(sign, abs=1e-6)
    assert len(found) == 9
    assert abs(others[-1].correlation) < 0.9


def test_correlations_are_those_of_numpy(checkpoint):
    model = chargen.LanguageModel(checkpoint)
    activations = model.activations(TEXT)
    values = FEATURES["line position"].values(TEXT)
    found = model.find_units("line position", TEXT, top=100)
    assert len(found) == 8
    sizes = [abs(each.correlation) for each in found]
    assert sizes == sorted(sizes, reverse=True)
    for each in found:
        expected = np.corrcoef(activations.unit(each.layer, each.unit), values)[0, 1]
        assert each.correlation == pytest.approx(expected, abs=1e-5)
    assert model.find_units("line position", TEXT, top=2) == found[:2]


def test_digits_are_not_lost_far_from_zero():
    generator = np.random.default_rng(0)
    small = generator.standard_normal(3000) * 1e-3
    h = np.stack([0.9 + small, np.full(3000, 0.9)], axis=1).astype(np.float32)
    blocks = [(h[:1000],), (h[1000:1700],), (h[1700:],)]
    values = small + generator.standard_normal(3000) * 1e-3
    (found,) = correlate(iter(blocks), values)
    assert found[0] == pytest.approx(np.corrcoef(h[:, 0].astype(float), values)[0, 1], abs=1e-9)
    assert found[1] == 0  # a unit that never moves follows nothing


def test_a_feature_of_ones_own(make_checkpoint):
    base = make_checkpoint("rnn", units=(5,))
    model = chargen.LanguageModel(following(base, 0, 1, "c"))
    is_c = lambda text: [character == "c" for character in text]  # noqa: E731
    for feature in (is_c, Feature("the letter c", "1 at a c.", is_c)):
        (first,) = model.find_units(feature, TEXT, top=1)
        assert (first.unit, first.correlation) == (1, pytest.approx(1))
    assert first.to_json() == {"layer": 0, "unit": 1, "correlation": first.correlation}


def test_clamped_units_follow_nothing(make_checkpoint):
    base = make_checkpoint("rnn", units=(5,))
    model = chargen.LanguageModel(following(base, 0, 1, "ABC"))
    clamped = model.clamped([chargen.Clamp(0, 1, 0.3)])
    assert clamped.find_units("capitals", TEXT)[-1].unit == 1
    assert clamped.find_units("capitals", TEXT)[-1].correlation == 0


def test_a_document_is_as_long_as_its_text(make_checkpoint):
    model = chargen.LanguageModel(make_checkpoint(characters="\0\nABCabc"))
    assert len(model.find_units("capitals", "AbC\na", top=3)) == 3


@pytest.mark.parametrize(
    ("feature", "text", "error", "said"),
    [
        ("capital", TEXT, SettingError, r"no feature 'capital' \(did you mean 'capitals'\?\)"),
        ("x", TEXT, SettingError, "there are inside quotes, inside parentheses, line position"),
        ("digits", TEXT, CorpusError, "'digits' is the same at every character of this text"),
        (lambda text: [1] * len(text), TEXT, CorpusError, "This feature is the same"),
        (lambda text: [1], TEXT, SettingError, "a finite number for each character"),
        (lambda text: ["a"] * len(text), TEXT, SettingError, "a finite number for each"),
        (lambda text: [float("nan")] * len(text), TEXT, SettingError, "a finite number"),
        (3, TEXT, SettingError, "feature must be"),
        ("capitals", "", CorpusError, "text is empty"),
        ("capitals", "A", CorpusError, "is the same at every character"),
    ],
)
def test_what_cannot_be_found(make_checkpoint, feature, text, error, said):
    with pytest.raises(error, match=said):
        chargen.LanguageModel(make_checkpoint()).find_units(feature, text)


@pytest.mark.parametrize("top", [0, -1, 1.5])
def test_how_many(make_checkpoint, top):
    with pytest.raises(SettingError, match="top must be a whole number"):
        chargen.LanguageModel(make_checkpoint()).find_units("capitals", TEXT, top=top)


def test_the_bundled_model_ends_lines_by_one_unit():
    """What docs/inside.md shows: the unit that follows the position in a line ends lines."""
    model = chargen.load("bundled")
    text = (Path(__file__).parents[2] / "corpora" / "drowned-bell.txt").read_text()[:3000]
    (best,) = model.find_units("line position", text, top=1)
    assert abs(best.correlation) > 0.5

    def line_ends(value):
        clamp = chargen.Clamp(best.layer, best.unit, value)
        return model.clamped([clamp]).generate("Wick:\n", length=1000, seed=1).count("\n")

    late = 1 if best.correlation > 0 else -1
    assert line_ends(late) > 3 * (1 + line_ends(-late))
