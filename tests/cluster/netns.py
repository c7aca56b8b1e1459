"""Several machines in one: network namespaces that a bridge joins, with links to slow and to cut.

    with network(3) as machines:
        machines.shape(rate="100mbit")
        process = machines.popen(0, [sys.executable, "-c", "..."])
        machines.cut(1)

Machine i has the address `machines.addresses[i]`. It needs root on Linux, and iproute2; where that
is not given, `network` skips the test. The processes of a machine are killed with it.
"""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import pytest

_SUBNET = "10.77.0"  # nothing outside sees it
# Bytes that may be sent at once: more than a system hands to a network card in one piece, or fast
# links come out slower than asked for.
_BURST = "256kb"


class Machines:
    """Namespaces, each with a link to a bridge in one more; see `network`.

    Args:
        count: how many.
    """

    def __init__(self, count: int) -> None:
        self.addresses = [f"{_SUBNET}.{place + 1}" for place in range(count)]
        name = f"chargen-{os.getpid()}-{time.monotonic_ns()}"
        self._names = [f"{name}-{place}" for place in range(count)]
        self._hub = f"{name}-hub"

    def make(self) -> None:
        """Make the machines and join them."""
        _run("ip", "netns", "add", self._hub)
        _run("ip", "-n", self._hub, "link", "add", "bridge", "up", "type", "bridge")
        for port, name, address in self._ports():
            _run("ip", "netns", "add", name)
            inside = ("ip", "-n", name)
            _run(*inside, "link", "set", "lo", "up")
            peer = ("peer", "name", port, "netns", self._hub)
            _run(*inside, "link", "add", "eth0", "up", "type", "veth", *peer)
            _run(*inside, "address", "add", f"{address}/24", "dev", "eth0")
            _run("ip", "-n", self._hub, "link", "set", port, "master", "bridge", "up")

    def popen(self, place: int, command: Sequence[str], **more: Any) -> "subprocess.Popen[Any]":
        """Start a command on a machine; the process's number is the command's."""
        return subprocess.Popen(["ip", "netns", "exec", self._names[place], *command], **more)

    def shape(self, rate: str) -> None:
        """Let each machine send, and receive, at most so much, such as 100mbit."""
        for port, name, _ in self._ports():
            for namespace, link in ((name, "eth0"), (self._hub, port)):
                bucket = ("tbf", "rate", rate, "burst", _BURST, "latency", "20ms")
                _run("tc", "-n", namespace, "qdisc", "replace", "dev", link, "root", *bucket)

    def cut(self, place: int) -> None:
        """Lose all that a machine sends and receives, which neither it nor a peer is told."""
        _run("ip", "-n", self._hub, "link", "set", f"port{place}", "nomaster")

    def mend(self, place: int) -> None:
        """Join a machine again that was cut off."""
        _run("ip", "-n", self._hub, "link", "set", f"port{place}", "master", "bridge")

    def remove(self) -> None:
        """Kill the processes of all machines, and remove what was made, even if that is a part."""
        for name in [*self._names, self._hub]:
            with suppress(subprocess.CalledProcessError):  # there is none
                for pid in _run("ip", "netns", "pids", name).split():
                    with suppress(ProcessLookupError):
                        os.kill(int(pid), signal.SIGKILL)
                _run("ip", "netns", "delete", name)

    def _ports(self) -> list[tuple[str, str, str]]:
        """Return, for each machine, its end at the bridge, its namespace and its address."""
        ports = (f"port{place}" for place in range(len(self._names)))
        return list(zip(ports, self._names, self.addresses, strict=True))


@contextmanager
def network(count: int) -> Iterator[Machines]:
    """Give so many machines, joined by a bridge; skip the test where they cannot be had."""
    if shutil.which("ip") is None or shutil.which("tc") is None:
        pytest.skip("needs iproute2")
    machines = Machines(count)
    try:
        try:
            machines.make()
        except subprocess.CalledProcessError as error:
            pytest.skip(f"needs network namespaces: {error.stderr.strip()}")
        yield machines
    finally:
        machines.remove()


def _run(*words: str) -> str:
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout
