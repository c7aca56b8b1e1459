"""Start the workers of one training on this machine, and leave none of them behind.

The workers are in a process group of their own, so that the Ctrl-C of a terminal reaches them once:
passed on by the launcher. The first process of that group is the `guard`, which ends them where the
launcher is killed.
"""

import math
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from itertools import pairwise
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

from chargen.config.presets import available_cores
from chargen.errors import RunError
from chargen.training.interrupt import handled

PATIENCE = 30.0  # seconds that workers have to end by themselves
_LAST_LINES = 1.0  # seconds until what a worker said at last is read, even if its children live on
# The ports that a system gives to outgoing connections begin at 32768 or above. One of those could
# be taken between its choice and the worker's start.
_PORTS = range(20_000, 32_768)
_TOPOLOGY = "/sys/devices/system/cpu/cpu{}/topology/"
_HANG_UP = getattr(signal, "SIGHUP", None)

Show = Callable[[int, str], object]


def launch(commands: Sequence[Sequence[str]], *, show: Show, patience: float = PATIENCE) -> int:
    """Run a process for each command until all have ended; return the exit code.

    A first signal that asks to stop is passed on to all; a second one ends all at once. Where one
    fails, or the first ends, the others have some seconds to end by themselves.

    Args:
        commands: the words of each worker's command; what the first prints is our output.
        show: called with a worker's place and a line that it said, without the line end; never by
            two threads at a time. An OSError of it is ignored.
        patience: the seconds.

    Returns:
        0 if all workers return that, else what the first one that failed returns; 128 and the
        signal's number if a signal came.

    Raises:
        RunError: if a process cannot be started.
    """
    events: SimpleQueue[int | _Worker] = SimpleQueue()
    lock = threading.Lock()

    def show_one(place: int, line: str) -> None:
        with lock, suppress(OSError):  # nobody reads it any more; the workers go on
            show(place, line)

    with handled(lambda number, frame: events.put(number)), _guard(patience) as guard:
        workers: list[_Worker] = []
        try:
            for command, cores in zip(commands, core_shares(len(commands)), strict=True):
                workers.append(_Worker(len(workers), command, guard.pid, cores, len(commands)))
                workers[-1].listen(show_one, events)
            return _wait(workers, events, show_one, patience)
        finally:
            os.killpg(guard.pid, signal.SIGKILL)
            for worker in workers:
                worker.join()


def addresses(workers: int) -> list[str]:
    """Return an address on this machine for each worker, whose port nobody uses."""
    found: list[str] = []
    with ExitStack() as taken:
        for port in random.sample(_PORTS, len(_PORTS)):
            if len(found) == workers:
                break
            listening = taken.enter_context(socket.socket())
            with suppress(OSError):
                listening.bind(("127.0.0.1", port))
                found.append(f"127.0.0.1:{port}")
    return found


