import dataclasses
import math
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

import chargen
from chargen.config import PreparationConfig
from chargen.errors import SettingError, UnknownCharacterError
from chargen.storage.runs import MODEL_FILE, run_folder
from tests.helpers import decoder_of, with_tokenizer


@pytest.fixture
def model(checkpoint_file):
    return chargen.load(checkpoint_file)


# Loading and writing


def test_a_model_is_loaded_by_file_folder_or_name(workdir, checkpoint):
    path = workdir / "checkpoints" / "mine" / MODEL_FILE
    checkpoint.save(path)
    texts = {
        chargen.load(each).generate("Ab", length=50, seed=1)
        for each in (path, str(path), path.parent, "mine", None)
    }
    assert len(texts) == 1


def test_a_model_says_what_it_is(model, checkpoint):
    assert model.config == checkpoint.config
    assert model.vocabulary == checkpoint.tokenizer.vocabulary
    assert model.origin == checkpoint.origin
    shape = f"{checkpoint.config.cell} (5, 3), 9 characters"
    assert repr(model) == f"LanguageModel({shape}, corpus 'tiny.txt')"
    origin = replace(checkpoint.origin, loss=1.0, carried=2 * math.log(2))
    measured = chargen.LanguageModel(replace(checkpoint, origin=origin))
    assert repr(measured).endswith("held-out loss 1.3863 nats = 2.0000 bits per character)")
    unmeasured = chargen.LanguageModel(replace(checkpoint, origin=replace(origin, carried=None)))
    assert "training loss 1.0000 nats" in repr(unmeasured)


def test_a_model_is_saved_and_loaded_again(model, tmp_path):
    model.save(tmp_path / "copy")
    again = chargen.load(tmp_path / "copy")
    assert again.generate("Ab", seed=1) == model.generate("Ab", seed=1)


def test_an_unknown_engine_is_refused(checkpoint_file):
    with pytest.raises(SettingError, match="numpy or keras; received 'jax'"):
        chargen.load(checkpoint_file, engine="jax")


def test_the_text_has_the_length_asked_for(model):
    assert [len(model.generate("A", length=n)) for n in (0, 1, 7)] == [0, 1, 7]
    assert len(model.generate("A")) == 500


def test_stream_gives_the_same_characters_one_by_one(model):
    pieces = list(model.stream("Ab:", length=60, seed=3))
    assert {len(piece) for piece in pieces} == {1}
    assert "".join(pieces) == model.generate("Ab:", length=60, seed=3)


def test_a_seed_repeats_its_text(model):
    assert model.generate("A", seed=5) == model.generate("A", seed=5)
    assert model.generate("A", seed=5) != model.generate("A", seed=6)
    assert model.generate("A") != model.generate("A")


def test_temperature_0_needs_no_seed(model):
    assert model.generate("A", temperature=0) == model.generate("A", temperature=0, seed=9)


def test_each_prompt_starts_from_nothing(model):
    first = model.generate("Ab", seed=1)
    model.generate("ccc", seed=2)
    assert model.generate("Ab", seed=1) == first


def test_the_prompt_counts(model):
    def likeliest(prompt):
        return model.generate(prompt, length=100, temperature=0)

    assert len({likeliest(prompt) for prompt in ("A", "b", "c:", "BBB\n")}) > 1


def test_an_empty_prompt_starts_after_the_start_that_cannot_be_seen(make_checkpoint):
    model = chargen.LanguageModel(make_checkpoint(characters="\t\nab"))

    def texts(prompt):
        return [model.generate(prompt, length=10, seed=seed) for seed in range(50)]

    assert [prompt for prompt in "\t\nab" if texts(prompt) == texts("")] == ["\n"]


def test_a_start_that_can_be_seen_is_the_first_character_of_the_text(make_checkpoint):
    model = chargen.LanguageModel(make_checkpoint(characters="dcba"))
    for seed in range(5):
        text = "d" + model.generate("d", length=9, temperature=0)
        assert model.generate(length=10, temperature=0, seed=seed) == text
        (sample,) = model.samples(length=10, temperature=0, seed=seed, log_probs=True)
        assert (sample.text, sample.log_probs[0], len(sample.log_probs)) == (text, 0, 10)
        session = model.session(temperature=0, seed=seed)
        assert session.generate(length=1) + session.generate(length=9) == text == session.text


def test_a_start_that_is_ruled_out_needs_a_prompt(make_checkpoint):
    model = chargen.LanguageModel(make_checkpoint(characters="dcba"))
    for write in (model.generate, model.session().generate, model.samples):
        with pytest.raises(SettingError, match=r"begin with 'd' \(U\+0064\), which only or ban"):
            list(write(ban="d"))
    assert "d" not in model.generate("d", length=20, ban="d")


@pytest.mark.parametrize(
    "setting",
    [{"temperature": -1}, {"temperature": float("nan")}, {"length": -1}, {"seed": -1}],
)
def test_a_bad_setting_is_told_at_once(model, setting):
    with pytest.raises(SettingError, match=f"{next(iter(setting))} must be"):
        model.stream("A", **setting)


