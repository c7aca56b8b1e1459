"""A run that is interrupted and resumed ends as the one that never was."""

import os
import signal
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from chargen import api
from chargen.corpus.corpus import Corpus
from chargen.corpus.split import train_validation_split
from chargen.errors import DivergedError, Interrupted, RunError, StorageError
from chargen.evaluation.loss import evaluate
from chargen.generation.weights import DecoderWeights
from chargen.storage.arrays import read_arrays
from chargen.storage.runs import MODEL_FILE, RESUME_FILE
from chargen.training import planning, resume, run, start
from chargen.training.history import HISTORY_FILE, read_history
from chargen.training.report import Silent
from chargen.training.trainer import Trainer
from chargen.training.validation import ValidationLoss, Validator

WORDS = "the sea is under the town and the bell is under the sea\n"
CORPUS = Corpus("".join(WORDS[i % 7 :] for i in range(60)), name="sea")
SETTINGS = {
    "units": (12, 12),
    "embedding_dim": 6,
    "dropout": 0.3,
    "weight_dropout": 0.2,
    "learning_rate": 0.02,
    "warmup_steps": 5,
    "epochs": 4,
    "batch_size": 4,
    "seq_length": 16,
    "max_evaluations": 5,
    "save_seconds": 1e9,
}


class StopAt(Silent):
    """Sends this process a signal once a step is done."""

    def __init__(self, step: int, number: int = signal.SIGINT) -> None:
        self.step, self.number = step, number

    def stepped(self, *, done, total, loss, characters):
        if done == self.step:
            os.kill(os.getpid(), self.number)


def content(folder: Path) -> dict:
    """All that a run leaves, but for what tells when, how long and by which command it ran."""
    arrays, document = read_arrays(folder / RESUME_FILE)
    weights, facts = read_arrays(folder / MODEL_FILE)
    for each in (document["state"], facts["origin"], *document["state"]["rows"]):
        for name in ("seconds", "date", "command"):
            each.pop(name, None)
    return {
        "resume": {name: array.tobytes() for name, array in arrays.items()},
        "document": document,
        "model": {name: array.tobytes() for name, array in weights.items()},
        "facts": facts,
        "history": [replace(row, seconds=None) for row in read_history(folder)],
    }


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory) -> dict:
    folder = tmp_path_factory.mktemp("runs") / "whole"
    api.train(CORPUS, name=str(folder), reporter=Silent(), **SETTINGS)
    return content(folder)


def test_learning_happens(uninterrupted):
    carried = [row.carried for row in uninterrupted["history"]]
    assert carried[-1] < 0.9 * carried[0]


@pytest.mark.parametrize("stops", [(1,), (7, 8, 30)])
def test_resuming_reaches_the_uninterrupted_result_bit_for_bit(stops, uninterrupted, tmp_path):
    folder = tmp_path / "run"
    with pytest.raises(Interrupted, match="chargen resume"):
        api.train(CORPUS, name=str(folder), reporter=StopAt(stops[0]), **SETTINGS)
    for step in stops[1:]:
        with pytest.raises(Interrupted):
            api.resume(folder, corpus=CORPUS, reporter=StopAt(step))
    api.resume(folder, corpus=CORPUS, reporter=Silent())
    assert content(folder) == uninterrupted


@pytest.mark.usefixtures("stand_ins")
def test_sigterm_saves_and_exits_with_143(tmp_path):
    reporter = StopAt(3, signal.SIGTERM)
    with pytest.raises(Interrupted) as raised:
        api.train(CORPUS, name=str(tmp_path / "run"), reporter=reporter, **SETTINGS)
    assert raised.value.exit_code == 143
    assert api.load(tmp_path / "run").generate("the ", length=5)


def test_evaluating_never_touches_training(uninterrupted, tmp_path):
    api.train(
        CORPUS, name=str(tmp_path / "run"), reporter=Silent(), **SETTINGS | {"max_evaluations": 1}
    )
    arrays, _ = read_arrays(tmp_path / "run" / RESUME_FILE)
    assert {name: array.tobytes() for name, array in arrays.items()} == uninterrupted["resume"]


