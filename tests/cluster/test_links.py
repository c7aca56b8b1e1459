"""Real workers on machines of their own, as far as a network tells: a slow link, and a cut one."""

import time

import pytest

from chargen.storage.runs import RESUME_FILE
from tests.cluster.netns import network
from tests.cluster.processes import Workers

pytestmark = pytest.mark.slow

NOTICED = 30  # seconds, in which everybody must know that one is gone
SETTINGS = ["--units", "12", "--batch-size", "8", "--epochs", "100000", "--save-seconds", "0.5"]


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "sea.txt").write_text("the sea is under the town and the bell\n" * 500)
    return tmp_path


def test_workers_train_over_slow_links_and_notice_a_cut_one(folder):
    with network(2) as machines:
        machines.shape("20mbit")
        names = [f"{each}:2222" for each in machines.addresses]
        words = ["train", "sea.txt", "--name", "sea", *SETTINGS, "--trusted-network"]
        with Workers(folder, 2, *words, names=names, popen=machines.popen) as workers:
            wait_for_steps(folder / "checkpoints" / "sea" / RESUME_FILE, workers)
            machines.cut(1)
            assert workers.wait(seconds=NOTICED) == [1, 1], workers.all()
            why = "is gone: nothing was heard of it for 15 seconds. To go on from the last save"
            for each in range(2):
                other = 1 - each
                assert f"Error: Worker {other} ({names[other]}) {why}" in workers.said(each)
        machines.mend(1)
        words = ["resume", "sea", "--trusted-network"]
        with Workers(folder, 2, *words, names=names, popen=machines.popen) as workers:
            wait_for_steps(folder / "checkpoints" / "sea" / RESUME_FILE, workers)


def wait_for_steps(file, workers):
    """Wait until a run has been saved twice, so that there are steps between."""
    limit, seen = time.monotonic() + 120, set()
    while len(seen) < 4:
        assert time.monotonic() < limit, workers.all()
        assert workers.processes[0].poll() is None, workers.all()
        if file.exists():
            seen.add(file.stat().st_mtime_ns)
        time.sleep(0.05)
