"""A network that learns a new text keeps what it knows, by character."""

import shutil
from dataclasses import replace

import numpy as np
import pytest

from chargen import api
from chargen.checkpoint import Checkpoint, weight_shapes
from chargen.config import ModelConfig, PreparationConfig, RunConfig
from chargen.corpus.corpus import Corpus
from chargen.corpus.encoder import BaseVocabulary
from chargen.errors import CorpusError, Interrupted, RunError, SettingError
from chargen.storage.runs import MODEL_FILE
from chargen.text.tokenizer import CharTokenizer
from chargen.text.vocabulary import BOUNDARY, RARE, Vocabulary
from chargen.training.report import Silent
from chargen.training.warm_start import inherit_settings, warm_start_weights
from tests.helpers import decoder_of, with_tokenizer

from .test_run import StopAt, content

OLD, NEW = "the sea is under the town\n", "Die Glocke läutet im Meer.\n"
SETTINGS = {"epochs": 2, "batch_size": 4, "seq_length": 16, "warmup_steps": 5}


def fresh(config):
    """Random weights of a network."""
    rng = np.random.default_rng(0)
    shapes = weight_shapes(config).items()
    return {name: rng.normal(size=shape).astype(np.float32) for name, shape in shapes}


@pytest.mark.parametrize("units", [(5, 3), (7, 3), (6, 9)])
def test_known_characters_are_read_and_weighed_as_before(make_checkpoint, cell, units):
    old = make_checkpoint(cell, characters="bdf\n")
    vocabulary = Vocabulary("abcdefé\n")
    config = ModelConfig(vocab_size=8, embedding_dim=4, cell=cell, units=units)
    weights = warm_start_weights(old, fresh(config), vocabulary)
    assert {name: each.shape for name, each in weights.items()} == weight_shapes(config)
    grown_to = Checkpoint(config, CharTokenizer(vocabulary, "\n"), weights)
    before, after = decoder_of(old), decoder_of(grown_to)
    for character in "bdfbb\nd":
        logits = before.step(old.tokenizer.vocabulary.encode(character))
        grown = after.step(vocabulary.encode(character))
        np.testing.assert_allclose(grown[:, vocabulary.encode("\nbdf")], logits, atol=1e-5)
    after.step(vocabulary.encode("é"))  # a new one can be read too


def test_the_same_vocabulary_leaves_the_weights_as_they_are(make_checkpoint):
    old = make_checkpoint()
    for name, array in warm_start_weights(old, fresh(old.config), old.tokenizer.vocabulary).items():
        np.testing.assert_array_equal(array, old.weights[name])


def test_what_was_done_to_the_bases_text_is_done_to_the_new_one(make_checkpoint):
    kept = PreparationConfig(newlines="keep", lowercase=True)
    base = with_tokenizer(make_checkpoint(), preparation=kept, separator="\n\n")
    config = RunConfig.of(inherit_settings(base, {}))
    assert config.preparation == kept
    assert config.reading.document_separator == "\n\n"
    assert inherit_settings(base, {"document_separator": "|"})["document_separator"] == "|"


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("trained")
    (folder / "old.txt").write_text(OLD * 60)
    given = {"units": (12,), "embedding_dim": 6, "reporter": Silent(), **SETTINGS}
    api.train(folder / "old.txt", name=str(folder / "checkpoints" / "old"), **given)
    (folder / "new.txt").write_text(NEW * 60)
    return folder


@pytest.fixture
def base(trained, workdir):
    """A network that has learned a text, and another text, in a copy of their folder."""
    shutil.copytree(trained, workdir, dirs_exist_ok=True)
    return workdir / "checkpoints" / "old"


def fine_tune(base, name="new", reporter=None, **settings):
    reporter = Silent() if reporter is None else reporter
    return api.train("new.txt", name=name, base=base, reporter=reporter, **SETTINGS | settings)


def test_the_vocabulary_grows_and_the_shape_stays(base):
    model = fine_tune(base)
    assert set(model.vocabulary.idx2char) == set(OLD + NEW)
    assert model.config.units == (12,)
    assert model.origin.base == base.name  # a model that is given away tells of no folders
    assert model.generate("the Glocke", length=5)


def test_the_first_weights_are_the_bases(base):
    with pytest.raises(Interrupted):
        fine_tune(base, reporter=StopAt(1), learning_rate=1e-9)
    old, new = Checkpoint.load(base), Checkpoint.load("checkpoints/new")
    for name in ("lstm_0/kernel", "lstm_0/bias"):
        np.testing.assert_allclose(new.weights[name], old.weights[name], atol=1e-6)