@pytest.mark.usefixtures("stand_ins")
def test_a_changed_option_or_corpus_is_refused_by_name(tmp_path):
    folder = tmp_path / "run"
    with pytest.raises(Interrupted):
        api.train(CORPUS, name=str(folder), reporter=StopAt(2), **SETTINGS)
    for units in ((12, 13), 12):
        with pytest.raises(RunError, match="units"):
            api.resume(folder, corpus=CORPUS, reporter=Silent(), units=units)
    with pytest.raises(RunError, match="SHA-256"):
        api.resume(folder, corpus=Corpus(CORPUS.text + "!", name="sea"), reporter=Silent())
    with pytest.raises(RunError, match="overwrite"):
        api.train(CORPUS, name=str(folder), reporter=Silent(), **SETTINGS)


class Listening(Silent):
    """Keeps what is said."""

    def __init__(self):
        self.lines = []

    def say(self, line):
        self.lines.append(line)


@pytest.fixture
def losses(monkeypatch):
    """A list of the held-out losses to come; its last is measured ever after."""
    losses = []

    def measure(*_):
        loss = losses.pop(0) if len(losses) > 1 else losses[0]
        return ValidationLoss(loss, loss)

    monkeypatch.setattr(run.Validator, "__call__", measure)
    return losses


@pytest.mark.usefixtures("stand_ins")
def test_a_run_that_gains_nothing_goes_back_to_the_best_and_ends_early(tmp_path, losses):
    losses += [2.0, 1.5, 1.7, 1.4, 1.4]
    reporter, settings = Listening(), SETTINGS | {"patience": 1, "epochs": 20}
    model = api.train(CORPUS, name=str(tmp_path / "run"), reporter=reporter, **settings)
    rows = read_history(tmp_path / "run")
    best, stalled, cooling = rows[1], rows[2], rows[3:]
    said = "\n".join(reporter.lines)
    assert f"No better held-out loss since step {best.step:,}: back to its weights" in said
    assert stalled.learning_rate > cooling[0].learning_rate > cooling[1].learning_rate
    assert model.origin.step == cooling[0].step
    assert model.origin.carried == 1.4
    assert len(cooling) == 2  # the second gained nothing either, and the run ended
    assert cooling[-1].step < stalled.step + best.step
    assert "Finished: nothing more is gained, after " in said


@pytest.mark.parametrize("network", ["stand_ins", pytest.param("real", marks=pytest.mark.slow)])
def test_a_run_that_gains_nothing_resumes_bit_for_bit(network, tmp_path, request):
    if network == "stand_ins":
        request.getfixturevalue("stand_ins")
    losses = request.getfixturevalue("losses")
    settings, measured = SETTINGS | {"patience": 1, "epochs": 20}, [2.0, 1.5, 1.7, 1.4, 1.3, 1.4]
    losses += measured
    api.train(CORPUS, name=str(tmp_path / "whole"), reporter=Silent(), **settings)
    state = content(tmp_path / "whole")["document"]["state"]
    since, end = state["cooling"][0], state["step"]
    assert since < end - 2
    losses[:] = measured
    folder = tmp_path / "run"
    with pytest.raises(Interrupted):
        api.train(CORPUS, name=str(folder), reporter=StopAt(since - 1), **settings)
    for step in (since, since + 1):
        with pytest.raises(Interrupted):
            api.resume(folder, corpus=CORPUS, reporter=StopAt(step))
    api.resume(folder, corpus=CORPUS, reporter=Silent())
    assert content(folder) == content(tmp_path / "whole")


def test_a_long_held_out_part_is_read_in_part_and_at_the_end_whole(tmp_path, monkeypatch):
    read = []
    measure = Validator.__call__

    def watched(self, weights, characters=None):
        read.append(characters)
        return measure(self, weights, characters)

    monkeypatch.setattr(Validator, "__call__", watched)
    corpus = Corpus(CORPUS.text * 100, name="seas")
    settings = SETTINGS | {"epochs": 1, "batch_size": 32, "seq_length": 64, "units": (4,)}
    reporter, folder = Listening(), tmp_path / "run"
    model = api.train(corpus, name=str(folder), reporter=reporter, **settings)
    *parts, last = read
    assert len(parts) == 4
    assert max(parts) < len(corpus.ids) / 10 * 0.99
    assert last is None
    assert any(f"all that is held out: {model.origin.carried:.4f}" in x for x in reporter.lines)
    _, held_out = train_validation_split(corpus, 0.1)
    found = evaluate(DecoderWeights(model.checkpoint), held_out.ids)
    assert model.origin.carried == pytest.approx(found.carried, abs=1e-4)


