import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from chargen.cli import runs as command
from chargen.cli.options import complete_run
from chargen.cli.runs_table import table
from chargen.cli.sample import sample
from chargen.cli.terminal import cells
from chargen.config import CELLS
from chargen.storage.arrays import write_arrays
from chargen.storage.runs import acquire
from tests.helpers import save_run


@pytest.fixture
def runs(make_checkpoint, workdir):
    """Three runs, from the oldest to the newest, the last one damaged."""
    for time, name in enumerate(("old", "new", "broken"), start=1):
        folder = workdir / "checkpoints" / name
        folder.mkdir(parents=True)
        make_checkpoint().save(folder / "model.safetensors")
        state = {"state": {"finished": "at its end" if name == "old" else ""}}
        write_arrays(folder / "resume.safetensors", {}, state)
        if name == "broken":
            (folder / "model.safetensors").write_bytes(b"no model")
        os.utime(folder / "model.safetensors", (time * 10**6,) * 2)
    return workdir / "checkpoints"


def test_runs_are_listed_the_newest_first(invoke, runs):
    lines = invoke("runs").stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["name", "broken", "new", "old"]
    assert "damaged" in lines[1]
    assert "interrupted" in lines[2]
    assert "tiny.txt" in lines[2]
    assert "finished" in lines[3]


def test_runs_as_json(invoke, runs):
    broken, new, old = json.loads(invoke("runs", "--json").stdout)
    assert "is damaged" in broken["error"]
    assert (new["state"], old["state"]) == ("interrupted", "finished")
    assert (new["steps"], new["corpus"], new["loss"]) == (7, "tiny.txt", None)


def test_a_model_whose_run_cannot_be_resumed_is_not_called_damaged(invoke, runs):
    write_arrays(runs / "new" / "resume.safetensors", {}, {"of": "an earlier version"})
    (runs / "old" / "resume.safetensors").write_bytes(b"nothing")
    _, new, old = json.loads(invoke("runs", "--json").stdout)
    assert (new["state"], old["state"]) == ("model only", "model only")
    assert "error" not in new


def test_a_run_in_training_is_said(invoke, runs):
    with acquire(runs / "new" / ".lock", ""):
        assert "training" in invoke("runs").stdout.splitlines()[2]
    assert "interrupted" in invoke("runs").stdout.splitlines()[2]


def test_without_runs_it_is_said_what_makes_one(invoke):
    result = invoke("runs")
    assert result.stdout == ""
    assert "`chargen train my-text.txt` makes one" in result.stderr
    assert json.loads(invoke("runs", "--json").stdout) == []


@pytest.mark.parametrize("command", ["resume", "plot"])
def test_a_run_that_is_not_there_is_told_with_those_that_are(refused, runs, command):
    assert "There is no run nope; try broken, new, old." in refused(command, "nope")
    assert "comes with chargen" in refused(command, "bundled")


def test_a_shell_completes_names(runs):
    (model,) = (param for param in sample.params if param.name == "model")
    values = lambda start: [each.value for each in complete_run(None, model, start)]  # noqa: E731
    assert values("") == ["broken", "new", "old", "bundled"]
    assert values("n") == ["new"]
    (file,) = complete_run(None, model, "folder/")
    assert file.type == "file"


@pytest.fixture
def sweep(make_checkpoint, workdir):
    """Makes runs in sweep/ by their names, each with a loss and the settings that it differs in."""
    (workdir / "text").write_text("To be, or not to be: that is the question.\n" * 60)

    def make(name, loss, **settings):
        model = make_checkpoint()
        origin = replace(model.origin, carried=loss)
        replace(model, origin=origin).save(workdir / "sweep" / name / "model.safetensors")
        settings = {"units": 3, "embedding_dim": 2, "epochs": 2, **settings}
        save_run(workdir / "sweep" / name, workdir / "text", **settings)

    return make


def column(lines, head):
    """The cells of a table below a head, by where it stands; it may be above their ends."""
    end = lines[0].index(head) + len(head)
    return [line[:end].split("  ")[-1].strip() for line in lines[1:]]


