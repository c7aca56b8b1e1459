"""Workers meet before TensorFlow starts; each learns in one line why they cannot begin."""

import json
import os
import signal
import socket
import struct
import threading
import time

import pytest

from chargen.errors import ClusterError, Interrupted
from chargen.training.cluster import meeting
from chargen.training.cluster.launcher import addresses
from chargen.training.cluster.meeting import meet
from chargen.training.cluster.members import Members
from chargen.training.interrupt import interruptible

FACTS = {"chargen": "1.0", "command": "train", "batch_size": "32"}


class Worker(threading.Thread):
    """One that meets the others, in a thread."""

    def __init__(self, names, index, facts=FACTS, wait=5.0):
        super().__init__(daemon=True)
        self.members, self.facts = Members(tuple(names), index, wait), facts
        self.channels, self.reason, self.seconds = {}, None, None
        self.start()

    def run(self):
        began = time.monotonic()
        try:
            self.channels = meet(self.members, self.facts)
        except ClusterError as error:
            self.reason = str(error)
        self.seconds = time.monotonic() - began


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(meeting, "_RETRY", 0.02)


@pytest.fixture
def started():
    """Starts workers; ends their connections afterwards."""
    workers = []

    def start(*args, **more):
        workers.append(Worker(*args, **more))
        return workers[-1]

    yield start
    for each in workers:
        each.join()
        for channel in each.channels.values():
            channel.close()


def ended(*workers):
    for each in workers:
        each.join(10)
        assert not each.is_alive()
    return [each.reason for each in workers]


def connect(address):
    host, _, port = address.rpartition(":")
    for _ in range(500):
        try:
            return socket.create_connection((host.strip("[]"), int(port)))
        except ConnectionRefusedError:
            time.sleep(0.01)
    raise AssertionError(f"nobody listens at {address}")


def test_workers_that_fit_together_begin_whoever_comes_first(started):
    names = addresses(3)
    workers = [started(names, index) for index in (2, 0, 1)]
    assert ended(*workers) == [None] * 3
    last, lead, first = (each.channels for each in workers)
    assert (set(lead), set(first), set(last)) == ({1, 2}, {0}, {0})
    lead[2].send("step", number=4)
    assert last[0].receive().values == {"number": 4}


def test_the_port_of_those_who_have_just_ended_is_used_at_once(started):
    names = addresses(2)
    for _ in range(2):
        workers = [started(names, index) for index in range(2)]
        assert ended(*workers) == [None] * 2
        for each in workers:  # the leader first, whose port then waits a while
            each.channels.popitem()[1].close()


def test_addresses_may_be_of_ipv6(started):
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("this machine has no IPv6")
    names = [f"[::1]:{each.rpartition(':')[2]}" for each in addresses(2)]
    assert ended(*[started(names, index) for index in range(2)]) == [None] * 2


@pytest.mark.parametrize(
    ("theirs", "reason"),
    [
        ({"chargen": "0.9"}, "with chargen '0.9', worker 0 with '1.0'"),
        ({"batch_size": "16"}, "with batch_size '16', worker 0 with '32'"),
        ({"command": "resume"}, "with command 'resume', worker 0 with 'train'"),
        ({"seed": "3"}, "with seed '3', worker 0 with none"),
    ],
)
def test_one_that_differs_is_named_on_every_side(started, theirs, reason):
    names = addresses(3)
    workers = [started(names, 0), started(names, 1), started(names, 2, FACTS | theirs)]
    line = f"Worker 2 ({names[2]}) was started {reason}; they must be the same."
    assert ended(*workers) == [line] * 3


def test_other_addresses_are_told(started):
    names, other = addresses(2), "127.0.0.1:1"
    mine, yours = ended(started(names, 0), started([*names, other], 1))
    assert mine == yours
    assert mine.startswith(f"A worker at 127.0.0.1 was started with the addresses ['{names[0]}', ")
    assert mine.endswith("; they must be the same, in the same order.")