@pytest.mark.usefixtures("stand_ins")
def test_more_evaluations_than_the_time_allows_are_told(tmp_path):
    reporter = Listening()
    settings = SETTINGS | {"epochs": 4, "max_evaluations": 100}
    api.train(CORPUS, name=str(tmp_path / "run"), reporter=reporter, **settings)
    number = len(read_history(tmp_path / "run"))
    assert f"100 evaluations would take too much of the time; there are {number}." in reporter.lines


@pytest.mark.usefixtures("stand_ins")
def test_too_little_held_out_to_judge_by_keeps_the_last_weights(tmp_path, losses):
    losses += [1.0, 9.0]
    reporter, corpus = Listening(), Corpus(CORPUS.text[:300], name="tiny")
    settings = SETTINGS | {"batch_size": 1, "epochs": 40, "patience": 1}
    model = api.train(corpus, name=str(tmp_path / "run"), reporter=reporter, **settings)
    (line,) = (line for line in reporter.lines if "too few to judge by" in line)
    assert line.startswith("Only 3")
    assert model.origin.step == read_history(tmp_path / "run")[-1].step == planned(tmp_path / "run")


@pytest.mark.usefixtures("stand_ins")
def test_a_broken_loss_goes_back_and_gives_up_after_three_tries(tmp_path, monkeypatch):
    lines = []

    class Listening(Silent):
        def say(self, line):
            lines.append(line)

    step = run.Trainer.step
    monkeypatch.setattr(
        run.Trainer,
        "step",
        lambda self, number, *rates: np.nan if number == 5 else step(self, number, *rates),
    )
    with pytest.raises(DivergedError, match="learning-rate"):
        api.train(CORPUS, name=str(tmp_path / "run"), reporter=Listening(), **SETTINGS)
    assert [line.split("times ")[1] for line in lines if "times" in line] == [
        "0.5.",
        "0.25.",
        "0.125.",
    ]
    assert api.load(tmp_path / "run").generate("the ", length=5)


@pytest.mark.usefixtures("stand_ins")
def test_a_second_run_in_the_folder_is_refused(tmp_path):
    class Nested(Silent):
        def stepped(self, *, done, total, loss, characters):
            with pytest.raises(RunError, match="Another process"):
                api.resume(tmp_path / "run", corpus=CORPUS, reporter=Silent())

    settings = SETTINGS | {"epochs": 1}
    api.train(CORPUS, name=str(tmp_path / "run"), reporter=Nested(), **settings)


@pytest.mark.usefixtures("stand_ins")
def test_a_run_that_was_made_while_another_started_is_not_replaced(tmp_path, monkeypatch):
    """The slow reading of a text is when another process can start and finish the same run."""
    read, path, settings = start.read_corpus, tmp_path / "sea.txt", SETTINGS | {"epochs": 1}
    path.write_text(CORPUS.text)
    folder = tmp_path / "run"

    def read_while_another_trains(*args, **kwargs):
        api.train(CORPUS, name=str(folder), reporter=Silent(), **settings, seed=9)
        return read(*args, **kwargs)

    monkeypatch.setattr(start, "read_corpus", read_while_another_trains)
    with pytest.raises(RunError, match="already holds a run"):
        api.train(path, name=str(folder), reporter=Silent(), **settings)
    assert content(folder)["document"]["config"]["training"]["seed"] == 9


@pytest.mark.usefixtures("stand_ins")
def test_nobody_else_goes_on_with_a_run_while_its_text_is_read_again(tmp_path, monkeypatch):
    read, path, tries = resume.read_corpus, tmp_path / "sea.txt", []
    path.write_text(CORPUS.text)
    folder = tmp_path / "run"
    with pytest.raises(Interrupted):
        api.train(path, name=str(folder), reporter=StopAt(2), **SETTINGS | {"epochs": 1})

    def read_while_another_resumes(*args, **kwargs):
        with pytest.raises(RunError, match="Another process"):
            api.resume(folder, corpus=CORPUS, reporter=Silent())
        tries.append("refused")
        return read(*args, **kwargs)

    monkeypatch.setattr(resume, "read_corpus", read_while_another_resumes)
    api.resume(folder, reporter=Silent())
    assert tries == ["refused"]


@pytest.mark.usefixtures("stand_ins")
def test_a_text_that_was_moved_is_found_there_the_next_time(tmp_path):
    old, new, folder = tmp_path / "old.txt", tmp_path / "new.txt", tmp_path / "run"
    old.write_text(CORPUS.text)
    with pytest.raises(Interrupted):
        api.train(old, name=str(folder), reporter=StopAt(2), **SETTINGS | {"epochs": 1})
    old.rename(new)
    with pytest.raises(Interrupted):
        api.resume(folder, corpus=new, reporter=StopAt(4))
    api.resume(folder, reporter=Silent())


