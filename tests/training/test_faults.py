"""Nothing is lost: processes killed at random moments, and every write failing in turn."""

import errno
import multiprocessing
import os
import random
import signal
from pathlib import Path

import pytest

from chargen import api
from chargen.errors import StorageError
from chargen.storage import atomic as storage
from chargen.storage.runs import MODEL_FILE, RESUME_FILE
from chargen.training.report import Silent
from tests.training.test_run import CORPUS, SETTINGS, content

KILLS = 50
EAGER = SETTINGS | {"save_seconds": 0.0, "units": (12,), "epochs": 2}


class Announcing(Silent):
    """Tells another process once steps are being taken."""

    def __init__(self, pipe) -> None:
        self.pipe = pipe

    def stepped(self, **_):
        if self.pipe is not None:
            self.pipe.send("stepping")
            self.pipe = None


def go_on(folder: Path, pipe=None) -> None:
    if (folder / RESUME_FILE).exists():
        api.resume(folder, corpus=CORPUS, reporter=Announcing(pipe))
    else:
        api.train(CORPUS, name=str(folder), reporter=Announcing(pipe), **EAGER, overwrite=True)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """What the run leaves when nothing happens to it."""
    folder = tmp_path_factory.mktemp("whole") / "run"
    go_on(folder)
    return content(folder)


@pytest.mark.slow
def test_killed_at_random_a_run_loses_nothing(whole, tmp_path):
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload(["chargen.training.run"])
    chance = random.Random(0)
    kills = finished = 0
    while kills < KILLS or not finished:
        folder = tmp_path / str(finished) / "run"
        here, there = processes.Pipe()
        process = processes.Process(target=go_on, args=(folder, there))
        process.start()
        there.close()  # so that poll ends when the process does
        # Most kills strike while steps and saves go on, a few while the process starts.
        if chance.random() < 0.9:
            here.poll(120)
        process.join(chance.uniform(0, 1))
        process.kill()
        process.join()
        assert process.exitcode in (0, -signal.SIGKILL)
        if process.exitcode == 0:
            assert content(folder) == whole
            finished += 1
            continue
        kills += 1
        if (folder / MODEL_FILE).exists():
            assert api.load(folder).generate("the ", length=3)


@pytest.mark.slow
@pytest.mark.parametrize("number", range(1, 10))
def test_a_write_that_fails_leaves_the_one_before(number, whole, tmp_path, monkeypatch):
    folder = tmp_path / "run"
    fail = [
        (storage.os, "fsync", errno.ENOSPC, "the disk is full"),
        (storage.Path, "replace", errno.EACCES, "permission denied"),
        (storage.os, "fsync", errno.EIO, os.strerror(errno.EIO)),
    ][number % 3]
    module, name, code, reason = fail
    whole_function, calls = getattr(module, name), iter(range(1, 10_000))

    def failing(*args):
        # Each write calls fsync twice, once for the file and once for its folder.
        if next(calls) == (2 * number - 1 if name == "fsync" else number):
            raise OSError(code, os.strerror(code))
        return whole_function(*args)

    settings = EAGER | {"save_seconds": 1e9}
    with monkeypatch.context() as patch:
        patch.setattr(module, name, failing)
        with pytest.raises(StorageError, match=reason):
            api.train(CORPUS, name=str(folder), reporter=Silent(), **settings)
    assert not list(folder.glob(".*.tmp"))
    if (folder / MODEL_FILE).exists():
        assert api.load(folder).generate("the ", length=3)
    go_on(folder)
    ours, theirs = content(folder), dict(whole)
    for each in (ours, theirs):  # they differ in how often they save, and in nothing else
        each.pop("document"), each.pop("facts")
    assert ours == theirs
