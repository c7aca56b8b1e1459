"""Read the next batch from disk while the step before is computed."""

from concurrent.futures import Future, ThreadPoolExecutor

from chargen.corpus.memory_map import is_mapped, release
from chargen.corpus.streams import Streams
from chargen.text.vocabulary import Ids

_RELEASED_EVERY = 10_000  # batches


class Prefetcher:
    """Gives the batches of streams by number; where they are in a file, reads the next ahead."""

    def __init__(self, streams: Streams) -> None:
        self._streams = streams
        self._thread = ThreadPoolExecutor(1, "prefetch") if is_mapped(streams.ids) else None
        self._ahead: tuple[int, Future[tuple[Ids, ...]]] | None = None

    def batch(self, number: int) -> tuple[Ids, ...]:
        """Return batch `number`, as `Streams.batch` does."""
        if self._thread is None:
            return self._streams.batch(number)
        if self._ahead is not None and self._ahead[0] == number:
            batch = self._ahead[1].result()
        else:
            batch = self._streams.batch(number)
        if number % _RELEASED_EVERY == 0:
            release(self._streams.ids)
        self._ahead = number + 1, self._thread.submit(self._streams.batch, number + 1)
        return batch
