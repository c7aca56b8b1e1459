"""Real workers on loopback: the same result however many there are, and whatever ends one."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from chargen.storage.arrays import read_arrays
from chargen.storage.runs import MODEL_FILE, RESUME_FILE
from chargen.training.history import read_history
from tests.cluster.processes import Workers
from tests.training.test_run import content

pytestmark = pytest.mark.slow

SETTINGS = "--label folder --units 12 --embedding-dim 6 --dropout 0.3 --weight-dropout 0.2 "
SETTINGS += "--batch-size 64 --seq-length 16 --epochs 5 --max-evaluations 20 --patience 1000 "
SETTINGS += "--save-seconds 0.5 --learning-rate 0.01 --dropout-schedule rising --precision float32"
STEPS = 200  # of these settings with the texts below
NOTICED = 30  # seconds, in which everybody must know that one is gone
# What a worker runs first, so that a signal reaches it after a certain step.
SIGNAL = """
import os, signal
from chargen.training.trainer import Trainer
step = Trainer.step
def signalling(self, number, *rates, **named_rates):
    loss = step(self, number, *rates, **named_rates)
    if number == {step}:
        os.kill(os.getpid(), signal.{name})
    return loss
Trainer.step = signalling
"""
# What worker 0 runs first, so that its disk is full after so many writes.
FULL = """
import errno, os
flush, writes = os.fsync, []
def full(descriptor):
    writes.append(descriptor)
    if len(writes) > 9:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    return flush(descriptor)
os.fsync = full
"""


def at(step, name):
    return SIGNAL.format(step=step, name=name)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where workers run: with texts of two labels, in documents."""
    folder = tmp_path_factory.mktemp("workers")
    words = {
        "sea": "the sea is under the town and the bell\n",
        "land": "a hill stands over a mill\n",
    }
    for label, line in words.items():
        (folder / "texts" / label).mkdir(parents=True)
        for number in range(7):
            text = "".join(line[i % 7 :] for i in range(120 + 5 * number))
            (folder / "texts" / label / f"{number}.txt").write_text(text[: 3_840 + 61 * number])
    return folder


def train(folder, count, name, *words, **more):
    return Workers(
        folder, count, "train", "texts", "--name", name, *SETTINGS.split(), *words, **more
    )


def resume(folder, count, name, **more):
    return Workers(folder, count, "resume", name, **more)


def run_of(folder, name):
    return folder / "checkpoints" / name


def whole(folder, count, name):
    """A run by so many workers that nothing happens to."""
    with train(folder, count, name) as workers:
        assert workers.wait() == [0] * count, workers.all()
    return run_of(folder, name)


@pytest.fixture(scope="module")
def alone(folder):
    return whole(folder, 1, "alone")


@pytest.fixture(scope="module")
def two(folder):
    return whole(folder, 2, "two")


def curve(run):
    return np.array([(row.step, row.loss, row.carried) for row in read_history(run)])


def weights(run):
    arrays, _ = read_arrays(run / RESUME_FILE)
    return arrays


def check_same(run, other):
    """Check that two runs are the same but for the order of float32 sums."""
    assert curve(run)[-1][0] >= STEPS
    np.testing.assert_allclose(curve(run), curve(other), rtol=2e-6)
    ours, theirs = weights(run), weights(other)
    assert ours.keys() == theirs.keys()
    for name, array in ours.items():
        np.testing.assert_allclose(array, theirs[name], atol=1e-4, err_msg=name)


def test_two_workers_and_four_learn_what_one_learns(folder, alone, two):
    check_same(two, alone)
    check_same(whole(folder, 4, "four"), alone)


def test_a_run_goes_on_with_another_number_of_workers(folder, alone):
    with train(folder, 1, "changing", first={0: at(60, "SIGTERM")}) as workers:
        assert workers.wait() == [143], workers.all()
    with resume(folder, 2, "changing", first={1: at(130, "SIGTERM")}) as workers:
        assert workers.wait() == [143, 143], workers.all()
        for each in range(2):
            assert (
                "all saved. To go on from the last save, start every worker again"
                in workers.said(each)
            )
    with resume(folder, 1, "changing") as workers:
        assert workers.wait() == [0], workers.all()
    check_same(run_of(folder, "changing"), alone)


def test_killed_they_say_so_and_end_as_if_they_never_had_been(folder, two):
    with train(folder, 2, "killed", first={1: at(100, "SIGKILL")}) as workers:
        workers.wait(1)
        assert workers.wait(0, seconds=NOTICED) == [1], workers.all()
        gone = f"Error: Worker 1 ({workers.names[1]}) is gone: its connection was closed. To go on"
        assert gone in workers.said(0)
        assert "Traceback" not in workers.all()
    with resume(folder, 2, "killed", names=workers.names) as workers:  # at the same ports
        assert workers.wait() == [0, 0], workers.all()
        assert "Saved in" in workers.said(0)
        assert "Saved in" not in workers.said(1)
    assert content(run_of(folder, "killed")) == content(two)
    with resume(folder, 2, "killed") as workers:  # which has finished
        assert workers.wait() == [0, 0], workers.all()


def test_a_leader_that_is_stopped_is_told_by_the_others(folder):
    with train(folder, 2, "stopped", first={0: at(100, "SIGSTOP")}) as workers:
        assert workers.wait(1) == [1]
        gone = f"Worker 0 ({workers.names[0]}) is gone: nothing was heard of it for 15 seconds. To "
        assert gone in workers.said(1)
    assert (run_of(folder, "stopped") / MODEL_FILE).exists()


