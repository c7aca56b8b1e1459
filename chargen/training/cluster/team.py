"""Workers that have met: they talk, and each notices when another one is gone.

Every worker says each second that it is there, from a thread of its own, and worker 0 hears it from
all, the others from worker 0. One that is killed closes its connection, which is noticed at once.
One that is stopped, or cut off, is silent. Either way, worker 0 says to all who is gone. Whoever
waits for TensorFlow by then can wait for ever, so after some seconds the process is ended.
"""

import math
import os
import queue
import signal
import statistics
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from typing import Any, Self

from chargen.errors import ChargenError, ClusterError, Interrupted
from chargen.storage.arrays import Arrays
from chargen.training.cluster.channel import Channel, Message
from chargen.training.cluster.members import Members, begin_with

SILENCE = 15.0  # seconds without a word after which a worker counts as gone
_LOADING_SILENCE = 120.0  # the same while libraries load, during which a process can say nothing
_PULSE = 1.0  # seconds between two words
_BACKEND = "chargen.training.backend"
_GRACE = 5.0  # seconds that the process has to end by itself, before it is ended
_MIN_STEP, _STEPS, _FIRST_STEPS = 30.0, 20, 600.0  # seconds; times the median; while few are known
_KNOWN = 5  # steps
_FAREWELL = 2.0  # seconds that the others have to read why this worker ends
WAY_OUT = "To go on from the last save, start every worker again, with --resume."


