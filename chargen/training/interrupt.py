"""Turn Ctrl-C and SIGTERM into a list that the training loop reads between steps."""

import os
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def caught_signals() -> Iterator[list[int]]:
    """Give a list to which the first SIGINT or SIGTERM is added; a second ends the process.

    Python runs signal handlers in the main thread only, and not before a compiled step returns,
    which takes seconds with a large network; two signals by then count as one. So another thread
    reads the signals as they arrive, and at the second ends the process at once, with the exit code
    that a shell expects. Files are written atomically, so only what was not yet saved is lost.

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
    handlers = {
        each: signal.signal(each, lambda number, frame: received.append(number))
        for each in _SIGNALS
    }
    try:
        yield received
    finally:
        for each, handler in handlers.items():
            signal.signal(each, handler)
        signal.set_wakeup_fd(descriptor)
        writer.close()  # which ends the watcher
        watcher.join()
        reader.close()


def _watch(reader: socket.socket) -> None:
    arrived = 0
    while number := reader.recv(1):
        arrived += number[0] in _SIGNALS
        if arrived > 1:
            os.write(2, b"\n")  # below the progress bar
            os._exit(128 + number[0])
