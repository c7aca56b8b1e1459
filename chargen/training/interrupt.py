"""Turn Ctrl-C and SIGTERM into a flag that the training loop reads between steps."""

import os
import signal
import socket
import threading
from types import FrameType, TracebackType
from typing import Any, Self


class Interrupt:
    """While entered, the first SIGINT or SIGTERM sets `received`; a second ends the process.

    Python runs signal handlers in the main thread only, and not before a compiled step returns,
    which takes seconds with a large network; two signals by then count as one. So another thread
    reads the signals as they arrive, and at the second ends the process at once, with the exit code
    that a shell expects. Files are written atomically, so only what was not yet saved is lost.

    Only the main thread can handle signals; entered in another thread, this does nothing.
    """

    _SIGNALS = (signal.SIGINT, signal.SIGTERM)

    def __init__(self) -> None:
        self.received: int | None = None
        self._entered = False

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            self._entered = True
            self._reader, self._writer = socket.socketpair()
            self._writer.setblocking(False)
            self._watcher = threading.Thread(target=self._watch, daemon=True)
            self._watcher.start()
            descriptor = self._writer.fileno()
            self._descriptor_before = signal.set_wakeup_fd(descriptor, warn_on_full_buffer=False)
            self._before: dict[signal.Signals, Any] = {
                each: signal.signal(each, self._receive) for each in self._SIGNALS
            }
        return self

    def _receive(self, number: int, frame: FrameType | None) -> None:
        self.received = number

    def _watch(self) -> None:
        arrived = 0
        while number := self._reader.recv(1):
            arrived += number[0] in self._SIGNALS
            if arrived > 1:
                os.write(2, b"\n")  # below the progress bar
                os._exit(128 + number[0])

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._entered:
            for each, handler in self._before.items():
                signal.signal(each, handler)
            signal.set_wakeup_fd(self._descriptor_before)
            self._writer.close()  # which ends the watcher
            self._watcher.join()
            self._reader.close()
