"""A connection between two workers: messages, each of a few plain values and perhaps arrays.

On the wire, a message is its two lengths, 4 and 8 bytes, big-endian; the values as JSON; the arrays
in the format of safetensors. Nothing that is received is ever run.
"""

import json
import select
import socket
import struct
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from chargen.storage.arrays import Arrays

_LENGTHS = struct.Struct(">IQ")
_PULSE = b'["here", {}]'
_HERE = _LENGTHS.pack(len(_PULSE), 0) + _PULSE
_MAX_VALUES = 64_000_000  # bytes
_MAX_ARRAYS = 2**36
_MAX_STRANGER = 10_000_000  # bytes of a first message, which anybody could send


@dataclass(frozen=True, eq=False)
class Message:
    """What one worker tells another."""

    kind: str
    values: Mapping[str, Any]
    arrays: Arrays = field(default_factory=dict)


class Channel:
    """Sends and receives messages; several threads may send.

    Attributes:
        heard: when anything came from the other end last, by `time.monotonic`.
    """

    def __init__(self, connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._connection = connection
        self._sending = threading.Lock()
        self.heard = time.monotonic()

    def pulse(self) -> None:
        """Say that this end is there; nothing if something else is being sent.

        Raises:
            OSError: if the connection is closed.
        """
        if self._sending.acquire(blocking=False):
            try:
                self._connection.sendall(_HERE)
            finally:
                self._sending.release()

    def send(self, kind: str, arrays: Arrays | None = None, **values: Any) -> None:
        """Send a message.

        Raises:
            OSError: if the connection is closed.
        """
        from safetensors.numpy import save

        text = json.dumps([kind, values]).encode()
        data = save(dict(arrays)) if arrays else b""
        with self._sending:
            self._connection.sendall(_LENGTHS.pack(len(text), len(data)) + text)
            if data:
                self._connection.sendall(data)

    def receive(self, *, from_stranger: bool = False) -> Message:
        """Wait for the next message.

        Raises:
            OSError: if the connection is closed, or what came is no message.
        """
        from safetensors import SafetensorError
        from safetensors.numpy import load

        text_length, data_length = _LENGTHS.unpack(self._read(_LENGTHS.size))
        most = (_MAX_STRANGER, 0) if from_stranger else (_MAX_VALUES, _MAX_ARRAYS)
        if text_length > most[0] or data_length > most[1]:
            raise OSError("what came is no message of a worker")
        try:
            kind, values = json.loads(self._read(text_length))
            arrays = load(bytes(self._read(data_length))) if data_length else {}
            return Message(kind, dict(values), arrays)
        except (ValueError, TypeError, RecursionError, SafetensorError):
            raise OSError("what came is no message of a worker") from None

    def _read(self, length: int) -> bytearray:
        data = bytearray(length)
        view = memoryview(data)
        while view:
            received = self._connection.recv_into(view)
            if not received:
                raise ConnectionResetError("the connection was closed")
            view = view[received:]
            self.heard = time.monotonic()
        return data

    def set_timeout(self, seconds: float | None) -> None:
        """Let sending and receiving fail after so many seconds; None waits for ever."""
        self._connection.settimeout(seconds)

    def is_closed(self) -> bool:
        """Return whether the other end has gone, of a connection on which it says nothing."""
        readable, _, _ = select.select([self._connection], [], [], 0)
        if not readable:
            return False
        try:
            return not self._connection.recv(1, socket.MSG_PEEK)
        except OSError:
            return True

    def say_no_more(self) -> None:
        """Tell the other end that nothing more is sent; it can still be heard."""
        with suppress(OSError):  # if it was closed from the other end
            self._connection.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """End the connection; whoever waits at either end is told."""
        with suppress(OSError):  # if it was closed from the other end
            self._connection.shutdown(socket.SHUT_RDWR)
        self._connection.close()
