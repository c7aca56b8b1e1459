"""Messages between two workers, and what strangers send instead."""

import socket
import struct
import threading
import time

import numpy as np
import pytest

from chargen.training.cluster.channel import Channel


@pytest.fixture
def ends():
    """A channel, and the bare connection at its other end."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        other = socket.create_connection(listening.getsockname())
        channel = Channel(listening.accept()[0])
    channel.set_timeout(5)
    yield channel, other
    channel.close()
    other.close()


def message(text, length=None, arrays=0):
    return struct.pack(">IQ", len(text) if length is None else length, arrays) + text


def test_values_and_arrays_arrive_as_they_were(ends):
    channel, other = ends
    peer = Channel(other)
    arrays = {"a": np.arange(6, dtype=np.float32).reshape(2, 3), "b": np.zeros((0, 4), np.int32)}
    sending = threading.Thread(target=lambda: peer.send("step", arrays, number=3, text="ü\n"))
    sending.start()
    got = channel.receive()
    sending.join()
    assert (got.kind, got.values) == ("step", {"number": 3, "text": "ü\n"})
    assert got.arrays.keys() == arrays.keys()
    assert all(np.array_equal(got.arrays[name], array) for name, array in arrays.items())
    peer.send("bare")
    got = channel.receive()
    assert (got.kind, got.values, got.arrays) == ("bare", {}, {})


def test_several_threads_may_send(ends):
    channel, other = ends
    peer = Channel(other)
    array = {"a": np.zeros(100_000, np.float32)}

    def send(number):
        peer.pulse()
        peer.send("step", array, number=number)

    threads = [threading.Thread(target=send, args=(number,)) for number in range(8)]
    for each in threads:
        each.start()
    seen = set()
    while len(seen) < 8:
        got = channel.receive()
        if got.kind == "step":
            seen.add(got.values["number"])
        else:
            assert (got.kind, got.values) == ("here", {})
    for each in threads:
        each.join()


def test_a_pulse_waits_for_nobody(ends):
    channel, _ = ends  # at the other end, nobody reads
    stuck = threading.Thread(target=fill, args=(channel,))
    stuck.start()
    time.sleep(0.1)
    began = time.monotonic()
    channel.pulse()
    assert time.monotonic() - began < 1
    channel.close()
    stuck.join()


def fill(channel):
    with pytest.raises(OSError, match=r"Broken pipe|reset|Bad file"):
        channel.send("step", {"a": np.zeros(10_000_000, np.float32)})


@pytest.mark.parametrize(
    "sent",
    [
        b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"\xff" * 100,
        message(b"", 2**32 - 1),
        message(b"", 10_000_001),
        message(b'["hello", {}]', arrays=1),  # of which a stranger may send none
        message(b"x" * 50),
        message(b'"hello"'),
        message(b'["hello"]'),
        message(b'["hello", 3]'),
        message(b'["hello", {}, 3]'),
        message(b"[" * 100_000),
        message(b"\xff\xfe"),
        message(b'["hello", {"index": ' + b"9" * 5000 + b"}]"),
    ],
)
def test_what_is_no_message_is_refused(ends, sent):
    channel, other = ends
    other.sendall(sent)
    with pytest.raises(OSError, match="no message of a worker"):
        channel.receive(from_stranger=True)


def test_arrays_that_are_none_are_refused(ends):
    channel, other = ends
    other.sendall(message(b'["restore", {}]', arrays=16) + b"\xff" * 16)
    with pytest.raises(OSError, match="no message of a worker"):
        channel.receive()


@pytest.mark.parametrize("sent", [b"", b"\0\0", message(b'["hel', 100)])
def test_a_connection_that_is_closed_halfway_is_told(ends, sent):
    channel, other = ends
    other.sendall(sent)
    other.close()
    with pytest.raises(OSError, match="closed"):
        channel.receive(from_stranger=True)


def test_it_is_known_whether_the_other_end_has_gone(ends):
    channel, other = ends
    assert not channel.is_closed()
    other.close()
    assert channel.is_closed()
