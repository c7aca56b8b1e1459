"""What strains a server: clients that leave or do not read, long prompts, files, signals.

The server is a process of its own. Whatever it says beyond its address is a defect.
"""

import contextlib
import json
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import pytest

from chargen.language_model import load
from chargen.serving.server import GRACE
from tests.helpers import tiny_checkpoint
from tests.serving.conftest import LETTERS

BODY = {"model": "tiny", "prompt": "a", "max_tokens": 20_000, "stream": True}


class Process:
    """A server in a process, and what it says."""

    def __init__(self, folder, *, files=None, without=()):
        code = (
            f"import sys; sys.modules |= dict.fromkeys({without!r}); import chargen.__main__ as m"
        )
        command = [sys.executable, "-c", f"{code}; m.main()", "serve", "--port", "0"]
        command += ["--folder", folder]
        if files is not None:
            command = ["prlimit", f"--nofile={files}", *command]
        self.file = folder / "tiny" / "model.safetensors"
        self._log = (folder / "log").open("w+b")
        self.process = subprocess.Popen(
            [*map(str, command)],
            stderr=self._log,
            env={**os.environ, "PYTHONPATH": str(Path.cwd())},
        )
        while not (found := re.search(r"127\.0\.0\.1:(\d+) answers.*\n", self.said(whole=True))):
            assert self.process.poll() is None, self.said(whole=True)
            time.sleep(0.02)
        self.port, self.connections = int(found[1]), []
        self.http = httpx2.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=30)

    def said(self, *, whole=False):
        """What it has said since its address."""
        self._log.seek(0)
        text = self._log.read().decode()
        return text if whole else text.partition("ends it.\n")[2]

    def connect(self):
        """A connection."""
        self.connections.append(socket.create_connection(("127.0.0.1", self.port), timeout=30))
        return self.connections[-1]

    def open(self, **changes):
        """A connection over which a request was sent."""
        content = json.dumps(BODY | changes).encode()
        head = f"POST /v1/completions HTTP/1.1\r\nhost: localhost\r\ncontent-length: {len(content)}"
        connection = self.connect()
        connection.sendall(head.encode() + b"\r\ncontent-type: application/json\r\n\r\n" + content)
        return connection

    def write(self, **changes):
        """The answer to a request that is not streamed."""
        return self.http.post("/v1/completions", json=BODY | {"stream": False} | changes)

    def active(self):
        """How many texts are under way."""
        found = re.findall(r"^chargen_(?:active|waiting)_texts (\d+)", self.metrics(), re.M)
        return sum(map(int, found))

    def metrics(self):
        return self.http.get("/metrics").text

    def is_closed(self):
        """Whether it takes no more connections."""
        with socket.socket() as another:
            return another.connect_ex(("127.0.0.1", self.port)) != 0

    def wait(self, condition, seconds=30):
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline
            time.sleep(0.02)

    def end(self):
        for each in (self.http, *self.connections):
            each.close()
        self.process.kill()
        self.process.wait()
        self._log.close()


@contextlib.contextmanager
def process(folder, **options):
    """A server over one run, `tiny`."""
    (folder / "tiny").mkdir()
    tiny_checkpoint(units=(24, 16), characters=LETTERS).save(folder / "tiny/model.safetensors")
    server = Process(folder, **options)
    yield server
    server.end()


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """One for those that leave it running; none of them makes it say anything."""
    with process(tmp_path_factory.mktemp("server")) as server:
        yield server
        assert server.said() == ""


