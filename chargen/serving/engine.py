"""The scheduler: one thread that writes the texts of all requests, side by side.

    submitted --> waiting --> reading its prompt --> in the batch --> over
                                                         |
                            each step draws one character of every text in the batch

Texts join and leave at any character. A long prompt is read a slice at a time between steps, so it
holds back nobody. What was written goes to the caller's thread: at once where a text begins or
ends, else forty times a second, or less often where there are many, as each costs that thread time.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterable
from time import perf_counter

from chargen.errors import ChargenError
from chargen.generation.batching import Batch
from chargen.generation.blas import held
from chargen.generation.decoder import MAX_BATCH, MakeDecoder
from chargen.generation.generate import Sequence
from chargen.generation.state import Floats, State
from chargen.serving.texts import Text

MAX_WAITING = 1024  # texts, before more are refused
_DELIVER_EVERY = 0.025  # seconds
_DELIVER_EACH = 0.001  # seconds for each text, where that makes more
_READ_BESIDE = 0.008  # seconds for prompts between two steps, or as long as three steps take
_READ_ALONE = 0.05  # the same, when no text is being written


class Overloaded(ChargenError):
    """More texts wait than the server keeps; the message says how many."""


class Engine:
    """Write texts in a thread of its own.

    Args:
        max_batch: how many texts are written side by side.
        max_waiting: how many more may wait.
        stepped: is told after each step how many texts were in it, and how many seconds it took.
    """

    def __init__(
        self,
        *,
        max_batch: int = MAX_BATCH,
        max_waiting: int = MAX_WAITING,
        stepped: Callable[[int, float], object] = lambda texts, seconds: None,
    ) -> None:
        self._stepped = stepped
        self._max_batch, self._max_waiting = max_batch, max_waiting
        self._changed = threading.Condition()
        self._waiting: deque[Text] = deque()
        self._cancelled: set[Text] = set()
        self._is_closed = False
        self._reading: deque[Text] = deque()
        self._batches: dict[MakeDecoder, Batch] = {}
        self._writing: dict[Sequence, Text] = {}
        self._to_deliver: dict[Text, None] = {}
        self._urgent: dict[Text, None] = {}  # of those, the ones that have begun or ended
        self._stepping = 0.0  # seconds that the last step took
        self._delivered = 0.0  # when texts were delivered last
        self._thread = threading.Thread(target=self._run, name="chargen-engine", daemon=True)

    def start(self, call: Callable[[Callable[[], object]], object]) -> None:
        """Start the thread.

        Args:
            call: runs a function in the thread of those who submit, such as an event loop's
                `call_soon_threadsafe`.
        """
        self._call = call
        self._thread.start()

    @property
    def waiting(self) -> int:
        """Return how many texts wait."""
        return len(self._waiting)

    @property
    def active(self) -> int:
        """Return how many texts are read or written now."""
        return len(self._reading) + len(self._writing)

    def submit(self, texts: Iterable[Text]) -> None:
        """Let texts wait for their turn, all or none.

        Raises:
            Overloaded: if too many wait.
        """
        several = list(texts)
        with self._changed:
            free = self._max_batch - self.active
            if len(self._waiting) + len(several) > self._max_waiting + max(0, free):
                raise Overloaded(
                    f"The server is busy: {len(self._waiting):,} texts wait, and it keeps "
                    f"{self._max_waiting:,}. Try again later."
                )
            self._waiting += several
            self._changed.notify()

    def cancel(self, texts: Iterable[Text]) -> None:
        """Forget texts, from the next step on; those that are over already may be among them."""
        with self._changed:
            self._cancelled.update(text for text in texts if not text.is_over)
            self._changed.notify()

    def close(self) -> None:
        """End the thread; what is not over is left as it is."""
        with self._changed:
            self._is_closed = True
            self._changed.notify()
        self._thread.join()

    # From here on, in the engine's thread.

    def _run(self) -> None:
        while self._wait():
            with held():
                while not self._is_closed and (self._reading or self._writing):
                    self._read_prompts()
                    self._step()
                    self._deliver()
                    self._take_changes()
            self._deliver(at_once=True)

    def _wait(self) -> bool:
        """Wait until there is something to do; return whether there is, not an end."""
        with self._changed:
            while not (self._waiting or self._cancelled or self._is_closed):
                self._changed.wait()
        self._take_changes()
        return not self._is_closed

    def _take_changes(self) -> None:
        """Let the cancelled leave, and those who wait join while there is room."""
        with self._changed:
            cancelled, self._cancelled = self._cancelled, set()
            if cancelled:
                self._waiting = deque(text for text in self._waiting if text not in cancelled)
            for text in cancelled:
                self._leave(text)
            while self._waiting and self.active < self._max_batch:
                self._reading.append(self._waiting.popleft())

    def _leave(self, text: Text) -> None:
        text.is_over = True
        self._to_deliver.pop(text, None)
        self._urgent.pop(text, None)
        if text in self._reading:
            self._reading.remove(text)
        if self._writing.pop(text.sequence, None) is not None:
            self._batches[text.prompt.make_decoder].remove(text.sequence)

    def _read_prompts(self) -> None:
        """Read slices of prompts in turn, for a short time; who has read all joins its batch."""
        beside = max(_READ_BESIDE, 3 * self._stepping)
        deadline = perf_counter() + (beside if self._writing else _READ_ALONE)
        while self._reading:
            text = self._reading.popleft()
            try:
                after = text.prompt.read()
                if after is None:
                    self._reading.append(text)
                else:
                    self._join(text, *after)
            except Exception as error:
                self._break(text, error)
            if perf_counter() > deadline:
                return

    def _join(self, text: Text, state: State, logits: Floats) -> None:
        if text.sequence.finish_reason is not None:  # nothing is to be written
            text.state = text.prompt.before if text.keeps_state else None
            self._end(text)
            return
        batch = self._batches.setdefault(text.prompt.make_decoder, Batch(text.prompt.make_decoder))
        batch.add(text.sequence, state, logits)
        self._writing[text.sequence] = text

    def _step(self) -> None:
        """Draw a character of each text."""
        for make_decoder, batch in list(self._batches.items()):
            if not len(batch):
                del self._batches[make_decoder]  # and with it the weights, if nobody else has them
                continue
            began, several = perf_counter(), len(batch)
            try:
                for sequence, piece in batch.step():
                    self._take(self._writing[sequence], piece, batch)
            except Exception as error:
                del self._batches[make_decoder]
                for text in list(self._writing.values()):
                    if text.prompt.make_decoder is make_decoder:
                        self._break(text, error)
            self._stepping = perf_counter() - began
            self._stepped(several, self._stepping)

    def _take(self, text: Text, piece: str, batch: Batch) -> None:
        if piece:
            text._pieces.append(piece)
            self._to_deliver[text] = None
            if not text._is_begun:
                text._is_begun = True
                self._urgent[text] = None
        if text.sequence.finish_reason is not None:
            if text.keeps_state:
                text.state = batch.state_of(text.sequence)
            batch.remove(text.sequence)
            del self._writing[text.sequence]
            self._end(text)

    def _break(self, text: Text, error: Exception) -> None:
        text.error = error
        self._writing.pop(text.sequence, None)
        self._end(text)

    def _end(self, text: Text) -> None:
        text.is_over = True
        self._to_deliver[text] = self._urgent[text] = None

    def _deliver(self, *, at_once: bool = False) -> None:
        """Give away what was written, if it is time to."""
        now, several = perf_counter(), len(self._to_deliver)
        wait = max(_DELIVER_EVERY, _DELIVER_EACH * several)
        if at_once or now - self._delivered >= wait:
            self._delivered, texts = now, list(self._to_deliver)
        else:
            texts = list(self._urgent)
        self._urgent.clear()
        if not texts:
            return
        parcel = [(text.deliver, "".join(text._pieces), text.is_over) for text in texts]
        for text in texts:
            text._pieces.clear()
            del self._to_deliver[text]

        def hand_over() -> None:
            for deliver, piece, is_over in parcel:
                deliver(piece, is_over)

        self._call(hand_over)
