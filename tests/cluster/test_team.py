"""Workers that have met: what one tells another, and how each notices that one is gone."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import ExitStack

import numpy as np
import pytest

from chargen.errors import ClusterError, CorpusError, Interrupted
from chargen.training.cluster import team as module
from chargen.training.cluster.channel import Channel
from chargen.training.cluster.members import Members
from chargen.training.cluster.team import WAY_OUT, Team

NAMES = ("10.0.0.1:1", "10.0.0.2:2", "10.0.0.3:3")
SILENCE = 2.0


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    """Silence is noticed soon, and nobody waits long for those who do."""
    short = {"SILENCE": SILENCE, "_LOADING_SILENCE": SILENCE, "_PULSE": 0.05, "_FAREWELL": 0.2}
    for name, seconds in short.items():
        monkeypatch.setattr(module, name, seconds)


def connected(listening):
    ours = socket.create_connection(listening.getsockname())
    return Channel(listening.accept()[0]), Channel(ours)


@pytest.fixture
def met():
    """The three of a training, worker 0 first, and their bare channels; none is entered."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        pairs = {index: connected(listening) for index in (1, 2)}
    lead = Team(Members(NAMES, 0), {index: pair[0] for index, pair in pairs.items()})
    others = [Team(Members(NAMES, index), {0: pair[1]}) for index, pair in pairs.items()]
    yield [lead, *others]
    for pair in pairs.values():
        for channel in pair:
            channel.close()


@pytest.fixture
def teams(met):
    """The three, each within its context; tests may end one."""
    with ExitStack() as stack:
        for each in met:
            each.stack = ExitStack()
            each.stack.enter_context(each)
            stack.push(lambda *_, team=each: team.stack.close())
        yield met
        for each in met:  # so that none waits until the others have heard it
            for channel in each._channels.values():
                channel.close()


def end(team, error=None):
    """Leave a team, with an error."""
    team.stack.pop_all().__exit__(type(error), error, None)


def failure(team, index=0, within=5.0):
    """What a worker learns that waits for another."""
    began = time.monotonic()
    with pytest.raises((ClusterError, Interrupted)) as caught:
        team.hear(index)
    assert time.monotonic() - began < within
    return caught.value


def test_orders_reach_all_and_answers_come_back(teams):
    lead, *others = teams
    weights = {"a": np.arange(3, dtype=np.float32)}
    lead.tell("weights", weights, number=1)
    for place, each in enumerate(others, 1):
        order = each.hear(0)
        assert (order.kind, order.values) == ("weights", {"number": 1})
        assert order.arrays["a"].tolist() == [0, 1, 2]
        each.tell("planned", place=place)
    answers = lead.hear_all("planned")
    assert {index: each.values["place"] for index, each in answers.items()} == {1: 1, 2: 2}
    others[0].tell("something")
    with pytest.raises(ClusterError, match=r"^worker 1 .* talks like another version of chargen"):
        lead.hear(1, "planned")


def test_nobody_is_missed_who_says_nothing_but_is_there(teams):
    time.sleep(2 * SILENCE)
    teams[0].tell("step")
    assert teams[1].hear(0).kind == "step"


def test_one_whose_connection_is_closed_is_named_to_all_at_once(teams):
    lead, first, second = teams
    lead.way_out = WAY_OUT
    second._channels[0].close()  # as the system does for a process that is killed
    line = f"Worker 2 (10.0.0.3:3) is gone: its connection was closed. {WAY_OUT}"
    assert str(failure(lead, 1, within=SILENCE / 2)) == line
    assert str(failure(first, within=SILENCE / 2)) == line


def test_a_leader_that_is_gone_is_named(teams):
    _, first, second = teams
    first.way_out = WAY_OUT
    teams[0]._tell_failure = lambda *_: None  # one that is killed tells nothing
    for channel in teams[0]._channels.values():
        channel.close()
    line = "Worker 0 (10.0.0.1:1) is gone: its connection was closed."
    assert str(failure(first)) == f"{line} {WAY_OUT}"
    assert str(failure(second)) == line  # nothing has been saved yet


def test_one_that_is_silent_is_named_to_all(met):
    lead, first, _ = met  # the last of whom never says a word
    with lead, first:
        line = f"Worker 2 (10.0.0.3:3) is gone: nothing was heard of it for {SILENCE:g} seconds."
        assert str(failure(lead, 1)) == line
        assert str(failure(first)) == line


def test_a_leader_that_is_silent_is_named(met):
    with met[1] as first:
        assert "Worker 0 (10.0.0.1:1) is gone: nothing was heard" in str(failure(first))


@pytest.mark.parametrize(
    ("index", "error", "line"),
    [
        (0, CorpusError("There is no file a.txt."), "Worker 0 (10.0.0.1:1) has ended: There is no"),
        (1, CorpusError("There is no file a.txt."), "Worker 1 (10.0.0.2:2) has ended: There is no"),
        (0, ClusterError("Worker 1 has another text."), "Worker 1 has another text."),
        (1, ZeroDivisionError(), "Worker 1 (10.0.0.2:2) has ended with an error: Zero"),
    ],
)
def test_one_that_ends_tells_the_others_why(teams, index, error, line):
    end(teams[index], error)
    for place, each in enumerate(teams):
        if place != index:
            assert str(failure(each, 2 if place == 0 else 0)).startswith(line)


