"""A run that has finished goes on for longer, from its last weights."""

from dataclasses import replace

import numpy as np
import pytest

import chargen
from chargen import api
from chargen.errors import Interrupted, RunError, SettingError
from chargen.storage.arrays import read_arrays
from chargen.storage.runs import RESUME_FILE
from chargen.training.history import read_history
from chargen.training.report import Silent
from chargen.training.validation import ValidationLoss
from tests.training.test_rollback import Listening, train
from tests.training.test_run import CORPUS, StopAt, content

pytestmark = pytest.mark.usefixtures("stand_ins")


@pytest.fixture
def finished(tmp_path):
    folder = tmp_path / "run"
    train(folder)
    return folder


def state(folder):
    return read_arrays(folder / RESUME_FILE)[1]["state"]


def test_it_goes_on_with_a_new_schedule_and_loses_no_record(finished):
    before, rows = state(finished), read_history(finished)
    reporter = Listening()
    model = api.resume(finished, corpus=CORPUS, reporter=reporter, epochs=3)
    after, more = state(finished), read_history(finished)
    assert after["first_step"] == before["step"] == before["total_steps"]
    assert after["step"] == after["total_steps"] == before["step"] * 5 // 2
    assert more[: len(rows)] == rows
    steps = [row.step for row in more]
    assert steps == sorted(set(steps))
    assert more[len(rows)].learning_rate > 5 * rows[-1].learning_rate  # it has risen again
    assert more[-1].learning_rate < 0.5 * more[len(rows)].learning_rate
    judged = {row.step: row.carried for row in more}
    assert model.origin.carried == min(judged.values()) == judged[after["best_step"]]
    (told,) = (line for line in reporter.lines if line.startswith("Goes on from"))
    assert f"from step {before['step']}, from its last weights, for 3 epochs" in told


def test_the_best_weights_stay_where_none_are_better(finished, monkeypatch):
    best, rows = chargen.load(finished), read_history(finished)
    worse = best.origin.carried + 1
    from chargen.training import run

    monkeypatch.setattr(run.Validator, "__call__", lambda *_: ValidationLoss(worse, worse))
    model = api.resume(finished, corpus=CORPUS, reporter=Silent(), epochs=1)
    assert model.origin == best.origin
    for name, each in model.checkpoint.weights.items():
        np.testing.assert_array_equal(each, best.checkpoint.weights[name])
    assert state(finished)["waited"] == len(read_history(finished)) - len(rows)


def test_the_best_is_compared_on_the_same_characters(finished, monkeypatch):
    """A longer or shorter schedule may read another number of those that are held out."""
    from chargen.training import planner, run, run_state

    best, plan = chargen.load(finished), run_state.evaluations
    first = best.checkpoint.weights["embedding/embeddings"]

    def measure(self, weights, characters=None):
        loss = best.origin.carried - (not np.array_equal(weights[0], first)) / 8
        loss += characters == 10  # these are harder
        return ValidationLoss(loss, loss)

    for module in (planner, run_state):
        monkeypatch.setattr(module, "evaluations", lambda *a: replace(plan(*a), characters=10))
    monkeypatch.setattr(run.Validator, "__call__", measure)
    model = api.resume(finished, corpus=CORPUS, reporter=Silent(), epochs=1)
    assert model.origin.step > best.origin.step
    assert model.origin.carried == best.origin.carried - 1 / 8  # on all, as it is said at the end


@pytest.mark.parametrize("stop", [1, 3, 5])
def test_one_that_goes_on_can_be_interrupted_too(stop, finished, tmp_path):
    whole = tmp_path / "whole"
    train(whole)
    api.resume(whole, corpus=CORPUS, reporter=Silent(), epochs=1)
    at = state(finished)["step"] + stop
    with pytest.raises(Interrupted):
        api.resume(finished, corpus=CORPUS, reporter=StopAt(at), epochs=1)
    with pytest.raises(RunError, match=r"started with epochs 1, and 4 would .* can go on for more"):
        api.resume(finished, corpus=CORPUS, reporter=Silent(), epochs=4)
    # The same command again goes on with what was begun.
    api.resume(finished, corpus=CORPUS, reporter=Silent(), epochs=1)
    assert content(finished) == content(whole)


def test_it_goes_on_for_minutes(finished):
    before = state(finished)["step"]
    api.resume(finished, corpus=CORPUS, reporter=Silent(), minutes=0.01)
    after = read_arrays(finished / RESUME_FILE)[1]
    assert after["state"]["step"] == after["state"]["total_steps"] > before
    assert after["config"]["training"]["minutes"] == 0.01
    assert after["config"]["training"]["epochs"] is None


def test_without_a_time_it_says_how_to_go_on_and_reads_no_text(finished):
    before, reporter = content(finished), Listening()
    api.resume(finished, corpus="nowhere.txt", reporter=reporter)
    (line,) = reporter.lines
    assert "already finished: all planned steps are done" in line
    assert f"chargen resume {finished} --minutes 10" in line
    assert f"--from {finished}" in line
    assert content(finished) == before


@pytest.mark.parametrize(
    ("length", "match"),
    [
        ({"minutes": 0}, "minutes must be"),
        ({"epochs": -1}, "epochs must be"),
        ({"minutes": 1, "epochs": 1}, "received both"),
    ],
)
def test_a_time_that_is_none_is_told(length, match, finished):
    with pytest.raises(SettingError, match=match):
        api.resume(finished, corpus=CORPUS, reporter=Silent(), **length)