def test_an_index_that_two_have_is_told(started, monkeypatch):
    names = addresses(3)
    monkeypatch.setattr(meeting, "_listen", listen_anywhere(meeting._listen))
    reasons = set(ended(*[started(names, index) for index in (0, 1, 1)]))
    (line,) = reasons
    assert line.startswith("Two workers say that their index is 1, at 127.0.0.1 and at 127.0.0.1;")


def listen_anywhere(listen):
    """Let a worker that does not lead listen where the system likes, as on a machine of its own."""
    anywhere = "127.0.0.1:0"
    return lambda members: listen(
        members if members.leads else Members((members.addresses[0], anywhere), 1)
    )


def test_a_port_in_use_is_told_at_once(started):
    names = addresses(2)
    with socket.create_server(("127.0.0.1", int(names[1].rpartition(":")[2]))):
        (reason,) = ended(started(names, 1))
    assert reason.startswith(f"This is to be worker 1 ({names[1]}), but it cannot listen there: ")
    assert reason.endswith("in use. Is the --worker-index right, and the port free?")


def test_an_address_of_another_machine_is_told_at_once(started):
    (reason,) = ended(started(["127.0.0.1:2001", "192.0.2.1:2002"], 1))
    assert reason.startswith("This is to be worker 1 (192.0.2.1:2002), but it cannot listen there")
    (reason,) = ended(started(["127.0.0.1:2001", "nowhere.invalid:2002"], 1))
    assert reason == "The host of worker 1 (nowhere.invalid:2002) is not known."


def test_those_who_never_come_are_named(started):
    names = addresses(4)
    reasons = ended(*[started(names, index, wait=0.3) for index in (0, 2)])
    missing = f"Worker 1 ({names[1]}), worker 3 ({names[3]}) did not come within 0.3 seconds"
    assert all(each.startswith(missing) and "--wait" in each for each in reasons)


def test_a_leader_that_never_comes_is_named(started):
    names = addresses(2)
    (reason,) = ended(started(names, 1, wait=0.3))
    assert reason.startswith(f"There is no worker 0 ({names[0]}): it did not answer within 0.3 sec")
    (reason,) = ended(started(["nowhere.invalid:1", names[1]], 1, wait=0.3))
    assert "its name is not known within 0.3 seconds" in reason


def test_strangers_hold_up_nobody(started):
    names = addresses(2)
    lead = started(names, 0)
    hello = json.dumps(["hello", {"index": 1, "addresses": names, "facts": 3}]).encode()
    said = [b"", b"GET / HTTP/1.1\r\n\r\n", b"\0", struct.pack(">IQ", len(hello), 0) + hello]
    strangers = [connect(names[0]) for _ in said]
    for stranger, words in zip(strangers, said, strict=True):
        stranger.sendall(words)
    follower = started(names, 1)
    assert ended(lead, follower) == [None] * 2
    assert follower.seconds < 3
    for each in strangers:
        each.close()


def test_a_worker_that_is_started_again_before_all_have_come_counts_once(started):
    names = addresses(3)
    lead = started(names, 0)
    with connect(names[0]) as earlier:
        hello = json.dumps(["hello", {"index": 1, "addresses": names, "facts": FACTS}]).encode()
        earlier.sendall(struct.pack(">IQ", len(hello), 0) + hello)
        time.sleep(0.1)
    assert ended(lead, started(names, 1), started(names, 2)) == [None] * 3


def test_something_else_at_the_leaders_address_is_told(started):
    names = addresses(2)
    with socket.create_server(("127.0.0.1", int(names[0].rpartition(":")[2]))) as other:
        follower = started(names, 1)
        with other.accept()[0] as peer:
            peer.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            (reason,) = ended(follower)
    assert reason.startswith(f"Worker 0 ({names[0]}) does not answer as a worker of this chargen")


def test_a_leader_that_is_stopped_while_it_waits_tells_those_who_came(started):
    names = addresses(3)
    follower = started(names, 1)

    def stop():
        time.sleep(0.3)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=stop).start()
    with pytest.raises(Interrupted), interruptible():
        meet(Members(tuple(names), 0, 5.0), FACTS)
    assert ended(follower) == [f"Worker 0 ({names[0]}) has ended while it waited for the others."]