def test_one_that_is_stopped_while_it_reads_a_text_stops_the_others(teams):
    end(teams[0], KeyboardInterrupt())
    told = failure(teams[1])
    assert (str(told), told.exit_code) == ("Worker 0 (10.0.0.1:1) was stopped.", 130)


@pytest.mark.parametrize("index", [0, 1])
def test_one_that_is_stopped_by_a_signal_stops_the_others_alike(teams, index):
    end(teams[index], Interrupted("Stopped at step 3, all saved.", signal.SIGTERM))
    for place, each in enumerate(teams):
        if place != index:
            told = failure(each, 2 if place == 0 else 0)
            assert told.exit_code == 128 + signal.SIGTERM
            assert str(told).endswith("Stopped at step 3, all saved.")


def test_a_signal_is_told_even_before_anybody_asks_for_it(teams):
    lead, first, second = teams
    received = []
    first.tell("signal", number=15)
    first.tell("after")
    assert lead.hear(1).kind == "after"
    lead.on_signal(received.append)
    second.tell("signal", number=2)
    second.tell("after")
    assert lead.hear(2).kind == "after"
    assert received == [15, 2]


def test_nobody_is_missed_once_all_is_done(teams):
    lead, first, second = teams
    model = {"model": np.zeros(3_000_000, np.uint8)}
    finishing = threading.Thread(target=lambda: (lead.finish(model), end(lead)))
    finishing.start()
    for each in (first, second):
        order = each.hear(0)
        assert (order.kind, len(order.arrays["model"])) == ("finished", 3_000_000)
        end(each)
    finishing.join()


def test_one_that_is_stopped_does_not_hold_up_who_has_finished(met):
    lead, first, _ = met  # the last of whom reads nothing
    began = time.monotonic()
    with first:
        with lead:
            lead.finish({"model": np.zeros(30_000_000, np.uint8)})
        assert first.hear(0).kind == "finished"
    assert time.monotonic() - began < 6 * SILENCE


def test_one_that_is_stopped_while_much_is_sent_to_it_is_noticed(met):
    lead, first, _ = met  # the last of whom reads nothing
    with lead, first:
        sending = threading.Thread(target=send_much, args=(lead,))
        sending.start()
        assert first.hear(0).kind == "restore"
        assert "Worker 2 (10.0.0.3:3) is gone: nothing was heard" in str(failure(first))
        met[2]._channels[0].close()
        sending.join()


def send_much(team):
    with pytest.raises(ClusterError, match="is gone"):
        team.tell("restore", {"a": np.zeros(10_000_000, np.float32)})


class ComputationError(Exception):
    """Has what TensorFlow's errors of computation have."""

    error_code = 14


def test_an_error_of_tensorflow_is_told_as_the_loss_of_a_worker(teams):
    lead = teams[0]
    threading.Timer(0.1, teams[2]._channels[0].close).start()
    with pytest.raises(ClusterError, match=r"^Worker 2 .* is gone"), lead.step():
        raise ComputationError("UNAVAILABLE: Connection reset by peer")


def test_an_error_of_tensorflow_alone_is_told_in_a_line(teams):
    teams[0].way_out = WAY_OUT
    line = f"TensorFlow could not finish a step: out of memory {WAY_OUT}"
    with pytest.raises(ClusterError) as caught, teams[0].step():
        raise ComputationError("\nGraph execution error:\n\nout of memory\n")
    assert str(caught.value) == line
    with pytest.raises(ZeroDivisionError), teams[0].step():
        raise ZeroDivisionError


def test_a_step_that_takes_far_too_long_is_told_to_all(teams, monkeypatch):
    monkeypatch.setattr(module, "_MIN_STEP", 0.2)
    lead = teams[0]
    for _ in range(5):
        with lead.step():
            pass
    with lead.step():
        told = str(failure(teams[1]))
    assert told.startswith("A step has taken far longer than those before, though no worker is")


STUCK = """
import socket, sys, time
from chargen.training.cluster import team
from chargen.training.cluster.channel import Channel
from chargen.training.cluster.members import Members
team._GRACE = 0.2
with team.Team(Members(("a:1", "b:2"), 1), {0: Channel(socket.socket(fileno=int(sys.argv[1])))}):
    print("waits", flush=True)
    time.sleep(60)  # as for TensorFlow
"""


@pytest.mark.skipif(os.name == "nt", reason="hands a connection to a process")
def test_a_process_that_cannot_end_by_itself_is_ended():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        theirs = socket.create_connection(listening.getsockname())
        ours = listening.accept()[0]
    command = [sys.executable, "-c", STUCK, str(theirs.fileno())]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "pass_fds": [theirs.fileno()]}
    with subprocess.Popen(command, text=True, **pipes) as process:
        theirs.close()
        assert process.stdout.readline() == "waits\n"
        ours.close()
        assert process.wait(10) == 1
        assert process.stderr.read() == (
            "\nError: Worker 0 (a:1) is gone: its connection was closed.\n"
        )
