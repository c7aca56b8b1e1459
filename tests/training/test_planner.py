"""What a run plans once it knows its speed."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from chargen import api
from chargen.config import RunConfig
from chargen.corpus.corpus import Corpus
from chargen.errors import Interrupted, SettingError
from chargen.storage.arrays import read_arrays
from chargen.storage.runs import RESUME_FILE
from chargen.training import planning, resume, run, start
from chargen.training.planner import Planner
from chargen.training.report import Silent
from chargen.training.run_state import RunState
from chargen.training.trainer import Trainer
from chargen.training.validation import Validator
from tests.training.conftest import Network
from tests.training.test_rollback import spoil
from tests.training.test_run import CORPUS, SETTINGS, Clock, StopAt, content

RATES = ("dropout", "weight_dropout", "dropout_schedule", "weight_decay")
PACE = ("batch_size", "seq_length", "learning_rate")
PLAY = Path(__file__).parents[2] / "corpora" / "drowned-bell.txt"
A_MINUTE = {name: value for name, value in SETTINGS.items() if name not in RATES}
A_MINUTE |= {"epochs": None, "minutes": 1, "patience": 99, "units": (24,)}


class Listening(Silent):
    def __init__(self):
        self.lines = []

    def say(self, line):
        self.lines.append(line)


@pytest.fixture
def clock(monkeypatch):
    """A machine that takes half a second for a step, and no time for anything else."""
    clock = Clock()
    for module in (start, resume, run, planning):
        monkeypatch.setattr(module, "time", clock)
    for network in (Network, Trainer):
        step = network.step

        def slow(self, *args, step=step):
            clock.spend(0.5)
            return step(self, *args)

        monkeypatch.setattr(network, "step", slow)
    monkeypatch.setattr(Validator, "seconds", lambda *_: 0.0)
    return clock


def train(folder, reporter=None, **more):
    api.train(CORPUS, name=str(folder), reporter=reporter or Silent(), **A_MINUTE | more)


def rates(folder):
    """Return the rates that a run keeps for whoever resumes it."""
    config = read_arrays(folder / RESUME_FILE)[1]["config"]
    kept = {"dropout_schedule": "constant"} | config["model"] | config["training"]
    return tuple(kept[name] for name in RATES)


@pytest.mark.usefixtures("stand_ins")
def test_a_slow_machine_takes_the_regularization_for_the_few_passes_it_makes(tmp_path, clock):
    """It makes some 110 steps, where the preset, by its table of speeds, expects thousands."""
    reporter = Listening()
    train(tmp_path / "run", reporter)
    assert rates(tmp_path / "run") == (0.3, 0.0, "rising", 0.05)
    assert api.load(tmp_path / "run").checkpoint.config.dropout == 0.3
    (line,) = (line for line in reporter.lines if " instead of " in line)
    assert line == (
        "For 2.6 passes: dropout 0.3 instead of 0.4, weight_dropout 0 instead of 0.25, "
        "dropout_schedule rising instead of constant, weight_decay 0.05 instead of 0.1, "
        "optimizer soap instead of adamw."
    )
    assert 1058 < clock.now <= 1060


@pytest.mark.usefixtures("stand_ins")
def test_an_optimizer_that_is_taken_later_counts_its_own_updates(tmp_path, clock, monkeypatch):
    taken, step = [], Network.step

    def noting(self, number, rate, factor, updates):
        taken.append((number, updates))
        return step(self, number, rate, factor, updates)

    monkeypatch.setattr(Network, "step", noting)
    train(tmp_path / "run")
    began = read_arrays(tmp_path / "run" / RESUME_FILE)[1]["state"]["optimizer_began"]
    assert began > 0
    assert taken == [(n, n if n < began else n - began) for n in range(len(taken))]


@pytest.mark.usefixtures("stand_ins")
def test_a_loss_that_diverges_under_another_optimizer_takes_the_run_back(
    tmp_path, clock, monkeypatch
):
    """To where the one before was, whose moments are not those of the new one."""
    spoil(monkeypatch, 7, times=1)
    reporter = Listening()
    train(tmp_path / "run", reporter, units=(64,))  # wide enough for directions to follow
    assert [line for line in reporter.lines if "optimizer soap instead of adamw" in line]
    (back,) = (line for line in reporter.lines if "diverged" in line)
    assert "back at step 0" in back
    assert any(line.startswith("Finished: all planned steps") for line in reporter.lines)


def test_where_the_time_is_over_one_step_is_left():
    planner = Planner(
        RunConfig.of({"minutes": 1}),
        steps_per_epoch=1000,
        held_out=500,
        validator=SimpleNamespace(seconds=lambda *_: 1.0),
    )
    planner.take_speed([0.5])
    assert planner.steps(RunState(step=6), left=-1000.0, writing=1.0) == 7


@pytest.mark.usefixtures("stand_ins", "clock")
@pytest.mark.parametrize("weights", ["random", "bundled"])
def test_nobody_knows_what_a_run_from_trained_weights_will_reach(tmp_path, weights):
    reporter = Listening()
    settings = {"minutes": 1, "seq_length": 64, "units": (256,), "initial_weights": weights}
    text = Corpus(PLAY.read_text(encoding="utf-8")[:20_000])
    api.train(text, name=str(tmp_path / "run"), reporter=reporter, **settings)
    expected = [line for line in reporter.lines if line.startswith("Expect a held-out loss")]
    assert len(expected) == (weights == "random")


@pytest.mark.usefixtures("stand_ins")
def test_more_steps_than_can_be_counted_are_refused(tmp_path):
    with pytest.raises(SettingError, match=r"epochs must be at most \d+,\d+,\d+ for a text"):
        train(tmp_path / "run", minutes=None, epochs=1_000_000_000)
    assert not list((tmp_path / "run").glob("*.safetensors"))


@pytest.mark.usefixtures("stand_ins")
def test_a_fast_machine_keeps_what_the_preset_expected(tmp_path, clock, monkeypatch):
    monkeypatch.setattr(clock, "spend", lambda seconds: Clock.spend(clock, seconds / 10))
    reporter = Listening()
    train(tmp_path / "run", reporter)
    assert rates(tmp_path / "run") == (0.4, 0.25, "constant", 0.1)
    assert not [line for line in reporter.lines if " instead of " in line]


PRESET = {name: value for name, value in A_MINUTE.items() if name not in PACE} | {"units": (2,)}


@pytest.mark.usefixtures("stand_ins")
def test_more_minutes_than_a_short_text_needs_give_the_same_weights(tmp_path, clock, monkeypatch):
    monkeypatch.setattr(clock, "spend", lambda seconds: Clock.spend(clock, seconds / 20))
    runs = []
    for minutes in (1, 10):
        reporter, folder = Listening(), tmp_path / str(minutes)
        settings = PRESET | {"minutes": minutes}
        api.train(CORPUS, name=str(folder), reporter=reporter, **settings)
        assert [line for line in reporter.lines if "are enough for a text of this length" in line]
        runs.append(content(folder))
    for part in ("model", "resume"):
        assert runs[0][part] == runs[1][part]
    assert [row.step for row in runs[0]["history"]] == [row.step for row in runs[1]["history"]]


@pytest.mark.usefixtures("stand_ins")
@pytest.mark.parametrize("given", [{"learning_rate": 1e-4}, {"dropout": 0.7}])
def test_what_is_given_may_need_more_passes(given, tmp_path, clock, monkeypatch):
    monkeypatch.setattr(clock, "spend", lambda seconds: Clock.spend(clock, seconds / 20))
    api.train(CORPUS, name=str(tmp_path / "run"), reporter=Silent(), **PRESET | given)
    assert 1058 < clock.now <= 1060


@pytest.mark.usefixtures("stand_ins")
def test_rates_that_are_given_stay(tmp_path, clock):
    train(tmp_path / "run", dropout=0.4, weight_decay=0.3)
    assert rates(tmp_path / "run") == (0.4, 0.0, "constant", 0.3)


@pytest.mark.usefixtures("stand_ins")
def test_a_disturbed_measurement_of_an_evaluation_leaves_time_to_learn(
    tmp_path, clock, monkeypatch
):
    monkeypatch.setattr(run.Validator, "seconds", lambda *_: 1000.0)
    train(tmp_path / "run")
    assert 1040 < clock.now <= 1060


def test_a_run_resumes_bit_for_bit_after_its_rates_were_chosen(tmp_path, clock):
    train(tmp_path / "whole")
    clock.now = 1000.0
    with pytest.raises(Interrupted):
        train(tmp_path / "run", StopAt(11))  # right after the plan
    with pytest.raises(Interrupted):
        api.resume(tmp_path / "run", corpus=CORPUS, reporter=StopAt(40))
    api.resume(tmp_path / "run", corpus=CORPUS, reporter=Silent())
    assert rates(tmp_path / "run") == (0.3, 0.0, "rising", 0.05)
    assert content(tmp_path / "run") == content(tmp_path / "whole")


@pytest.mark.usefixtures("stand_ins")
def test_a_run_that_goes_on_takes_the_regularization_for_all_its_passes(tmp_path):
    train(tmp_path / "run", minutes=None, epochs=2)
    assert rates(tmp_path / "run") == (0.3, 0.0, "rising", 0.05)
    api.resume(tmp_path / "run", corpus=CORPUS, reporter=Silent(), epochs=4)
    assert rates(tmp_path / "run") == (0.35, 0.0, "rising", 0.2)