def test_an_interrupted_run_ends_as_one_that_was_not(base, workdir):
    fine_tune(base, "whole")
    with pytest.raises(Interrupted):
        fine_tune(base, "stopped", reporter=StopAt(4))
    (base / MODEL_FILE).unlink()  # it is needed no more
    api.resume("stopped", reporter=Silent())
    whole, stopped = (content(workdir / "checkpoints" / name) for name in ("whole", "stopped"))
    assert whole == stopped


@pytest.mark.usefixtures("no_training")
def test_new_characters_are_refused_where_the_vocabulary_is_to_stay(make_checkpoint, workdir):
    make_checkpoint(characters="ab\n").save(workdir / "base")
    (workdir / "new.txt").write_text("abc\n" * 100)
    with pytest.raises(CorpusError, match=r"new\.txt holds characters .*never saw: 'c'.* grow"):
        fine_tune("base", vocabulary="keep")


@pytest.mark.usefixtures("no_training")
def test_a_corpus_made_without_the_bases_characters_is_refused(make_checkpoint, workdir):
    make_checkpoint(characters="ab\n").save(workdir / "base")
    with pytest.raises(
        SettingError, match=r"lacks characters of the base, such as .*chargen\.BaseVocabulary"
    ):
        api.train(Corpus("bc\n" * 99), name="new", base="base", **SETTINGS)


def test_a_run_goes_on_with_a_corpus_made_with_its_own_characters_only(base):
    with pytest.raises(Interrupted):
        fine_tune(base, reporter=StopAt(3))
    text, own = NEW * 60, api.load("new").vocabulary
    as_many = Vocabulary("".join(chr(0x3B1 + i) for i in range(len(own) - len(set(NEW)))))
    for known in (None, BaseVocabulary(as_many)):
        with pytest.raises(
            RunError, match=r"other characters .*chargen\.BaseVocabulary\(model\.vocabulary"
        ):
            api.resume("new", corpus=Corpus(text, known=known), reporter=Silent())
    api.resume("new", corpus=Corpus(text, known=BaseVocabulary(own, grow=False)), reporter=Silent())


@pytest.mark.usefixtures("no_training")
def test_a_corpus_made_with_more_characters_is_refused_where_the_vocabulary_is_to_stay(
    make_checkpoint, workdir
):
    base = make_checkpoint(characters="ab\n")
    base.save(workdir / "base")
    made = Corpus("abc\n" * 99, known=BaseVocabulary(base.tokenizer.vocabulary))
    with pytest.raises(SettingError, match=r"adds characters .* such as 'c' .*grow=False"):
        api.train(made, name="new", base="base", vocabulary="keep", **SETTINGS)


@pytest.mark.usefixtures("no_training")
def test_a_misspelt_vocabulary_is_refused():
    with pytest.raises(SettingError, match="vocabulary must be grow or keep; received 'groww'"):
        api.train("nowhere.txt", vocabulary="groww")


@pytest.mark.usefixtures("no_training")
def test_a_corpus_prepared_otherwise_than_the_bases_is_refused(make_checkpoint, workdir):
    base = with_tokenizer(make_checkpoint(), preparation=PreparationConfig(lowercase=True))
    base.save(workdir / "base")
    made = Corpus(NEW * 99, known=BaseVocabulary(base.tokenizer.vocabulary))
    with pytest.raises(SettingError, match=r"made with lowercase False, the base's with True"):
        api.train(made, name="new", base="base", **SETTINGS)


@pytest.mark.usefixtures("no_training")
def test_the_unknown_of_a_base_stays_unknown(make_checkpoint, workdir):
    """Else it would be a character like others, and be written."""
    rare = make_checkpoint(characters="ab\n" + RARE)
    with_tokenizer(rare, preparation=PreparationConfig(min_count=3)).save(workdir / "base")
    (workdir / "new.txt").write_text(NEW * 60)
    with pytest.raises(SettingError, match=r"min_count 1 .*min_count is 3\); ask for 2"):
        fine_tune("base", min_count=1)
    with pytest.raises(CorpusError, match="give more text"):  # that is, the next thing is wrong
        fine_tune("base", min_count=2, batch_size=10_000)


def test_layers_may_be_wider(make_checkpoint):
    settings = inherit_settings(make_checkpoint(), {"units": [6, 3]})
    assert (settings["units"], settings["cell"]) == ((6, 3), "lstm")


@pytest.mark.usefixtures("no_training")
@pytest.mark.parametrize(
    "setting", [{"units": (7,)}, {"units": (4, 9)}, {"cell": "gru"}, {"embedding_dim": 5}]
)
def test_another_shape_is_refused(make_checkpoint, workdir, setting):
    make_checkpoint().save(workdir / "base")
    with pytest.raises(SettingError, match=f"{next(iter(setting))} is that of the model to go on"):
        fine_tune("base", **setting)


