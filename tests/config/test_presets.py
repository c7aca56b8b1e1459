"""Presets: what suits a corpus and the time there is."""

import pytest

from chargen import api
from chargen.config import PRESETS, presets
from chargen.config.presets import choose_preset
from chargen.corpus.corpus import Corpus
from chargen.errors import RunError
from chargen.storage.arrays import read_arrays
from chargen.storage.runs import RESUME_FILE
from chargen.training.report import Silent


def settings(preset="auto", characters=1_000_000, minutes=10.0, epochs=None, **more):
    times = {"minutes": minutes, "epochs": epochs}
    return choose_preset(preset, characters=characters, **times, **{"cores": 4, **more}).settings


def test_presets_grow():
    widths = [settings(name)["units"][0] for name in PRESETS if name != "auto"]
    assert widths == sorted(set(widths))


def test_the_more_often_the_text_is_read_the_more_is_dropped(monkeypatch):
    monkeypatch.setattr(presets, "multiplies_bfloat16", lambda: False)  # which counts as time
    by_time = [settings(minutes=minutes)["dropout"] for minutes in (0.5, 3, 10, 60)]
    by_size = [settings(characters=size)["dropout"] for size in (10**8, 10**6, 10**5)]
    by_epochs = [settings(minutes=None, epochs=n)["dropout"] for n in (1, 5, 50)]
    for shares in (by_time, by_size, by_epochs):
        assert shares == sorted(shares)
        assert shares[0] < shares[-1] < 1


@pytest.mark.parametrize(
    ("epochs", "characters", "units", "dropout", "weight_dropout"),
    [
        (7, 1_000_000, (512,), 0.35, 0),
        (7, 1_000_000, (1024,), 0.6, 0),
        (7, 250_000, (512,), 0.6, 0),
        (14, 1_000_000, (768,), 0.6, 0),
        (14, 1_000_000, (1024,), 0.5, 0.25),
        (20, 135_000, (256,), 0.4, 0.25),
        (20, 135_000, (512,), 0.5, 0.5),
    ],
)
def test_what_is_dropped_depends_on_the_weights_for_each_character(
    epochs, characters, units, dropout, weight_dropout
):
    chosen = settings("auto", characters, None, epochs, units=units)
    assert (chosen["dropout"], chosen["weight_dropout"]) == (dropout, weight_dropout)


@pytest.mark.parametrize("epochs", [4, 9, 30])
def test_a_network_that_is_narrow_for_its_text_is_regularized_as_in_few_passes(epochs):
    chosen = settings("small", 1_000_000, None, epochs)
    assert (chosen["dropout"], chosen["weight_dropout"]) == (0.35, 0)
    assert (chosen["dropout_schedule"], chosen["optimizer"]) == ("rising", "soap")


@pytest.mark.parametrize("is_fast", [False, True])
def test_a_processor_that_multiplies_bfloat16_makes_more_passes(monkeypatch, is_fast):
    monkeypatch.setattr(presets, "multiplies_bfloat16", lambda: is_fast)
    passes = choose_preset("auto", characters=10**6, minutes=1, epochs=None, cores=4).passes
    assert passes == pytest.approx(1.8 if is_fast else 1)
    given = choose_preset(
        "auto", characters=10**6, minutes=1, epochs=None, cores=4, precision="float32"
    )
    assert given.passes == pytest.approx(1.4 if is_fast else 1)


@pytest.mark.parametrize("workers", [1, 2, 3, 5])
def test_the_streams_can_be_dealt_to_the_workers(workers):
    for characters in (30, 1000, 90_000):
        streams = settings(characters=characters, workers=workers)["batch_size"]
        assert streams % workers == 0
        assert streams <= max(32, workers)


def test_what_is_given_is_not_said_to_be_chosen():
    choice = choose_preset("tiny", characters=90_000, minutes=None, epochs=3)
    assert "units 128" in choice.describe(())
    assert "units" not in choice.describe(("units",))
    assert choice.describe(choice.settings) == "All that preset tiny would choose is given."


def test_a_long_text_and_much_time_want_a_wide_network():
    assert [
        settings(characters=characters, minutes=minutes)["units"][0]
        for characters in (90_000, 500_000, 1_000_000)
        for minutes in (0.1, 2, 10, 15, 60)
    ] == [
        *(256, 512, 512, 512, 512),
        *(256, 512, 768, 768, 1024),
        *(256, 512, 768, 1024, 1024),
    ]


def test_fewer_cores_are_as_good_as_less_time():
    widths = [settings(cores=cores)["units"][0] for cores in (1, 2, 4, 16)]
    assert widths == sorted(widths)
    assert widths[0] < widths[2] == widths[3]
    passes = [
        choose_preset("auto", characters=10**6, minutes=None, epochs=3, cores=cores).passes
        for cores in (1, 4)
    ]
    assert passes == [3, 3]


@pytest.mark.parametrize("characters", [17, 100, 400, 513, 10_000])
def test_a_batch_fits_into_a_short_text(characters):
    chosen = settings(characters=characters)
    assert chosen["batch_size"] * chosen["seq_length"] < characters


@pytest.mark.parametrize("seq_length", [1, 128, 4096])
@pytest.mark.parametrize("characters", [5000, 200_000])
def test_a_batch_fits_with_the_sequences_that_are_given(characters, seq_length):
    chosen = settings(characters=characters, epochs=30, minutes=None, seq_length=seq_length)
    assert chosen["batch_size"] * seq_length < characters
    assert chosen["seq_length"] == seq_length


@pytest.mark.parametrize(
    ("cpuinfo", "cell", "precision"),
    [
        ("flags\t\t: fpu avx512f avx512_bf16 amx_tile\n", "lstm", "bfloat16"),
        ("flags\t\t: fpu avx512_bf16\n", "gru", "float32"),  # which Keras computes
        ("flags\t\t: fpu avx2 avx512f\n", "lstm", "float32"),
        (None, "lstm", "float32"),  # no Linux
    ],
)
def test_bfloat16_is_chosen_where_the_processor_multiplies_it(
    cpuinfo, cell, precision, tmp_path, monkeypatch
):
    file = tmp_path / "cpuinfo"
    if cpuinfo is not None:
        file.write_text(cpuinfo)
    monkeypatch.setattr(presets, "_CPU_INFO", file)
    presets.multiplies_bfloat16.cache_clear()
    try:
        assert settings(cell=cell)["precision"] == precision
    finally:
        presets.multiplies_bfloat16.cache_clear()


def test_what_is_given_goes_before_and_the_rest_is_said_and_kept(tmp_path):
    lines = []

    class Listening(Silent):
        def say(self, line):
            lines.append(line)

    folder = tmp_path / "run"
    corpus = Corpus("the sea is under the town\n" * 40, name="sea")
    given = {"units": (6,), "epochs": 1, "seq_length": 8}
    api.train(corpus, name=str(folder), preset="tiny", reporter=Listening(), **given)
    _, document = read_arrays(folder / RESUME_FILE)
    chosen = settings("tiny", 936, None, 1) | given
    assert document["config"]["model"]["units"] == [6]
    assert document["config"]["model"]["dropout"] == chosen["dropout"]
    for name in ("batch_size", "seq_length", "learning_rate"):
        assert document["config"]["training"][name] == chosen[name]
    (line,) = (line for line in lines if line.startswith("Preset tiny"))
    assert f"dropout {chosen['dropout']:g}" in line
    assert "units" not in line
    with pytest.raises(RunError, match="preset tiny"):
        api.resume(folder, corpus=corpus, preset="base", reporter=Silent())