# What a worker runs first, so that something befalls it when TensorFlow's servers are to start.
CONNECTS = """
import os, signal
from chargen.training.backend import tf
from chargen.training.cluster import strategy
{}
"""


@pytest.mark.parametrize(
    ("befalls", "said"),
    [
        ("strategy.connect = lambda _: os.kill(os.getpid(), signal.SIGKILL)", "is gone: its conn"),
        ("tf.constant(1) + 1", "has ended: TensorFlow has computed something in this process befo"),
    ],
)
def test_one_that_does_not_connect_is_named(folder, befalls, said):
    with train(folder, 2, "connects", first={1: CONNECTS.format(befalls)}) as workers:
        assert workers.wait(0, seconds=NOTICED + 30) == [1], workers.all()
        assert f"Error: Worker 1 ({workers.names[1]}) {said}" in workers.said(0)


def test_a_full_disk_at_worker_0_ends_all(folder):
    with train(folder, 2, "full", first={0: FULL}) as workers:
        assert workers.wait() == [1, 1], workers.all()
        assert "the disk is full" in workers.said(0)
        assert f"Worker 0 ({workers.names[0]}) has ended: " in workers.said(1)
        assert "the disk is full" in workers.said(1)


def test_another_text_is_told_on_every_side(folder, tmp_path):
    (tmp_path / "texts" / "sea").mkdir(parents=True)
    (tmp_path / "texts" / "sea" / "0.txt").write_text("another text\n" * 5000)
    first = {1: f"import os; os.chdir({str(tmp_path)!r})"}
    with train(folder, 2, "other", first=first) as workers:
        assert workers.wait() == [1, 1], workers.all()
        for each in range(2):
            line = f"Worker 1 ({workers.names[1]}) has another text than worker 0: its SHA-256"
            assert line in workers.said(each)


@pytest.mark.parametrize(("name", "reason"), [("missing", "texts"), ("exists", "continue it")])
def test_what_ends_one_before_tensorflow_ends_all(folder, alone, tmp_path, name, reason):
    """A text that is missing at a follower; a run that exists at worker 0."""
    run = "alone" if name == "exists" else "y"
    first = {1: f"import os; os.chdir({str(tmp_path)!r})"} if name == "missing" else {}
    with train(folder, 2, run, first=first) as workers:
        assert workers.wait() == [1, 1], workers.all()
        ended = 1 if name == "missing" else 0
        line = f"Worker {ended} ({workers.names[ended]}) has ended: "
        assert line in workers.said(1 - ended)
        assert reason in workers.said(1 - ended)
        assert "Traceback" not in workers.all()


def of_tf_config(index, names):
    task = {"type": "worker", "index": index - 1} if index else {"type": "chief", "index": 0}
    cluster = {"chief": names[:1], "worker": names[1:]}
    return {"TF_CONFIG": json.dumps({"cluster": cluster, "task": task})}


def of_slurm(index, names):
    return {
        "SLURM_JOB_ID": "4711",
        "SLURM_STEP_NUM_TASKS": "2",
        "SLURM_STEP_NODELIST": "localhost",
        "SLURM_STEP_TASKS_PER_NODE": "2",
        "SLURM_NTASKS": "2",
        "SLURM_PROCID": str(index),
        "SLURM_LOCALID": str(index),
        "SLURMD_NODENAME": "localhost",
    }


def test_tf_config_and_slurm_name_the_workers(folder, alone):
    more = {"environment": of_tf_config, "first": {0: at(100, "SIGINT")}}
    with train(folder, 2, "named", **more) as workers:
        assert workers.wait() == [130, 130], workers.all()
    with resume(folder, 2, "named", environment=of_slurm) as workers:
        assert workers.wait() == [0, 0], workers.all()
        assert "This is worker 1 (localhost:24712) of 2" in workers.said(1)
    check_same(run_of(folder, "named"), alone)


def test_launched_workers_end_with_the_one_that_is_killed(folder):
    train = ["train", "texts", "--name", "launched", *SETTINGS.split(), "--epochs", "4000"]
    command = [sys.executable, "-m", "chargen", "launch", "--local", "2", "--", *train]
    file = folder / "launched.txt"
    with file.open("wb") as said, subprocess.Popen(command, cwd=folder, stderr=said) as process:
        try:
            limit = time.monotonic() + 120
            while not (run_of(folder, "launched") / RESUME_FILE).exists():
                assert time.monotonic() < limit, file.read_text()
                assert process.poll() is None, file.read_text()
                time.sleep(0.05)
            os.kill(worker_of(process.pid, "1"), signal.SIGKILL)
            assert process.wait(NOTICED + 15) == 128 + signal.SIGKILL, file.read_text()
        finally:
            process.kill()
    assert "Ended by SIGKILL" in file.read_text()
    assert "is gone: its connection was closed. To go on from the last save" in file.read_text()


def worker_of(launcher, index):
    """The process of a launched worker. (The guard has no number among its words.)"""
    for folder in Path("/proc").iterdir():
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")
            parent = (folder / "stat").read_text().rpartition(")")[2].split()[1]
        except (OSError, IndexError):
            continue
        if parent == str(launcher) and index.encode() in words:
            return int(folder.name)
    raise AssertionError("there is no such worker")
