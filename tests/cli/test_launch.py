"""chargen launch: what each worker is called with, and what is refused before there are any."""

import os
import sys

import pytest

from chargen.training.cluster import launcher

pytestmark = pytest.mark.skipif(os.name == "nt", reason="needs process groups")


@pytest.fixture
def launched(monkeypatch):
    """Commands that would have been run; what a worker says."""
    seen = []

    def launch(commands, *, show):
        seen.extend(commands)
        show(1, "Error: no \x1b[2Jtext")
        return 3

    monkeypatch.setattr(launcher, "launch", launch)
    monkeypatch.setattr(launcher, "addresses", lambda count: ["127.0.0.1:20001", "127.0.0.1:20002"])
    return seen


@pytest.mark.parametrize("dashes", [["--"], []])
def test_workers_are_called_with_all_addresses_and_their_place(launched, invoke, dashes):
    result = invoke("launch", *dashes, "train", "--minutes", "5", "--", "-odd.txt")
    assert (result.exit_code, result.stdout) == (3, "")
    assert result.stderr.endswith("[1] Error: no \\x1b[2Jtext\n")
    where = "--workers", "127.0.0.1:20001,127.0.0.1:20002", "--worker-index"
    assert [command[command.index("train") :] for command in launched] == [
        ["train", *where, place, "--minutes", "5", "--", "-odd.txt"] for place in "01"
    ]
    assert all(command[0] == sys.executable for command in launched)


def test_more_workers_than_cores_are_warned_of(launched, invoke, monkeypatch):
    monkeypatch.setattr("chargen.cli.launch.available_cores", lambda: 1)
    assert "Warning: --local 2 is more than" in invoke("launch", "resume", "novel").stderr
    monkeypatch.setattr("chargen.cli.launch.available_cores", lambda: 2)
    assert "Warning" not in invoke("launch", "resume", "novel").stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["sample", "-m", "bundled"], "launch starts train or resume, not 'sample'."),
        (["chargen", "train", "a.txt"], "not 'chargen'"),
        (["train", "a.txt", "--workers", "a:1"], "--workers cannot be given with launch"),
        (["train", "a.txt", "--worker-index=0"], "--worker-index=0 cannot be given with launch"),
        (["train", "-"], "Several workers cannot read standard input"),
        (["train", "a.txt", "--minuets", "5"], "No such option '--minuets'"),
        (["resume"], "Missing argument 'RUN'"),
    ],
)
def test_a_command_that_no_worker_could_run_is_refused_once(launched, invoke, words, message):
    result = invoke("launch", "--", *words)
    assert result.exit_code == 2
    assert message in result.stderr
    assert launched == []