@pytest.mark.usefixtures("stand_ins")
def test_a_run_that_replaces_another_keeps_none_of_its_records(tmp_path):
    folder = tmp_path / "run"
    settings = SETTINGS | {"epochs": 1}
    api.train(CORPUS, name=str(folder), reporter=Silent(), **settings, tensorboard=True)
    old = {folder / "history.csv", folder / "curve.svg", *(folder / "tensorboard").iterdir()}
    (folder / "notes.txt").write_text("mine")
    before = {path: path.read_bytes() for path in old}
    with pytest.raises(Interrupted):
        api.train(CORPUS, name=str(folder), overwrite=True, reporter=StopAt(1), **settings)
    assert [path for path in old if path.exists() and path.read_bytes() == before[path]] == []
    assert (folder / "notes.txt").read_text() == "mine"


@pytest.mark.usefixtures("stand_ins")
def test_an_evaluation_is_one_event_however_often_the_run_is_resumed(tmp_path):
    folder = tmp_path / "run"
    settings = SETTINGS | {"epochs": 1, "max_evaluations": 2, "tensorboard": True}
    with pytest.raises(Interrupted):
        api.train(CORPUS, name=str(folder), reporter=StopAt(2), **settings)
    for _ in range(3):
        api.resume(folder, corpus=CORPUS, reporter=Silent())
    events = [path.read_bytes() for path in (folder / "tensorboard").iterdir()]
    rows = len((folder / HISTORY_FILE).read_text().splitlines()) - 1
    assert sum(each.count(b"loss/carried") for each in events) == rows


def test_nothing_held_out_keeps_the_last_weights(tmp_path):
    settings = SETTINGS | {"validation_fraction": 0.0, "epochs": 1}
    model = api.train(CORPUS, name=str(tmp_path / "run"), reporter=Silent(), **settings)
    arrays, document = read_arrays(tmp_path / "run" / RESUME_FILE)
    assert model.origin.step == document["state"]["total_steps"]
    for name, array in model.checkpoint.weights.items():
        np.testing.assert_array_equal(array, arrays[f"weights/{name}"])
    before = content(tmp_path / "run")
    api.resume(tmp_path / "run", corpus=CORPUS, reporter=Silent())
    assert content(tmp_path / "run") == before


def test_steps_are_timed_only_until_the_speed_is_known(tmp_path, known_speed, monkeypatch):
    timed = []

    class Watched(run.Run):
        def _advance(self):
            super()._advance()
            timed.append(len(self.planner._taken))

    monkeypatch.setattr(run, "Run", Watched)
    api.train(CORPUS, name=str(tmp_path / "run"), reporter=Silent(), **A_MINUTE)
    assert len(timed) == 97
    assert max(timed) == 5


