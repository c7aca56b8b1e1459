"""A short text that the bundled model knows something of begins with its weights."""

import random
from pathlib import Path

import pytest

import chargen
from chargen.config import RunConfig
from chargen.corpus.corpus import read_corpus
from chargen.corpus.spans import Spans
from chargen.errors import SettingError
from chargen.training import transfer
from chargen.training.report import Silent
from chargen.training.transfer import initial_model

WORDS = [
    *("the", "sea", "is", "under", "a", "town", "and", "all", "bells", "of", "stone", "go"),
    *("down", "to", "it", "when", "no", "moon", "shines"),
]
OTHERS = [*WORDS[:12], "drowned", "towers", "hold", "Ünder"]
SHAPE = {"units": (16,), "batch_size": 4, "seq_length": 16, "warmup_steps": 5, "reporter": Silent()}


def written(seed, words=WORDS, lines=300):
    draw = random.Random(seed)
    return "".join(" ".join(draw.choices(words, k=5)) + ".\n" for _ in range(lines))


@pytest.fixture(scope="module")
def bundled(tmp_path_factory):
    """The file of a small model that knows the words."""
    folder = tmp_path_factory.mktemp("bundled")
    (folder / "old.txt").write_text(written(0))
    shape = SHAPE | {"dropout": 0.5, "weight_dropout": 0.25, "optimizer": "adamw"}
    shape |= {"dropout_schedule": "constant", "weight_decay": 0.1}
    chargen.train(folder / "old.txt", name=str(folder / "run"), epochs=12, **shape)
    return folder / "run" / "model.safetensors"


@pytest.fixture(autouse=True)
def as_bundled(bundled, workdir, monkeypatch):
    monkeypatch.setattr(transfer, "bundled_checkpoint", lambda: bundled)


def begins_with(text, **settings):
    """The model that a run on this text would begin with, None for random weights."""
    path = Path("new.txt")
    path.write_text(text, encoding="utf-8")
    corpus = read_corpus(path)
    config = RunConfig.of({"units": (16,), **settings})
    return initial_model(config, settings, corpus, Spans.whole(len(corpus.ids)))[0]


def test_it_predicts_as_well_as_the_bundled_model_from_the_first_step(workdir):
    text = written(1, OTHERS)
    (workdir / "new.txt").write_text(text, encoding="utf-8")

    def trained(**settings):
        fixed = {"epochs": 1, "overwrite": True, "learning_rate": 1e-6}
        model = chargen.train("new.txt", **{**SHAPE, **fixed, **settings})
        assert set(model.vocabulary.idx2char) == set(text)
        return model.origin.training.get("initial_weights", "random"), model.origin.carried

    how, known = trained()
    assert how == "bundled"
    how, wider = trained(units=(40,))
    assert how == "bundled"
    assert wider == pytest.approx(known, abs=1e-3)
    how, chance = trained(initial_weights="random")
    assert how == "random"
    assert known < chance - 1


def test_a_text_of_its_language_begins_with_the_bundled_model():
    assert begins_with(written(1, OTHERS)) is not None
    assert begins_with(written(1, OTHERS), units=(40,)) is not None


@pytest.mark.parametrize(
    ("text", "settings"),
    [
        pytest.param(written(0), {}, id="the text that it learned"),
        pytest.param(written(2, ["xyzzy", "qwrk", "zvvx"]), {}, id="an unknown language"),
        pytest.param(written(2, ["ΑΒΓ", "δεζ"]), {}, id="another alphabet"),
        pytest.param(written(2, OTHERS, lines=10), {}, id="too short to tell"),
        pytest.param(written(2, OTHERS), {"units": (8,)}, id="no room"),
        pytest.param(written(2, OTHERS), {"units": (16, 16)}, id="two layers"),
        pytest.param(written(2, OTHERS), {"cell": "gru"}, id="another cell"),
        pytest.param(written(2, OTHERS), {"embedding_dim": 8}, id="another embedding"),
        pytest.param(written(2, OTHERS), {"initial_weights": "random"}, id="asked for"),
    ],
)
def test_otherwise_a_run_begins_at_random(text, settings):
    assert begins_with(text, **settings) is None


def test_a_long_text_teaches_enough_by_itself(monkeypatch):
    monkeypatch.setattr(transfer, "MAX_CHARACTERS", 5_000)
    assert begins_with(written(2, OTHERS)) is None


def test_an_installation_without_it_begins_at_random(monkeypatch, tmp_path):
    monkeypatch.setattr(transfer, "bundled_checkpoint", lambda: tmp_path / "none")
    assert begins_with(written(2, OTHERS)) is None
    with pytest.raises(chargen.ChargenError):
        begins_with(written(2, OTHERS), initial_weights="bundled")


def test_who_asks_for_it_gets_it_or_is_told_why_not(workdir):
    assert begins_with(written(2, ["xyzzy"]), initial_weights="bundled") is not None
    with pytest.raises(SettingError, match="one lstm layer of 16 units or more; received"):
        begins_with(written(2, OTHERS), initial_weights="bundled", units=(8,))
    (workdir / "new.txt").write_text(written(2, OTHERS))
    with pytest.raises(SettingError, match="this one goes on from a model"):
        chargen.train("new.txt", base="bundled", initial_weights="bundled")