def hang_up(connection):
    """Close a connection at once, as when a client is killed."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def read_all(connection):
    parts = []
    with connection, contextlib.suppress(ConnectionError):
        while part := connection.recv(1 << 16):
            parts.append(part)
            if part.endswith(b"0\r\n\r\n"):
                break
    return b"".join(parts)


def test_clients_that_are_killed_by_the_hundred_leave_nothing_behind(server):
    connections = [server.open(stream=place % 3 > 0, n=1 + place % 2) for place in range(300)]
    for place, connection in enumerate(connections):
        if place % 3 == 1:
            connection.recv(100)
        hang_up(connection)
    server.wait(lambda: server.active() == 0)
    expected = load(server.file).generate("a", seed=1, length=100)
    assert server.write(seed=1, max_tokens=100).json()["choices"][0]["text"] == expected
    assert server.said() == ""


def test_a_client_that_does_not_read_holds_back_nobody(server):
    lazy = [server.open(n=8, logprobs=5, max_tokens=500) for _ in range(4)]
    for _ in range(5):
        assert server.write(max_tokens=50, seed=1).elapsed.total_seconds() < 10
    server.wait(lambda: server.active() == 0)  # what it left is written all the same
    assert b"[DONE]" in read_all(lazy.pop())
    for each in lazy:
        hang_up(each)
    assert server.said() == ""


def test_long_prompts_beside_writers_do_not_stall_them(server):
    long = [server.open(prompt="abc " * 25_000, max_tokens=1, n=4, no_repeat=20) for _ in range(3)]
    waits = []
    with server.http.stream("POST", "/v1/completions", json=BODY | {"max_tokens": 3_000}) as answer:
        last = time.monotonic()
        for _ in answer.iter_raw():
            waits.append(time.monotonic() - last)
            last = time.monotonic()
    assert len(waits) > 10
    assert max(waits) < 1
    for each in long:
        hang_up(each)
    server.wait(lambda: server.active() == 0)
    assert server.said() == ""


def test_rubbish_in_a_models_place_is_told_and_texts_under_way_end_well(server):
    expected = load(server.file).generate("a", seed=1, length=3_000)
    under_way = server.open(seed=1, max_tokens=3_000)
    assert under_way.recv(1).startswith(b"H")
    whole = server.file.read_bytes()
    for rubbish in (b"", b"rubbish" * 1_000, whole[: len(whole) // 2], whole[:-1] + b"\0"):
        server.file.write_bytes(rubbish)  # in place, as no run of ours does
        answer = server.write(max_tokens=5)
        assert answer.status_code == 503
        assert "The file of model tiny" in answer.json()["error"]["message"]
    events = re.findall(rb"data: (\{.*\})\n\n", read_all(under_way))
    assert "".join(json.loads(each)["choices"][0]["text"] for each in events) == expected
    server.file.write_bytes(whole)
    assert server.write(max_tokens=5).status_code == 200
    assert server.said() == ""


def test_fifty_streams_are_drained_when_it_is_ended(tmp_path):
    with process(tmp_path) as server:
        connections = [server.open(seed=seed, max_tokens=1_000) for seed in range(50)]
        heads = [connection.recv(8) for connection in connections]
        assert set(heads) == {b"HTTP/1.1"}
        server.process.send_signal(signal.SIGTERM)
        with ThreadPoolExecutor(50) as pool:
            texts = list(pool.map(read_all, connections))
        assert all(text.endswith(b"data: [DONE]\n\n\r\n0\r\n\r\n") for text in texts)
        server.process.wait(timeout=GRACE / 2)
        assert server.said() == ""


def test_a_second_signal_ends_it_at_once_without_a_traceback(tmp_path):
    with process(tmp_path) as server:
        connections = [server.open(n=2) for _ in range(50)]
        for connection in connections:
            assert connection.recv(8) == b"HTTP/1.1"
        server.process.send_signal(signal.SIGTERM)
        server.wait(server.is_closed)  # the first was heard
        server.process.send_signal(signal.SIGINT)
        assert server.process.wait(timeout=GRACE / 2) == 128 + signal.SIGINT
        assert server.said() == ""


@pytest.mark.slow
def test_who_does_not_read_is_left_when_the_time_is_over(tmp_path):
    with process(tmp_path) as server:
        lazy = server.open(n=64, logprobs=20)  # more than the system keeps for it
        assert lazy.recv(8) == b"HTTP/1.1"
        server.process.send_signal(signal.SIGTERM)
        server.process.wait(timeout=GRACE + 20)
        assert "Traceback" not in server.said()


@pytest.mark.parametrize("loop", ["uvloop", "asyncio"])
def test_it_goes_on_when_no_more_files_can_be_opened(tmp_path, loop):
    if loop == "uvloop":
        pytest.importorskip("uvloop")
    without = () if loop == "uvloop" else ("uvloop",)
    with process(tmp_path, files=64, without=without) as server:
        assert server.write(max_tokens=5).status_code == 200  # the model is loaded
        connections = [server.connect() for _ in range(100)]
        time.sleep(0.5)
        for each in connections:
            each.close()
        with httpx2.Client(base_url=server.http.base_url, timeout=30) as http:
            assert http.get("/health").status_code == 200
        said = server.said()
        assert said == "" or re.fullmatch("WARNING: .*Too many open files.*\n", said)
