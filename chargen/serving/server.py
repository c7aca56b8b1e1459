"""The process that serves: its socket, its signals, its end."""

import asyncio
import errno
import logging
import os
import socket
from collections.abc import Callable
from time import monotonic
from types import FrameType
from typing import Any

import uvicorn
from fastapi import FastAPI

from chargen.errors import SettingError

GRACE = 30  # seconds for requests in flight when the server ends
_FULL = (errno.EMFILE, errno.ENFILE)
_TELL_AGAIN = 60.0  # seconds until the same trouble is told again
_LOG = logging.getLogger("uvicorn.error")
_BACKLOG = 2048  # connections that the system keeps until they are taken


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens.

    Args:
        host: name or address.
        port: 0 for one that is free.

    Raises:
        SettingError: if the port is taken, or the host is none of this machine's.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (OSError, UnicodeError):
        raise SettingError(f"host {host!r} is no name or address here.", setting="host") from None
    listening = socket.socket(family, kind, protocol)
    try:
        if os.name != "nt":  # there it would share a port that another program has
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(_BACKLOG)
    except OSError as error:
        listening.close()
        reason = error.strerror or str(error)
        message = (
            f"port {port} of {host} cannot be had: {reason}; choose another --port, or 0 for any."
        )
        raise SettingError(message, setting="port") from None
    return listening


class _Server(uvicorn.Server):
    """uvicorn, which ends when the requests in flight are answered; on a second signal, at once."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if self.should_exit:
            os._exit(128 + sig)  # else each task that is cancelled would tell of it
        app = self.config.app
        if isinstance(app, FastAPI):
            app.state.service.is_draining = True
        super().handle_exit(sig, frame)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        asyncio.get_running_loop().set_exception_handler(_Failures())
        await super().startup(sockets)


class _Failures:
    """Tell what fails in the event loop: in one line and seldom, where files run out."""

    def __init__(self) -> None:
        self._told = -_TELL_AGAIN

    def __call__(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if not isinstance(error, OSError) or error.errno not in _FULL:
            loop.default_exception_handler(context)
        elif monotonic() - self._told >= _TELL_AGAIN:
            self._told = monotonic()
            _LOG.warning(
                "A connection could not be taken: %s. `ulimit -n` allows more.", error.strerror
            )


def _is_no_cancellation(record: logging.LogRecord) -> bool:
    """Return whether a message is not of a request that was ended because its time was over."""
    return record.exc_info is None or record.exc_info[0] is not asyncio.CancelledError


def serve(app: FastAPI, listening: socket.socket, *, on_start: Callable[[], object]) -> None:
    """Serve until a signal ends it.

    Requests in flight then have 30 seconds; a second signal ends them at once.

    Args:
        app: the application.
        listening: the socket, as `listen` gives it.
        on_start: called when requests are about to be answered.
    """
    settings = uvicorn.Config(
        app,
        http="httptools",
        ws="none",
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE,
        lifespan="on",
    )
    logging.getLogger("uvicorn.error").addFilter(_is_no_cancellation)
    server = _Server(settings)
    on_start()
    server.run(sockets=[listening])