@pytest.mark.slow
def test_what_was_done_to_the_old_text_is_done_to_the_new(base, workdir):
    preparation = {"lowercase": True, "min_count": 2}
    api.train("old.txt", name="lower", units=(8,), reporter=Silent(), **SETTINGS, **preparation)
    (workdir / "new.txt").write_text(NEW * 60 + "☃")
    model = fine_tune("lower")
    assert model.checkpoint.tokenizer.preparation == PreparationConfig(**preparation)
    assert "D" not in model.vocabulary
    assert "☃" not in model.vocabulary


@pytest.mark.slow
def test_a_model_of_documents_takes_a_single_file_as_one(workdir):
    for name in "ab":
        (workdir / f"{name}.txt").write_text(OLD * 30)
    api.train(["a.txt", "b.txt"], name="docs", units=(8,), reporter=Silent(), **SETTINGS)
    (workdir / "new.txt").write_text(NEW * 60)
    model = fine_tune("docs")
    assert model.checkpoint.tokenizer.boundary == model.checkpoint.tokenizer.start == "\0"
    assert model.origin.documents == 1


def test_known_labels_are_kept_and_new_ones_are_their_mean(make_checkpoint):
    old = make_checkpoint(labels={"b": 1, "d": 1})
    known = old.weights["label/embeddings"]
    labelled = fresh(replace(old.config, labels=4))
    grown = warm_start_weights(old, labelled, old.tokenizer.vocabulary, ("a", "b", "c", "d"))
    weights = grown["label/embeddings"]
    assert weights.dtype == np.float32
    np.testing.assert_array_equal(weights[[1, 3]], known)
    np.testing.assert_allclose(weights[[0, 2]], [known.mean(axis=0)] * 2, rtol=1e-6)


def test_first_labels_change_nothing(make_checkpoint):
    old = make_checkpoint()
    config = replace(old.config, labels=2)
    weights = warm_start_weights(old, fresh(config), old.tokenizer.vocabulary, ("a", "b"))
    new = replace(old, config=config, weights=weights, labels={"a": 1, "b": 1})
    ids = old.tokenizer.vocabulary.encode("ABc :a\n")[None]
    expected = decoder_of(old).read(ids)
    for label in ("a", "b"):
        decoder = decoder_of(new, labels=new.label_ids(label))
        np.testing.assert_array_equal(decoder.read(ids), expected)


def test_a_labelled_model_learns_new_labels(make_checkpoint, workdir):
    characters = "".join(sorted({*OLD, *OLD.upper(), BOUNDARY}))
    labels = {"low": len(OLD), "up": len(OLD)}
    base = make_checkpoint(units=(12,), characters=characters, labels=labels)
    with_tokenizer(base, start=BOUNDARY).save(workdir / "base")
    (workdir / "new.txt").write_text(NEW * 60)
    with pytest.raises(SettingError, match=r"base has the labels low, up; say which .*NAME=\*"):
        fine_tune("base")
    made = Corpus([NEW * 60], labels=["up"], known=BaseVocabulary(api.load("base").vocabulary))
    with pytest.raises(SettingError, match="lacks labels of the base, such as 'low'"):
        api.train(made, name="made", base="base", reporter=Silent(), **SETTINGS)
    with pytest.raises(Interrupted):
        fine_tune("base", label="german=*", reporter=StopAt(3))
    model = api.resume("new", reporter=Silent())
    assert model.checkpoint.labels == {"german": len(NEW) * 60, "low": 0, "up": 0}
    assert next(model.samples("the", length=5)).label == "german"
    assert model.generate("the", label="up", length=5, temperature=0)


def test_a_model_without_labels_takes_them_up(base):
    (base.parent.parent / "more.txt").write_text(OLD.upper() * 60)
    model = api.train(
        ["new.txt", "more.txt"], name="both", base=base, label="file", reporter=Silent(), **SETTINGS
    )
    assert model.labels == ("more", "new")
    assert model.checkpoint.tokenizer.boundary == "\0"


def test_a_vocabulary_that_is_kept_still_learns_where_documents_end(base, workdir):
    (workdir / "more.txt").write_text(OLD * 30)
    model = api.train(
        ["old.txt", "more.txt"],
        name="kept",
        base=base,
        vocabulary="keep",
        reporter=Silent(),
        **SETTINGS,
    )
    assert set(model.vocabulary.idx2char) == {*OLD, "\0"}
