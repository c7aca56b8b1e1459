"""Turn Ctrl-C, SIGTERM and SIGHUP into a list that the training loop reads between steps."""

import math
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from chargen.errors import Interrupted

_LEAVING = (signal.SIGINT, signal.SIGTERM)  # the second of which does not wait
_HANG_UP = getattr(signal, "SIGHUP", None)  # the terminal is gone; Windows has no such signal
_PATIENCE = 1.0  # seconds


@contextmanager
def caught_signals() -> Iterator[list[int]]:
    """Give a list to which the first signal that asks to stop is added; a second ends the process.

    Python runs signal handlers in the main thread only, and not before a compiled step returns,
    which takes seconds with a large network; two signals by then count as one. So another thread
    reads the signals as they arrive, and at the second ends the process at once, with the exit code
    that a shell expects. Files are written atomically, so only what was not yet saved is lost.

    SIGHUP is one of them, unless it is ignored, as under nohup. A terminal that is closed sends
    several, so they never count as the second.

    Only the main thread can handle signals; in another thread, the list stays empty.
    """
    received: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield received
        return
    reader, writer = socket.socketpair()
    writer.setblocking(False)
    watcher = threading.Thread(target=_watch, args=(reader,), daemon=True)
    watcher.start()
    descriptor = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
    try:
        with handled(lambda number, frame: received.append(number)):
            yield received
    finally:
        signal.set_wakeup_fd(descriptor)
        writer.close()  # which ends the watcher
        watcher.join()
        reader.close()


@contextmanager
def interruptible() -> Iterator[None]:
    """Let a signal that asks to stop end the body at once, before there is anything to save.

    Raises:
        Interrupted: if one came, even if the body caught what it raised there.
    """
    received: list[int] = []
    last = -math.inf

    def stop(number: int, frame: FrameType | None) -> None:
        nonlocal last
        received.append(number)
        last, before = time.monotonic(), last
        if last - before > _PATIENCE:  # else the body is on its way out; but it may have caught it
            raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    try:
        with handled(stop):
            yield
    except BaseException:
        if not received:
            raise
    if received:
        message = "Stopped before the first step; nothing was changed."
        raise Interrupted(message, received[0]) from None


@contextmanager
def handled(handler: Callable[[int, FrameType | None], object]) -> Iterator[None]:
    """Handle the signals that ask to stop; put back afterwards how they were handled."""
    numbers = [*_LEAVING]
    if _HANG_UP is not None and signal.getsignal(_HANG_UP) != signal.SIG_IGN:
        numbers.append(_HANG_UP)
    before = {each: signal.signal(each, handler) for each in numbers}
    try:
        yield
    finally:
        for each, old in before.items():
            signal.signal(each, old)


def _watch(reader: socket.socket) -> None:
    """End the process at SIGINT or SIGTERM, if one of the signals came before."""
    arrived = 0
    while number := reader.recv(1):
        if arrived and number[0] in _LEAVING:
            with suppress(OSError):  # nobody may read it any more
                os.write(2, b"\n")  # below the progress bar
            os._exit(128 + number[0])
        arrived += number[0] in (*_LEAVING, _HANG_UP)