class Clock:
    """In place of the module time: only what is told to take time does."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now

    def spend(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def known_speed(stand_ins, monkeypatch):
    """A machine that steps in half a second, but for the first in 3, and evaluates in 2.

    Gives its clock, and a list of losses that batch 8 is to have before it has a whole one.
    """
    clock, breaks = Clock(), []
    for module in (start, resume, run, planning):
        monkeypatch.setattr(module, "time", clock)

    def step(self, number, *_):
        clock.spend(0.5 if clock.now > 1000 else 3)
        assert clock.now < 1100, "the run does not end"
        return breaks.pop() if breaks and number == 8 else 1.0

    def measure(*_):
        clock.spend(2)
        return ValidationLoss(1.0, 1.0)

    monkeypatch.setattr(run.Trainer, "step", step)
    monkeypatch.setattr(run.Validator, "seconds", lambda *_: 2.0)
    monkeypatch.setattr(run.Validator, "__call__", measure)
    return clock, breaks


A_MINUTE = SETTINGS | {"epochs": None, "minutes": 1, "patience": 99, "weight_decay": 0.1}
A_MINUTE |= {"optimizer": "adamw"}  # else the preset changes it once the speed is known


def planned(folder: Path) -> int:
    return read_arrays(folder / RESUME_FILE)[1]["state"]["total_steps"]


def test_minutes_fix_the_steps_that_fit_them(tmp_path, known_speed):
    clock, _ = known_speed
    api.train(CORPUS, name=str(tmp_path / "run"), reporter=Silent(), **A_MINUTE)
    # 5 steps measure the speed, in 5 s; 1% of the minute is for saves, 8 s for four evaluations.
    assert planned(tmp_path / "run") == 5 + int((60 - 5 - 0.6) / 0.5) - int(8 / 0.5)
    assert 1058 < clock.now <= 1060


def test_a_loss_that_breaks_once_the_steps_are_fixed_leaves_them_so(tmp_path, known_speed):
    clock, breaks = known_speed
    breaks.append(np.nan)
    api.train(CORPUS, name=str(tmp_path / "run"), reporter=Silent(), **A_MINUTE)
    assert not breaks
    assert planned(tmp_path / "run") == 97
    assert 1058 < clock.now <= 1062  # the steps that were lost are taken again


def test_a_run_killed_once_the_steps_are_fixed_keeps_them(tmp_path, known_speed):
    class Killed(Silent):
        def stepped(self, *, done, total, loss, characters):
            if done == 8:
                raise SystemExit

    clock, _ = known_speed
    with pytest.raises(SystemExit):
        api.train(CORPUS, name=str(tmp_path / "run"), reporter=Killed(), **A_MINUTE)
    clock.now = 1030
    api.resume(tmp_path / "run", corpus=CORPUS, reporter=Silent())
    assert planned(tmp_path / "run") == 97


def test_the_records_count_the_seconds_of_every_sitting(tmp_path, known_speed, monkeypatch):
    class Killed(Silent):
        def stepped(self, *, done, total, loss, characters):
            if done == 8:
                raise SystemExit

    clock, _ = known_speed
    monkeypatch.setattr(sys, "argv", ["/usr/bin/chargen", "train", "/home/anna/sea.txt"])
    with pytest.raises(SystemExit):
        api.train(CORPUS, name=str(tmp_path / "run"), reporter=Killed(), **A_MINUTE)
    clock.now = 1030  # it was left alone for a while; the last save was after step 5
    monkeypatch.setattr(sys, "argv", ["chargen", "resume", "run"])
    api.resume(tmp_path / "run", corpus=CORPUS, reporter=Silent())
    rows = read_history(tmp_path / "run")
    assert len(rows) > 1
    for number, row in enumerate(rows, start=1):  # the first five steps took a second each
        assert row.seconds == 5 + (row.step - 5) / 2 + 2 * number
        assert row.characters == row.step * 4 * 16
    origin = api.load(tmp_path / "run").origin
    assert origin.seconds in [row.seconds for row in rows]
    assert origin.command == "chargen train sea.txt"


def test_samples_on_the_way_differ(tmp_path, monkeypatch):
    """Even where the network stays the same."""
    monkeypatch.setattr(Trainer, "step", lambda *_: 1.0)
    lines = []

    class Listening(Silent):
        def say(self, line):
            lines.append(line)

    api.train(CORPUS, name=str(tmp_path / "run"), reporter=Listening(), **SETTINGS)
    samples = [line for line in lines if line.startswith("    ")]
    assert len(set(samples)) == len(samples) == 4


def test_an_unwritable_folder_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="cannot hold a run"):
        api.train(CORPUS, name=str(tmp_path / "file" / "run"), reporter=Silent(), **SETTINGS)


def test_a_run_with_labels_resumes_bit_for_bit_and_minds_them(tmp_path):
    texts = ["".join(WORDS[i % 7 :] for i in range(25)), WORDS.upper() * 15, WORDS * 9]
    corpus = Corpus(texts, name="three", labels=["low", "up", "low"])
    for name, stops in {"whole": (), "stopped": (5, 20)}.items():
        if not stops:
            api.train(corpus, name=str(tmp_path / name), reporter=Silent(), **SETTINGS)
            continue
        with pytest.raises(Interrupted):
            api.train(corpus, name=str(tmp_path / name), reporter=StopAt(stops[0]), **SETTINGS)
        with pytest.raises(Interrupted):
            api.resume(tmp_path / name, corpus=corpus, reporter=StopAt(stops[1]))
        other = Corpus(texts, name="three", labels=["up", "low", "low"])
        with pytest.raises(RunError, match="SHA-256"):
            api.resume(tmp_path / name, corpus=other, reporter=Silent())
        api.resume(tmp_path / name, corpus=corpus, reporter=Silent())
    whole, stopped = (content(tmp_path / name) for name in ("whole", "stopped"))
    assert whole == stopped
    assert whole["document"]["config"]["model"]["labels"] == 2
    carried = [row.carried for row in whole["history"]]
    assert carried[-1] < 0.9 * carried[0]