def test_the_settings_in_which_runs_differ_have_a_column_each(invoke, sweep):
    for seed in (0, 1, 12):
        sweep(f"seed-{seed}", 1.5, seed=seed)
    assert "seed" not in invoke("runs").stdout
    lines = invoke("runs", "sweep").stdout.splitlines()
    assert lines[0].split() == ["name", "written", "steps", "loss", "state", "seed", "text"]
    assert sorted(column(lines, "seed")) == ["0", "1", "12"]
    sweep("wide", 1.5, units=(3, 4), learning_rate=0.0005, minutes=2, epochs=None)
    lines = invoke("runs", "sweep/").stdout.splitlines()
    assert set(lines[0].split()) >= {"seed", "units", "learning_rate", "minutes", "epochs"}
    assert "3,4" in next(line for line in lines if "sweep/wide" in line)
    assert sorted(column(lines, "learning_rate")) == ["0.0005", "0.007", "0.007", "0.007"]
    assert sorted(column(lines, "minutes")) == ["", "", "", "2"]


def test_all_settings_are_in_the_json(invoke, sweep):
    sweep("one", 1.5, seed=3, units=(4, 3))
    (found,) = json.loads(invoke("runs", "sweep", "--json").stdout)
    assert found["name"] == str(Path("sweep", "one"))
    settings = found["settings"]
    assert (settings["seed"], settings["units"], settings["minutes"]) == (3, [4, 3], None)
    assert settings.keys() >= {"include", "lowercase", "cell", "preset", "epochs"}


def test_the_lowest_loss_comes_first_if_that_is_asked_for(invoke, sweep, workdir):
    for name, loss in (("worse", 2.5), ("best", 1.5), ("unknown", None), ("good", 2)):
        sweep(name, loss and float(loss))
    (workdir / "sweep" / "broken").mkdir()
    (workdir / "sweep" / "broken" / "model.safetensors").write_bytes(b"no model")
    listed = json.loads(invoke("runs", "sweep", "--sort", "loss", "--json").stdout)
    names = [Path(run["name"]).name for run in listed]
    assert names[:3] == ["best", "good", "worse"]
    assert set(names[3:]) == {"unknown", "broken"}


def test_a_model_without_the_rest_of_its_run_knows_its_own_settings(invoke, sweep, workdir):
    sweep("whole", 1.5, seed=5)
    sweep("alone", 1.5)
    (workdir / "sweep" / "alone" / "resume.safetensors").unlink()
    alone, _ = json.loads(invoke("runs", "sweep", "--json").stdout)
    assert alone["settings"]["units"] == [5, 3]  # of the checkpoint
    assert "encoding" not in alone["settings"]


def test_a_table_has_room_in_a_terminal(invoke, sweep, monkeypatch):
    names = (
        "a",
        "戯曲",
        "пьеса",
        "e\u0301te\u0301",
        "a name of more than the usual length, which is whole",
    )
    for seed, name in enumerate(names):
        sweep(name, 1.5, seed=seed, units=(seed + 1, 7), cell=CELLS[seed % 2], patience=6 + seed)
    monkeypatch.setattr(command, "is_terminal", lambda stream: True)
    for width in (60, 80, 100, 120):
        monkeypatch.setenv("COLUMNS", str(width))
        result = invoke("runs", "sweep")
        lines = [line for line in result.stdout.splitlines() if "usual length" not in line]
        assert len(lines) == 5
        assert max(map(cells, lines)) <= width
        states = {cells(line[: line.index("interrupted")]) for line in lines[1:]}
        assert states == {cells(lines[0][: lines[0].index("state")])}  # below each other
        assert "name of more than the usual length, which is whole" in result.stdout
        assert "units" in lines[0]
        assert ("patience" in lines[0]) != ("patience" in result.stderr)
        assert (" text" in lines[0]) == (width == 120)
    columns = lines[0].split()
    assert columns.index("cell") > columns.index("seed")  # which tells more of them apart


def test_what_matters_least_makes_room_first():
    facts = {"written": "2026-01-31 12:34", "state": "finished", "corpus": "play.txt", "loss": 1.5}
    runs = [
        {**facts, "name": f"play-{number}", "steps": 1000, "chosen_by_preset": ["dropout"]}
        | {"settings": {"dropout": number / 10, "units": (8 * number,), "seed": number % 2}}
        for number in range(5)
    ]
    _, left_out = table(runs, None)
    assert left_out == []
    _, left_out = table(runs, 1)
    assert left_out == ["text", "dropout", "steps", "written", "seed", "units"]
    _, left_out = table([{**run, "corpus": run["name"]} for run in runs], 1)
    assert left_out == ["dropout", "seed", "units"]  # other texts, which matter most


def test_a_folder_without_runs_is_told(invoke, sweep, refused):
    sweep("one", 1.5)
    assert "There are no runs in sweep/one/, which is one itself: " in (
        invoke("runs", "sweep/one").stderr
    )
    assert "no folder; give the path of one" in refused("runs", "nowhere", code=2)
