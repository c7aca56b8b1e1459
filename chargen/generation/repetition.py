"""Keep a text from repeating itself: no stretch of so many characters comes twice."""

import numpy as np

from chargen.generation.state import Floats

_SHORTEST = 5  # characters that repeat before their repetition is made less likely
_LONGEST_KEY = 32  # characters by which earlier places are looked up
_MOST_PLACES = 1_000  # of one key, the last of which are kept: a run of spaces has as many as it is
_FIRST, _GROWTH = 1.0, 1.2  # nats; what each more character multiplies them by


class NoRepeat:
    """Rule out what would complete a stretch that was written before; make it less likely before.

    Where the last m characters stood earlier too, the one that followed them there is held back:
    from m = length / 2 on by 1.2^(m - length / 2) nats, which is the form of "DRY" (p-e-w,
    pull request 5677 of text-generation-webui, 2024), and at m = length - 1 altogether. A ban
    alone falls in the middle of words and misspells them; the slope before it turns the text
    where another character is nearly as likely, mostly where a word begins.

    Where no other character may come, the stretch repeats.

    Args:
        length: of the stretch, in characters; at least 2.
        window: how many characters back to look.
    """

    def __init__(self, length: int, window: int) -> None:
        self._length, self._window = length, window
        self._tolerated = max(length // 2, min(length - 1, _SHORTEST))
        self._key = min(self._tolerated, _LONGEST_KEY)
        self._ids: list[int] = []  # the end of the text, at least a window of it
        self._cut = 0  # characters before them
        self._places: dict[tuple[int, ...], list[int]] = {}  # that follow a key, in their order
        self._matches: dict[int, int] = {}  # a place, and how much of the end stood before it too

    @property
    def memory(self) -> int:
        """Return how many characters at the end of a text are enough to know what it may repeat."""
        return self._window + self._length

    def read(self, index: int) -> None:
        self._ids.append(index)
        end = self._cut + len(self._ids)
        if len(self._ids) < self._key:
            return
        key = tuple(self._ids[-self._key :])
        places, before = self._places.setdefault(key, []), self._matches
        oldest = end - self._window
        self._matches = {
            place: before.get(place - 1, self._key - 1) + 1 for place in places if place >= oldest
        }
        if len(places) >= _MOST_PLACES:
            del places[0]
        places.append(end)
        if len(self._ids) > 2 * self.memory:
            self._forget()

    def _forget(self) -> None:
        """Drop what is outside the window."""
        drop = len(self._ids) - self.memory
        del self._ids[:drop]
        self._cut += drop
        oldest = self._cut + self._length
        kept = {key: [p for p in old if p >= oldest] for key, old in self._places.items()}
        self._places = {key: places for key, places in kept.items() if places}

    def adjust(self, logits: Floats) -> None:
        if not self._matches:
            return
        longest: dict[int, int] = {}  # match, by the character that followed it
        for place, size in self._matches.items():
            following = self._ids[place - self._cut]
            longest[following] = max(size, longest.get(following, 0))
        before = logits.copy()
        for following, size in longest.items():
            if size >= self._length - 1:
                logits[following] = -np.inf
            elif size >= self._tolerated:
                logits[following] -= _FIRST * _GROWTH ** min(size - self._tolerated, 100)
        if logits.max() == -np.inf:
            logits[:] = before