def test_an_unknown_character_is_told_at_once(model):
    with pytest.raises(UnknownCharacterError, match=r"U\+00E9"):
        model.stream("é")


def test_an_unknown_setting_is_told_at_once(model):
    with pytest.raises(SettingError, match="no setting 'temprature'; there are length, min_length"):
        model.stream("A", temprature=1)


@pytest.mark.parametrize(
    ("ban", "written"), [(None, "\n-xyz"), ("x-", "\nyz"), ("^y", "y"), ("\ufffdz", "\n-xy")]
)
def test_the_unknown_is_never_written_whatever_is_banned(make_checkpoint, ban, written):
    made = make_checkpoint(characters="\n-xyz\ufffd")
    made = with_tokenizer(made, preparation=PreparationConfig(min_count=5))
    model = chargen.LanguageModel(made)
    settings = {"ban": ban, "temperature": 5, "length": 300, "seed": 1}
    (sample,) = model.samples("x", **settings)
    assert set(model.generate("x", **settings)) == set(sample.text) == set(written)
    with pytest.raises(SettingError, match=r"ban must be .* received 'x\\\\'"):
        model.generate("x", ban="x\\")


def test_what_stands_for_an_empty_prompt_is_not_held_against_the_text(make_checkpoint):
    made = make_checkpoint(characters="\0\nab")
    weights = {name: np.zeros_like(array) for name, array in made.weights.items()}
    weights["dense/bias"][:] = -9, 1, 0, 0
    rules = {"max_line": 3, "no_repeat": 2, "temperature": 0, "length": 4}
    newline_first = chargen.LanguageModel(dataclasses.replace(made, weights=weights))
    assert newline_first.generate(**rules) == "\n\na\n"
    weights["dense/bias"][1] = -1
    model = chargen.LanguageModel(
        with_tokenizer(dataclasses.replace(made, weights=weights), start="\0")
    )
    del rules["no_repeat"]
    (sample,) = model.samples(**rules)
    assert model.generate(**rules) == sample.text == "aaa\n"


@pytest.mark.parametrize("value", [0.5, 1.5, "2", None, True])
@pytest.mark.parametrize("name", ["n", "top"])
def test_how_many_samples_and_likeliest_is_a_whole_number(model, name, value):
    with pytest.raises(SettingError, match=f"{name} must be a whole number; received"):
        model.samples("A", **{name: value})


def test_what_was_changed_in_a_prompt_is_warned_of(model):
    with pytest.warns(UserWarning, match="Changed 'Á'"):
        assert model.generate("Á", unknown="nearest", seed=1) == model.generate("A", seed=1)


@pytest.mark.parametrize(
    "method", ["stream", "generate", "samples", "evaluate", "score", "activations", "memory"]
)
def test_a_warning_names_the_line_that_asked(model, method):
    with pytest.warns(UserWarning, match="Á") as told:
        getattr(model, method)("ÁB", unknown="nearest")
    assert [warning.filename for warning in told] == [__file__]


# Several callers at a time


def test_streams_that_take_turns_are_as_if_alone(model):
    one, other = (model.stream(prompt, seed=1, length=20) for prompt in ("Ab: ", "c"))
    first, second = zip(*((next(one), next(other)) for _ in range(20)), strict=True)
    assert "".join(first) == model.generate("Ab: ", seed=1, length=20)
    assert "".join(second) == model.generate("c", seed=1, length=20)


def test_threads_write_the_texts_of_one_after_the_other(model):
    def write(seed):
        return model.generate("Ab: ", seed=seed, length=20)

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(write, range(200))) == list(map(write, range(200)))


# Many texts


def test_a_sample_is_the_same_text_however_many_there_are(model):
    many = [sample.text for sample in model.samples("Ab", n=70, length=100, seed=5)]
    assert len(set(many)) == 70
    for n in (1, 2, 9):
        few = [sample.text for sample in model.samples("Ab", n=n, length=100, seed=5)]
        assert few == many[:n]
    assert model.generate("Ab", length=100, seed=5) == many[0]


def test_prompts_in_one_batch_are_as_if_alone(model):
    settings = {"n": 3, "length": 50, "seed": 5, "log_probs": True}
    together = list(model.samples(["Ab", "c", "", "Ab: "], **settings))
    alone = [s for prompt in ("Ab", "c", "", "Ab: ") for s in model.samples(prompt, **settings)]
    assert [(s.prompt, s.number, s.text) for s in together] == [
        (s.prompt, s.number, s.text) for s in alone
    ]
    for one, other in zip(together, alone, strict=True):
        assert one.log_probs == pytest.approx(other.log_probs, abs=1e-4)


def test_texts_of_different_lengths_side_by_side(model):
    many = list(model.samples("A", n=20, lines=1, length=60, seed=2))
    assert len({len(sample.text) for sample in many}) > 3
    for sample in many:
        whole = next(
            s for s in model.samples("A", n=20, length=60, seed=2) if s.number == sample.number
        )
        assert sample.text == whole.text.split("\n")[0]
        assert sample.finish_reason == ("lines" if "\n" in whole.text else "length")


