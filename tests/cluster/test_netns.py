"""The machines of `netns` are joined, as slow as asked for, cut and mended, and gone afterwards."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cluster.netns import network

pytestmark = pytest.mark.slow

# Says how many bits come in a second, after a while in which the sender finds its pace.
RECEIVER = """
import socket, time
listening = socket.create_server(("0.0.0.0", 5000))
print("listens", flush=True)
with listening.accept()[0] as peer:
    def receive(seconds):
        count, start = 0, time.monotonic()
        while time.monotonic() - start < seconds:
            count += len(peer.recv(1 << 20))
        return 8 * count / (time.monotonic() - start)
    receive(0.5)
    print(receive(1.5))
"""
SENDER = """
import socket, sys
with socket.create_connection((sys.argv[1], 5000)) as peer:
    while True:
        peer.sendall(bytes(1 << 18))
"""
# At each line, says how much of an answer comes.
ASKER = """
import socket, sys
peer = socket.create_connection((sys.argv[1], 5001))
peer.settimeout(0.5)
for line in sys.stdin:
    peer.sendall(b"x")
    try:
        print(len(peer.recv(1 << 16)), flush=True)
    except TimeoutError:
        print("lost", flush=True)
"""
ANSWERER = """
import socket
listening = socket.create_server(("0.0.0.0", 5001))
print("listens", flush=True)
peer, _ = listening.accept()
while received := peer.recv(1 << 16):
    peer.sendall(received)
"""


def start(machines, place, program, *arguments):
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    command = [sys.executable, "-I", "-S", "-c", program, *arguments]
    return machines.popen(place, command, text=True, **pipes)


@pytest.mark.parametrize(("rate", "bits"), [("100mbit", 1e8), ("1gbit", 1e9)])
def test_a_link_is_as_slow_as_asked_for(rate, bits):
    with network(2) as machines:
        machines.shape(rate)
        # A busy machine may be too slow to send all that it is allowed to.
        assert 0.2 * bits < measure(machines) < 1.1 * bits


def measure(machines):
    """How many bits a second come from machine 1 to machine 0."""
    with start(machines, 0, RECEIVER) as receiver:
        receiver.stdout.readline()
        with start(machines, 1, SENDER, machines.addresses[0]):
            return float(receiver.stdout.readline())


def test_what_is_cut_is_lost_until_it_is_mended():
    with network(3) as machines, start(machines, 0, ANSWERER) as answerer:
        answerer.stdout.readline()
        asker = start(machines, 2, ASKER, machines.addresses[0])

        def ask():
            asker.stdin.write("\n")
            asker.stdin.flush()
            return asker.stdout.readline().strip()

        with asker:
            assert ask() == "1"
            machines.cut(1)  # which is another's
            assert ask() == "1"
            machines.cut(0)
            assert ask() == "lost"
            machines.mend(0)
            assert ask() in ("1", "2", "lost")
            assert int(ask()) >= 1
            asker.kill()
            answerer.kill()


def test_nothing_is_left_after_a_failure():
    before = namespaces()
    started = []

    def fail():
        with network(2) as machines:
            started.append(start(machines, 0, "import time; print(flush=True); time.sleep(60)"))
            started[0].stdout.readline()  # it has come to its machine
            assert len(namespaces() - before) == 3
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    started[0].communicate()
    assert started[0].returncode == -signal.SIGKILL
    assert namespaces() <= before


def namespaces():
    folder = Path("/run/netns")
    return set(folder.iterdir()) if folder.exists() else set()
