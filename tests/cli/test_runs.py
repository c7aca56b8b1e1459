import json
import os

import pytest

from chargen.cli.options import complete_run
from chargen.cli.sample import sample
from chargen.storage.arrays import write_arrays
from chargen.storage.runs import acquire


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
