"""The workers meet, before TensorFlow starts: who is there, and do they fit together?

Everybody connects to worker 0, at the address where TensorFlow will listen afterwards, so that one
port is all that a worker needs; a firewall that lets the meeting pass lets the training pass too.
Worker 0 waits until all have come, judges, and tells everybody: either that they begin, or in one
line who does not fit. The connections stay open.
"""

import os
import queue
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from chargen.config.base import shorten
from chargen.errors import ClusterError
from chargen.training.cluster.channel import Channel
from chargen.training.cluster.members import Members, begin_with, host_and_port

_RETRY = 0.2  # seconds
_LOOK = 0.02  # seconds between two looks at who has said hello, and who is gone
_BACKLOG = 1024  # connections that nobody has looked at yet
_HELLO = 10.0  # seconds that somebody who has connected may take to say who it is
_LEADERS_PATIENCE = 15.0  # seconds that the others wait for worker 0's judgement, after theirs


@dataclass(frozen=True, eq=False)
class _Came:
    """Somebody who says to be a worker."""

    channel: Channel
    host: str
    index: Any  # and what else it says
    addresses: Any
    facts: Mapping[str, Any]


def meet(members: Members, facts: Mapping[str, Any]) -> dict[int, Channel]:
    """Wait for the other workers; return the connections, by the number of the other end.

    Worker 0 has one to each, the others have one to worker 0.

    Args:
        members: the workers.
        facts: what must be equal on all, as plain values by the names that messages use.

    Raises:
        ClusterError: on every worker that has come, if one is missing or does not fit.
    """
    if members.leads:
        return _lead(members, facts)
    with _listen(members):  # so that a port in use is told before anything else
        channel = _join(members, facts)
    return {0: channel}


def _lead(members: Members, facts: Mapping[str, Any]) -> dict[int, Channel]:
    came: list[_Came] = []
    reason: str | None = f"{begin_with(members.name(0))} has ended while it waited for the others."
    try:
        with _listen(members) as listener:
            _receive(listener, came, members)
        reason = next(_misfits(members, facts, came), None)
    finally:  # a signal may have come
        for each in came:
            with suppress(OSError):
                each.channel.send("refused" if reason else "welcome", reason=reason)
                each.channel.set_timeout(None)
            if reason:
                each.channel.close()
    if reason:
        raise ClusterError(reason)
    return {each.index: each.channel for each in came}


def _receive(listener: socket.socket, came: list[_Came], members: Members) -> None:
    """Add those who say hello to `came`, until as many are there as should be, or the time is up.

    Each is heard in a thread of its own, so that a stranger who says nothing holds up nobody.
    """
    deadline = time.monotonic() + members.wait
    said: queue.SimpleQueue[_Came] = queue.SimpleQueue()
    while len(came) < len(members.addresses) - 1 and time.monotonic() < deadline:
        listener.settimeout(_LOOK)
        with suppress(TimeoutError):
            connection, (host, *_) = listener.accept()
            threading.Thread(target=_hear, args=(connection, host, said), daemon=True).start()
        while not said.empty():
            came.append(said.get())
        for each in [each for each in came if each.channel.is_closed()]:  # which was stopped
            came.remove(each)
            each.channel.close()
    while not said.empty():  # one more than there should be
        said.get().channel.close()


def _hear(connection: socket.socket, host: str, said: "queue.SimpleQueue[_Came]") -> None:
    """Put who has connected into a queue, if it is a worker."""
    channel = Channel(connection)
    channel.set_timeout(_HELLO)
    with suppress(OSError, KeyError):  # a port scanner, or a browser
        hello = channel.receive(from_stranger=True)
        values = hello.values
        if hello.kind == "hello" and isinstance(values["facts"], dict):
            said.put(_Came(channel, host, values["index"], values["addresses"], values["facts"]))
            return
    channel.close()


def _misfits(members: Members, facts: Mapping[str, Any], came: list[_Came]) -> Iterator[str]:
    """Yield a line on each thing that does not fit together."""
    hosts: dict[int, str] = {}
    for each in came:
        host, index, addresses, theirs = each.host, each.index, each.addresses, each.facts
        who = f"A worker at {host}"
        if addresses != list(members.addresses):
            yield (
                f"{who} was started with the addresses {shorten(addresses)}, worker 0 with "
                f"{shorten(list(members.addresses))}; they must be the same, in the same order."
            )
            continue
        if not isinstance(index, int) or not 0 < index < len(members.addresses):
            yield f"{who} says that its index is {shorten(index)}, which is none of them."
            continue
        if index in hosts:
            yield (
                f"Two workers say that their index is {index}, at {hosts[index]} and at {host}; "
                "each needs its own."
            )
        hosts[index] = host
        for name in dict.fromkeys([*facts, *theirs]):
            mine, its = (
                shorten(known[name]) if name in known else "none" for known in (facts, theirs)
            )
            if mine != its:
                yield (
                    f"{begin_with(members.name(index))} was started with {name} {its}, worker 0 "
                    f"with {mine}; they must be the same."
                )
    missing = [members.name(i) for i in range(1, len(members.addresses)) if i not in hosts]
    if missing:
        yield (
            f"{begin_with(', '.join(missing))} did not come within {members.wait:g} seconds; start "
            "it with the same --workers, or wait longer with --wait."
        )


def _join(members: Members, facts: Mapping[str, Any]) -> Channel:
    address, deadline = host_and_port(members.addresses[0]), time.monotonic() + members.wait
    while True:
        try:
            channel = Channel(socket.create_connection(address, timeout=_HELLO))
            break
        except OSError as error:
            if time.monotonic() > deadline:
                why = "its name is not known" if isinstance(error, socket.gaierror) else "it did "
                why += "" if isinstance(error, socket.gaierror) else "not answer"
                raise ClusterError(
                    f"There is no {members.name(0)}: {why} within {members.wait:g} seconds. Start "
                    "it with the same --workers, or wait longer with --wait."
                ) from None
            time.sleep(_RETRY)
    try:
        addresses = list(members.addresses)
        channel.send("hello", index=members.index, addresses=addresses, facts=dict(facts))
        channel.set_timeout(members.wait + _LEADERS_PATIENCE)
        answer = channel.receive()
        channel.set_timeout(None)
    except OSError as error:
        channel.close()
        raise ClusterError(
            f"{begin_with(members.name(0))} does not answer as a worker of this chargen does: "
            f"{error}."
        ) from None
    if answer.kind != "welcome":
        channel.close()
        raise ClusterError(str(answer.values.get("reason")))
    return channel


def _listen(members: Members) -> socket.socket:
    """Listen at this worker's own address."""
    name, (host, port) = members.name(members.index), members.address
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        # With SO_REUSEADDR, so that TensorFlow can listen here while these connections are open.
        return socket.create_server(address, family=family, backlog=_BACKLOG)
    except socket.gaierror:
        raise ClusterError(f"The host of {name} is not known.") from None
    except OSError as error:
        raise ClusterError(
            f"This is to be {name}, but it cannot listen there: {os.strerror(error.errno or 0)}. "
            "Is the --worker-index right, and the port free?"
        ) from None
