"""A run that is killed at any of its writes is the old one, whole, or one that goes on.

The network is a stand-in (see conftest.py), as what is tested is the writes around it.
"""

import os
import shutil
import sys
from pathlib import Path

import pytest

from chargen import api
from chargen.errors import Interrupted, RunError
from chargen.storage import atomic
from chargen.storage.arrays import read_arrays
from chargen.storage.runs import MODEL_FILE, RESUME_FILE
from chargen.training import planning, run, start
from chargen.training import resume as resuming
from chargen.training.report import Silent
from tests.training.conftest import Network
from tests.training.test_run import CORPUS, Clock, StopAt, content

SETTINGS = {"units": (2,), "embedding_dim": 2, "epochs": 1, "max_evaluations": 2, "patience": 9}
SETTINGS |= {"batch_size": 16, "seq_length": 32, "save_seconds": 1e9}


class Killed(BaseException):
    """The process ends here: what comes after it changes no file."""


class Disk:
    """Counts the changes of files below a folder, and kills before or within one of them."""

    def __init__(self):
        self.folder, self.fatal = None, None

    def watch(self, folder, fatal=None):
        self.folder, self.fatal, self.done = folder, fatal, 0

    def change(self, path, undo=lambda: None):
        if self.folder is not None and os.fsdecode(path).startswith(str(self.folder)):
            self.done += 1
            if self.fatal is not None and self.done >= self.fatal:
                undo()
                raise Killed

    def audit(self, event, args):
        if self.folder is None:
            return
        if event == "open" and isinstance(args[0], str | bytes):
            if args[2] & (os.O_WRONLY | os.O_RDWR):
                self.change(args[0])
        elif event in ("os.rename", "os.link"):
            self.change(args[1])
        elif event in ("os.remove", "os.mkdir", "os.rmdir"):
            self.change(args[0])


DISK = Disk()
sys.addaudithook(DISK.audit)  # for good; it does nothing unless a folder is watched


@pytest.fixture(autouse=True)
def _quick_disk(stand_ins, monkeypatch):
    def flush(descriptor):  # the disk needs no time, but a kill can come when half is written
        if not os.path.isdir(name := f"/proc/self/fd/{descriptor}"):
            half = os.fstat(descriptor).st_size // 2
            DISK.change(os.path.realpath(name), lambda: os.ftruncate(descriptor, half))

    monkeypatch.setattr(atomic.os, "fsync", flush)


@pytest.fixture(autouse=True)
def _steps_of_known_length(monkeypatch):
    """A step takes half a second, and nothing else takes time."""
    clock, step = Clock(), Network.step

    def slow(self, *args):
        clock.spend(0.5)
        return step(self, *args)

    for module in (start, resuming, run, planning):
        monkeypatch.setattr(module, "time", clock)
    monkeypatch.setattr(Network, "step", slow)


def train(folder, reporter=None, **more):
    api.train(CORPUS, name=str(folder), reporter=reporter or Silent(), **SETTINGS | more)


def resume(folder, **more):
    api.resume(folder, corpus=CORPUS, reporter=Silent(), **more)


def train_for_minutes(folder):
    train(folder, minutes=0.2, epochs=None)


def interrupted(folder):
    with pytest.raises(Interrupted):
        train(folder, StopAt(3), seed=9)


def go_on(folder):
    resume(folder, epochs=1)


SCENARIOS = {
    "a new run": (None, train),
    "one that chooses its regularization once it has measured its speed": (None, train_for_minutes),
    "one that replaces a finished one": (
        lambda folder: train(folder, seed=9),
        lambda folder: train(folder, overwrite=True),
    ),
    "one that replaces an interrupted one": (
        interrupted,
        lambda folder: train(folder, overwrite=True),
    ),
    "an interrupted one that is resumed": (interrupted, resume),
    "a finished one that goes on": (lambda folder: train(folder, seed=9), go_on),
}


def files(folder):
    if not folder.exists():
        return {}
    shown = (path for path in folder.iterdir() if not path.name.startswith("."))
    return {path.name: path.read_bytes() for path in shown}


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="asks Linux which file is flushed")
@pytest.mark.parametrize(
    "scenario",
    [
        pytest.param(name, marks=pytest.mark.slow if name.startswith("one that replaces") else ())
        for name in SCENARIOS
    ],
)
def test_killed_at_any_write_it_is_the_old_run_or_the_new_one(scenario, tmp_path):
    prepare, act = SCENARIOS[scenario]
    before, folder = tmp_path / "before", tmp_path / "run"

    def restart(source: Path) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        if source.exists():
            shutil.copytree(source, folder)

    if prepare is not None:
        prepare(before)
    restart(before)
    DISK.watch(folder)
    act(folder)
    changes, expected = DISK.done, content(folder)
    names = {MODEL_FILE, RESUME_FILE, "history.csv", "curve.svg"}
    assert set(files(folder)) == names
    assert changes > 30
    for fatal in range(1, changes + 1):
        restart(before)
        DISK.watch(folder, fatal)
        with pytest.raises(Killed):
            act(folder)
        DISK.watch(None)
        old = files(folder) == files(before)
        killed = tmp_path / "killed"
        shutil.rmtree(killed, ignore_errors=True)
        shutil.copytree(folder, killed) if folder.exists() else killed.mkdir()
        if (folder / MODEL_FILE).exists():
            api.load(folder)
        if not old:
            resume(folder)
            assert content(folder) == expected, f"resumed after change {fatal}"
            assert set(files(folder)) == names
            restart(killed)
        state = read_arrays(folder / RESUME_FILE)[1]["state"] if not old else {}
        if act is go_on and state.get("finished"):
            continue  # to do the same again would be to go on once more
        if act in (train, train_for_minutes) and state.get("step"):  # without overwrite=True
            with pytest.raises(RunError, match=r"continue it .*chargen resume"):
                act(folder)
            continue
        act(folder)
        assert content(folder) == expected, f"done again after change {fatal}"
        assert not list(folder.glob(".*.tmp"))
