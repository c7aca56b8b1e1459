"""Which checkpoint a name means."""

import os

import pytest

from chargen.checkpoint import Checkpoint
from chargen.errors import CheckpointError, RunError, StorageError
from chargen.storage.runs import (
    MODEL_FILE,
    RUNS_FOLDER,
    bundled_checkpoint,
    find_checkpoint,
    locked,
    run_folder,
)


def save_runs(checkpoint, *names):
    """Runs under checkpoints/, the first the oldest."""
    for age, name in enumerate(names):
        path = RUNS_FOLDER / name / MODEL_FILE
        checkpoint.save(path)
        os.utime(path, (age, age))


def test_without_a_path_the_newest_run_is_meant(workdir, make_checkpoint):
    save_runs(make_checkpoint(), "a", "c", "b")
    assert find_checkpoint().resolve() == workdir / "checkpoints" / "b" / MODEL_FILE


def test_without_any_run_the_bundled_model_is_meant(workdir, make_checkpoint):
    assert find_checkpoint() == bundled_checkpoint()
    save_runs(make_checkpoint(), "bundled")
    assert find_checkpoint() == bundled_checkpoint()


@pytest.mark.parametrize("find", [find_checkpoint, run_folder])
def test_a_name_means_a_run_unless_a_path_of_that_name_holds_one(workdir, make_checkpoint, find):
    save_runs(make_checkpoint(), "a")
    assert find("a").resolve() == workdir / "checkpoints" / "a"
    (workdir / "a").mkdir()  # of texts, as it was learned from
    assert find("a").resolve() == workdir / "checkpoints" / "a"
    make_checkpoint().save(workdir / "a" / MODEL_FILE)
    assert find("a").resolve() == workdir / "a"


@pytest.mark.parametrize("name", ["./a", "./a/", "../work/a"])
def test_a_name_with_a_folder_in_it_is_a_path(workdir, make_checkpoint, name):
    save_runs(make_checkpoint(), "a")
    assert run_folder(name).resolve() == workdir / "a"
    with pytest.raises(CheckpointError, match="no checkpoint"):
        find_checkpoint(name)


@pytest.mark.parametrize("name", [".", "./", "../a", "../../checkpoints/a"])
def test_a_run_is_where_we_are(workdir, make_checkpoint, monkeypatch, name):
    save_runs(make_checkpoint(), "a")
    monkeypatch.chdir(workdir / "checkpoints" / "a")
    assert run_folder(name).resolve() == workdir / "checkpoints" / "a"
    assert run_folder(name).name == "a"
    Checkpoint.load(find_checkpoint(name))
    (workdir / "checkpoints" / "a" / "below").mkdir()
    monkeypatch.chdir(workdir / "checkpoints" / "a" / "below")
    assert run_folder("..") == workdir / "checkpoints" / "a"


@pytest.mark.parametrize("name", ["", "/"])
def test_a_name_of_no_folder_is_told(name):
    with pytest.raises(RunError, match="needs a name of its own"):
        run_folder(name)


def test_a_folder_that_is_made_for_a_run_goes_if_nothing_is_put_there(workdir):
    with locked(workdir / "deep" / "run"):
        assert (workdir / "deep" / "run").is_dir()
    assert list(workdir.iterdir()) == []
    with (
        pytest.raises(StorageError, match="cannot hold a run"),
        locked(workdir / "b" / ("a" * 300)),
    ):
        pass
    assert list(workdir.iterdir()) == []
    with locked(workdir / "deep" / "run"):
        (workdir / "deep" / "run" / "file").touch()
    assert (workdir / "deep" / "run" / "file").exists()
    (workdir / "mine").mkdir()
    with locked(workdir / "mine"):
        pass
    assert (workdir / "mine").exists()


def test_a_name_of_nothing_is_told_with_the_newest_runs(workdir, make_checkpoint):
    save_runs(make_checkpoint(), *"abcdefg")
    with pytest.raises(CheckpointError, match="no checkpoint nowhere; try g, f, e, d, c, bundled"):
        find_checkpoint("nowhere")
    assert run_folder("nowhere") == RUNS_FOLDER / "nowhere"


def test_a_file_wins_over_a_run_of_its_name(workdir, make_checkpoint):
    save_runs(make_checkpoint(), "a")
    make_checkpoint().save(workdir / "a")
    assert find_checkpoint("a").resolve() == workdir / "a"


def test_a_name_longer_than_any_file_name(workdir):
    with pytest.raises(CheckpointError):
        Checkpoint.load(find_checkpoint("a" * 300))


def test_the_bundled_model_loads():
    assert Checkpoint.load(bundled_checkpoint()).origin.corpus == "drowned-bell.txt"