def test_log_probs_are_those_of_the_network(model):
    (sample,) = model.samples("Ab", length=30, seed=4, temperature=2, top_k=3, log_probs=True)
    decoder, ids = decoder_of(model.checkpoint), model.vocabulary.encode("Ab" + sample.text)
    weights = [np.exp(decoder.step(ids[i : i + 1])[0].astype(float)) for i in range(len(ids) - 1)]
    expected = [np.log(w[i] / w.sum()) for w, i in zip(weights, ids[1:], strict=True)]
    assert sample.log_probs == pytest.approx(expected[1:], abs=1e-4)


def test_a_sampler_can_be_any_callable(model):
    def always_the_second_likeliest(logits, uniform):
        return np.argsort(-logits, axis=1)[:, 1]

    text = model.generate("A", length=20, sampler=always_the_second_likeliest)
    assert text == model.generate("A", length=20, sampler=always_the_second_likeliest)
    assert text != model.generate("A", length=20, temperature=0)


def test_a_long_text_takes_no_more_memory_than_a_short_one(make_checkpoint):
    model = chargen.LanguageModel(make_checkpoint("lstm"))

    def peak(length):
        tracemalloc.start()
        for _ in model.stream("A", length=length, stop="AAAA", no_repeat=9, no_repeat_window=100):
            pass
        try:
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(10)
    assert peak(10_000) < peak(500) + 100_000  # bytes; the text itself would take more


def test_rules_bind_any_sampler(model):
    def likeliest(logits, uniform):
        return logits.argmax(axis=1)

    assert set(model.generate("A", length=20, sampler=likeliest, only="ab")) <= set("ab")


# The package's names


def test_the_public_names_are_there():
    for name in chargen.__all__:
        assert getattr(chargen, name) is not None
    assert dir(chargen) == sorted(chargen.__all__)


def test_other_names_are_not():
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = chargen.nonsense


def test_a_bare_name_is_a_run_under_checkpoints():
    assert run_folder("mine").parts == ("checkpoints", "mine")
    assert run_folder("some/where").parts == ("some", "where")


# Labels


@pytest.fixture
def speaker(labelled_file):
    return chargen.load(labelled_file)


def test_a_label_is_what_a_text_is_written_in(speaker):
    texts = {label: speaker.generate("Ab", label=label, seed=1) for label in speaker.labels}
    assert len(set(texts.values())) == 3
    assert repr(speaker) == "LanguageModel(lstm (5, 3), 9 characters, 3 labels, corpus 'tiny.txt')"


def test_a_label_that_is_not_asked_for_is_drawn_by_the_seed(speaker):
    drawn = [next(speaker.samples("Ab", seed=seed, length=9)) for seed in range(200)]
    assert 30 < [sample.label for sample in drawn].count("land") < 70  # a quarter of the text
    assert "sky" not in [sample.label for sample in drawn]  # which has no text
    for seed, sample in enumerate(drawn[:9]):
        assert speaker.generate("Ab", seed=seed, length=9) == sample.text
        assert speaker.session(seed=seed).label == sample.label
        asked = speaker.generate("Ab", seed=seed, length=9, label=sample.label)
        assert asked == sample.text  # as if nothing had been drawn
    of_one_seed = {sample.label for sample in speaker.samples("Ab", n=20, seed=0, length=1)}
    assert of_one_seed == {"land", "sea"}


def test_texts_of_several_labels_are_those_of_each(speaker, monkeypatch):
    monkeypatch.setattr("chargen.generation.writing.MAX_BATCH", 5)
    settings = {"seed": 3, "length": 20}
    together = list(speaker.samples(["A", "b"], n=2, label=["sky", "land"], **settings))
    assert [(each.prompt, each.label, each.number) for each in together] == [
        (prompt, label, number) for prompt in "Ab" for label in ("sky", "land") for number in (0, 1)
    ]
    for each in together:
        alone = list(speaker.samples(each.prompt, n=2, label=each.label, **settings))
        assert alone[each.number].text == each.text


def test_a_label_that_is_not_there_is_refused_at_once(speaker, model):
    for write in (speaker.stream, speaker.generate, speaker.samples):
        with pytest.raises(SettingError, match="no label 'fire'; its labels are land, sea, sky"):
            write("A", label="fire")
    for write in (model.stream, model.samples):
        with pytest.raises(SettingError, match="has no labels; received 'sea'"):
            write("A", label="sea")


def test_a_text_is_measured_with_its_label(speaker):
    bits = {label: speaker.score("ABC", label=label).total_bits for label in speaker.labels}
    losses = {label: speaker.evaluate("ABC", label=label).carried for label in speaker.labels}
    assert len(set(bits.values())) == len(set(losses.values())) == 3
    for measure in (speaker.score, speaker.evaluate):
        with pytest.raises(SettingError, match="must be told which label"):
            measure("ABC")


def test_a_samples_prompt_is_what_was_read(model):
    with pytest.warns(UserWarning, match="É") as told:
        (sample,) = model.samples("ÉA", unknown="skip", length=5, seed=1)
    assert sample.prompt == "A"
    assert told[0].filename == __file__
    assert sample.text == model.generate("A", length=5, seed=1)