def core_shares(workers: int) -> list[list[int]]:
    """Return the cores for each worker: neighbours, so that few workers' cores span two sockets.

    They are empty where there are fewer cores than workers, or where the system lets no process be
    kept to some cores.
    """
    if not hasattr(os, "sched_getaffinity"):
        return [[]] * workers
    cores = sorted(os.sched_getaffinity(0), key=_place_of)
    if len(cores) < workers:
        return [[]] * workers
    bounds = [len(cores) * each // workers for each in range(workers + 1)]
    return [cores[first:end] for first, end in pairwise(bounds)]


def _place_of(core: int) -> tuple[int, int, int]:
    """Return what cores are sorted by: socket, core, number. Two numbers may share a core."""
    folder = Path(_TOPOLOGY.format(core))
    try:
        socket_of = int((folder / "physical_package_id").read_text())
        return socket_of, int((folder / "core_id").read_text()), core
    except (OSError, ValueError):
        return 0, core, core


class _Worker:
    """A process of the training.

    Args:
        place: which one it is.
        command: its words.
        group: the process group that it is put into.
        cores: those that it is kept to, if there are any.
        workers: how many there are.

    Raises:
        RunError: if it cannot be started.
    """

    def __init__(
        self, place: int, command: Sequence[str], group: int, cores: Sequence[int], workers: int
    ) -> None:
        self.place = place
        environment = {**os.environ}
        if not cores:
            threads = str(max(1, available_cores() // workers))
            environment = {"TF_NUM_INTRAOP_THREADS": threads, "OMP_NUM_THREADS": threads}
            environment |= os.environ
        environment.pop("TF_CONFIG", None)  # it is about other workers than these
        is_first = place == 0
        try:
            self._process = subprocess.Popen(  # noqa: S603 (our own program)
                command,
                stdin=subprocess.DEVNULL,
                stdout=None if is_first else subprocess.PIPE,
                stderr=subprocess.PIPE if is_first else subprocess.STDOUT,
                text=True,
                errors="backslashreplace",
                env=environment,
                process_group=group,
            )
        except OSError as error:
            raise RunError(f"Worker {place} could not be started: {error.strerror}.") from None
        self._threads: list[threading.Thread] = []
        if cores:
            # Before it has made threads, which inherit this. TensorFlow, NumPy and the presets take
            # the number of these cores for that of the machine.
            with suppress(OSError):  # it is over, or the system forbids it
                os.sched_setaffinity(self._process.pid, cores)

    def listen(self, show: Show, ended: "SimpleQueue[int | _Worker]") -> None:
        """Show what the worker says; put it into a queue when it has ended."""
        stream: Any = self._process.stderr or self._process.stdout

        def read() -> None:
            with stream:
                for line in stream:
                    show(self.place, line.removesuffix("\n"))

        def wait() -> None:
            self._process.wait()
            reader.join(_LAST_LINES)
            ended.put(self)

        reader = threading.Thread(target=read, daemon=True)
        self._threads = [reader, threading.Thread(target=wait, daemon=True)]
        for each in self._threads:
            each.start()

    @property
    def code(self) -> int:
        """The exit code of a worker that has ended, negative if a signal ended it."""
        return self._process.wait()

    def send(self, number: int) -> None:
        """Send it a signal."""
        self._process.send_signal(number)

    def join(self) -> None:
        """Wait until it has ended, and what it said has been shown."""
        for each in self._threads:
            each.join(_LAST_LINES)


def _wait(
    workers: Sequence[_Worker], events: "SimpleQueue[int | _Worker]", show: Show, patience: float
) -> int:
    """Return the exit code when all workers have ended, or are to be ended."""
    running, deadline = set(workers), math.inf
    failed = received = 0
    while running:
        try:
            left = None if deadline == math.inf else max(0.0, deadline - time.monotonic())
            event = events.get(timeout=left)
        except Empty:
            failed = failed or 128 + signal.SIGKILL
            for each in running:
                show(each.place, f"Ended by force: it went on for {patience:g} seconds alone.")
            break
        if isinstance(event, int):
            if received and event == _HANG_UP:
                continue  # a terminal that is closed sends several
            if received:
                return 128 + event
            received = event
            for each in running:
                each.send(event)
            continue
        running.remove(event)
        if event.code < 0 and not received:
            show(event.place, _killed(-event.code))
        if event.code or event.place == 0:
            deadline = min(deadline, time.monotonic() + patience)
        failed = failed or (event.code if event.code >= 0 else 128 - event.code)
    return 128 + received if failed and received else failed


def _killed(number: int) -> str:
    """Return a line about a worker that a signal ended."""
    hint = " Perhaps there was too little memory." if number == signal.SIGKILL else ""
    return f"Ended by {signal.Signals(number).name}.{hint}"


def _guard(patience: float) -> "subprocess.Popen[bytes]":
    """Start what ends its process group, which is new, when this process is gone."""
    return subprocess.Popen(  # noqa: S603 (our own program)
        [sys.executable, "-I", "-S", str(Path(__file__).with_name("guard.py")), str(patience)],
        stdin=subprocess.PIPE,  # no worker inherits its other end
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        process_group=0,
    )