class Team:
    """The other workers, as one of them sees them; a context that ends with the training.

    Args:
        members: the workers.
        channels: a connection to each that this one talks to, by its number.
    """

    def __init__(self, members: Members, channels: dict[int, Channel]) -> None:
        self.members = members
        self._channels = channels
        self._inboxes: dict[int, queue.SimpleQueue[Message | None]] = {
            index: queue.SimpleQueue() for index in channels
        }
        self._failure: ChargenError | None = None
        self._is_over = threading.Event()
        self._failing = threading.Lock()
        self._listeners: list[threading.Thread] = []
        self._signals: list[int] = []  # that others received
        self._on_signal: Callable[[int], object] = self._signals.append
        self._times: list[float] = []  # of the latest steps, in seconds
        self._due = math.inf  # when a step that was begun must have ended
        self._silence = _LOADING_SILENCE
        self.way_out = ""  # how to go on, once there is something to go on from

    def __enter__(self) -> Self:
        self._listeners = [_start(self._listen, index) for index in self._channels]
        _start(self._watch)
        for channel in self._channels.values():
            _start(self._pulse, channel)
        return self

    def __exit__(self, kind: object, error: BaseException | None, at: object) -> None:
        """Tell the others why this worker ends, if they do not know, and end the connections."""
        self._is_over.set()
        if error is not None and error is not self._failure:
            name = begin_with(self.members.name(self.members.index))
            is_about_all = isinstance(error, ClusterError | Interrupted) and self.members.leads
            reason = str(error) if is_about_all else f"{name} has ended: {error}"
            if isinstance(error, KeyboardInterrupt):
                reason = f"{name} was stopped."
                error = Interrupted(reason, signal.SIGINT)
            elif not isinstance(error, ChargenError):
                reason = f"{name} has ended with an error: {type(error).__name__}."
                error = ClusterError(reason)
            self._tell_failure(error, reason)
        # A connection that is closed while something comes in takes with it what was sent last.
        for channel in self._channels.values():
            channel.say_no_more()
        limit = time.monotonic() + (_FAREWELL if error is not None else self._silence)
        while any(map(threading.Thread.is_alive, self._listeners)) and time.monotonic() < limit:
            time.sleep(0.01)
        for channel in self._channels.values():
            channel.close()

    def tell(self, kind: str, arrays: Arrays | None = None, **values: Any) -> None:
        """Tell all others.

        Raises:
            ClusterError: if one of them is gone.
        """
        for index, channel in self._channels.items():
            self._check()
            try:
                channel.send(kind, arrays, **values)
            except OSError:
                self._lose(index, "its connection was closed")
        self._check()

    def finish(self, arrays: Arrays) -> None:
        """Tell all others that the training is over; from now on, nobody who goes is missed."""
        self._is_over.set()
        for channel in self._channels.values():
            with suppress(OSError):  # one that is gone, or stopped
                channel.set_timeout(self._silence)
                channel.send("finished", arrays)

    def hear(self, index: int, kind: str | None = None) -> Message:
        """Wait for the next message of a worker.

        Raises:
            ClusterError: if one of the workers is gone, or says something else than `kind`.
            Interrupted: if the training was stopped by a signal.
        """
        message = self._inboxes[index].get()
        self._check()
        if message is None or kind not in (None, message.kind):
            raise ClusterError(f"{self.members.name(index)} talks like another version of chargen.")
        return message

    def hear_all(self, kind: str) -> dict[int, Message]:
        """Wait for a message of this kind from each of the others; return them by number."""
        return {index: self.hear(index, kind) for index in self._channels}

    def on_signal(self, act: Callable[[int], object]) -> None:
        """Call a function with a signal's number when another worker has received one."""
        self._on_signal = act
        while self._signals:
            act(self._signals.pop())

    def have_loaded(self) -> None:
        """Expect a word from everybody in shorter time, as they have loaded their libraries."""
        self._silence = SILENCE

    def expect_compiling(self) -> None:
        """Forget how long steps took, as the next ones are compiled first."""
        self._times = []

    @contextmanager
    def step(self) -> Iterator[None]:
        """Notice, within the context, if a step takes far longer than those before.

        Everybody can be there while a step cannot end: a connection between two others is cut.

        Raises:
            ClusterError: instead of TensorFlow's error, if a worker is gone.
        """
        known = len(self._times) >= _KNOWN
        limit = max(_MIN_STEP, _STEPS * statistics.median(self._times)) if known else _FIRST_STEPS
        began = time.monotonic()
        self._due = began + limit
        try:
            yield
        except Exception as error:
            if not hasattr(error, "error_code"):  # which TensorFlow's errors of computation have
                raise
            raise self._explanation(error) from None
        finally:
            self._due = math.inf
        self._times = [*self._times[-20:], time.monotonic() - began]

    def _explanation(self, error: Exception) -> ChargenError:
        """Return what an error of TensorFlow's means: mostly, that a worker is gone."""
        limit = time.monotonic() + self._silence + 2 * _PULSE
        while self._failure is None and time.monotonic() < limit:
            time.sleep(0.05)
        if self._failure is not None:
            return self._failure
        lines = [line for line in str(error).splitlines() if line.strip()]
        what = lines[-1] if lines else type(error).__name__
        return ClusterError(f"TensorFlow could not finish a step: {what} {self.way_out}".strip())

    def _check(self) -> None:
        if self._failure is not None:
            raise self._failure

    def _listen(self, index: int) -> None:
        """Take the messages of a worker, until its connection ends."""
        while True:
            try:
                message = self._channels[index].receive()
            except OSError:
                self._lose(index, "its connection was closed")
                return
            if message.kind == "finished":
                self._is_over.set()
            if message.kind == "failed":
                self._fail(_told(message))
            elif message.kind == "signal":
                self._on_signal(int(message.values["number"]))
            elif message.kind != "here":
                self._inboxes[index].put(message)

    def _pulse(self, channel: Channel) -> None:
        """Say each second that this worker is there; whoever listens there notices if it fails."""
        with suppress(OSError):
            while not self._is_over.wait(_PULSE):
                channel.pulse()

    def _watch(self) -> None:
        """Notice who is silent or late."""
        while not self._is_over.wait(_PULSE):
            for index, channel in self._channels.items():
                if time.monotonic() - channel.heard > self._silence:
                    self._lose(index, f"nothing was heard of it for {self._silence:g} seconds")
            if time.monotonic() > self._due:
                self._fail(
                    ClusterError(
                        "A step has taken far longer than those before, though no worker is "
                        "silent; a connection between two of them may be cut. " + self.way_out
                    )
                )

    def _lose(self, index: int, why: str) -> None:
        reason = f"{begin_with(self.members.name(index))} is gone: {why}. {self.way_out}"
        self._fail(ClusterError(reason.strip()))

    def _fail(self, failure: ChargenError) -> None:
        """Let everybody know of the first failure, and see to it that this process ends."""
        with self._failing:
            if self._is_over.is_set() or self._failure is not None:
                return
            self._failure = failure
        _start(self._end, failure)
        for inbox in self._inboxes.values():
            inbox.put(None)
        if self.members.leads:
            self._tell_failure(failure, str(failure))

    def _tell_failure(self, failure: ChargenError, reason: str) -> None:
        number = failure.exit_code - 128 if isinstance(failure, Interrupted) else None

        def tell(channel: Channel) -> None:
            with suppress(OSError):
                channel.send("failed", reason=reason, signal=number)

        # Something may be under way to one that is stopped; nobody waits for that.
        telling = [_start(tell, each) for each in self._channels.values()]
        for each in telling:
            each.join(_FAREWELL / len(telling))

    def _end(self, failure: ChargenError) -> None:
        """End the process, if it waits for TensorFlow in vain."""
        if not self._is_over.wait(_GRACE):
            if _BACKEND in sys.modules:
                import_module(_BACKEND)  # while it is imported, what is written is held back
            sys.stderr.write(f"\nError: {failure}\n")
            sys.stderr.flush()
            os._exit(failure.exit_code)


def _start(function: Callable[..., object], *args: Any) -> threading.Thread:
    """Run a function beside, in a thread that does not keep the process alive."""
    thread = threading.Thread(target=function, args=args, daemon=True)
    thread.start()
    return thread


def _told(message: Message) -> ChargenError:
    """Return the failure that another worker tells of."""
    reason, number = str(message.values["reason"]), message.values["signal"]
    return ClusterError(reason) if number is None else Interrupted(reason, number)
