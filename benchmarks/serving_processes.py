"""The programs that serving.py compares, each on the server's core, with one thread.

The first core is the client's, the last one the server's.
"""

import multiprocessing
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple

from chargen.language_model import load

_AVAILABLE = sorted(os.sched_getaffinity(0))
CLIENT_CORE, SERVER_CORE = _AVAILABLE[0], _AVAILABLE[-1]
_ADDRESS = re.compile(r"http://127\.0\.0\.1:(\d+)")
_STARTING = 120  # seconds that a server may take
_ENDING = 60


class Times(NamedTuple):
    """How long something took, in seconds."""

    clock: float
    core: float  # so long the core worked on it; it hardly depends on what else runs

    def since(self, before: "Times") -> "Times":
        return Times(self.clock - before.clock, self.core - before.core)


def times(pid: int) -> Times:
    """The clock, and how long the core has worked for a program."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    ticks = int(fields[11]) + int(fields[12])
    return Times(time.perf_counter(), ticks / os.sysconf("SC_CLK_TCK"))


def start(command: Sequence[str], **options: Any) -> subprocess.Popen[bytes]:
    """Start a program of Python's on the server's core."""
    return subprocess.Popen(
        ["taskset", "-c", str(SERVER_CORE), sys.executable, *command],
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
        **options,
    )


@dataclass(frozen=True)
class Server:
    """A server that runs."""

    port: int
    pid: int
    log: Path

    def resident(self) -> float:
        """Megabytes of memory that it holds."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0]) / 1024


@contextmanager
def server(command: Sequence[str], log: Path) -> Iterator[Server]:
    """Run a server that prints its address."""
    with log.open("wb") as file:
        process = start(command, stdout=file, stderr=subprocess.STDOUT)
    try:
        deadline = time.monotonic() + _STARTING
        while (found := _ADDRESS.search(log.read_text(errors="replace"))) is None:
            if process.poll() is not None or time.monotonic() > deadline:
                sys.exit(f"The server did not start:\n{log.read_text(errors='replace')}")
            time.sleep(0.05)
        yield Server(int(found[1]), process.pid, log)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(_ENDING)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class Here:
    """The model in a process of its own, without HTTP."""

    def __init__(self, path: Path) -> None:
        self._pipe, far = multiprocessing.Pipe()
        context = multiprocessing.get_context("spawn")
        self._process = context.Process(target=_write, args=(far, path, SERVER_CORE), daemon=True)
        self._process.start()
        far.close()

    def texts(self, asked: Sequence[dict[str, Any]]) -> tuple[Times, list[str]]:
        """Write texts, each as `LanguageModel.samples` is told; return the times too."""
        self._pipe.send(asked)
        taken, texts = self._pipe.recv()
        return taken, texts

    def close(self) -> None:
        """End the process."""
        self._pipe.send(None)
        self._process.join()


def _write(pipe: Connection, path: Path, core: int) -> None:
    os.sched_setaffinity(0, {core})
    model = load(path, threads=1)
    while asked := pipe.recv():
        before = times(os.getpid())
        texts = [sample.text for each in asked for sample in model.samples(**each)]
        pipe.send((times(os.getpid()).since(before), texts))
