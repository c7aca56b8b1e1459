"""Whether a text, or a line of one, is new: not written before, and not in a corpus."""

from copy import copy

from chargen.generation.stopping import StopCondition
from chargen.text.copies import CopyIndex
from chargen.text.line_ends import MARKS
from chargen.text.vocabulary import BOUNDARY

MAX_REJECTED = 300  # texts or lines in a row that were not new, after which no more are tried


def last_line(text: str) -> str:
    """Return what stands after the last line end or document of a text."""
    return text[1 + max(map(text.rfind, MARKS + BOUNDARY)) :]


class Novelty:
    """What was written and counts as known from then on, and what stands in a corpus.

    White space before and after a text makes no difference; one that has nothing else is not new.

    Args:
        copies: of the corpus; None if there is none.
    """

    def __init__(self, copies: CopyIndex | None = None) -> None:
        self._corpus = frozenset() if copies is None else copies.lines_and_documents
        self._written: set[str] = set()

    def __deepcopy__(self, memo: object) -> "Novelty":
        """Return another that knows the same, and goes on by itself."""
        other = copy(self)
        other._written = set(self._written)
        return other

    def share(self, other: "Novelty") -> None:
        """Know from now on what the other knows to be written, and let the other know this too."""
        other._written |= self._written
        self._written = other._written

    def take(self, text: str) -> bool:
        """Return whether a text is new; from now on it is not."""
        text = text.strip()
        if not text or text in self._corpus or text in self._written:
            return False
        self._written.add(text)
        return True


class NewLines:
    """Hold back each line of a text until it is whole; pass it on if it is new.

    Args:
        novelty: what is known.
        begun: the beginning of the first line, which is not held back: the prompt's end.
        stop: where the text ends; it takes what passes.
    """

    def __init__(self, novelty: Novelty, begun: str, stop: StopCondition) -> None:
        self._novelty, self._begun, self._stop = novelty, begun, stop
        # A blank line may be a part of a text to stop at.
        self._keeps_blank = not set(MARKS).isdisjoint("".join(stop.texts))
        self._rejected = 0
        self._last = ""  # the last character
        self.held = ""
        self.has_passed = False  # whether the last line has
        self.is_cut = False  # whether a line that is not new was too long for the text
        self.is_stuck = False  # whether too many lines in a row were not new
        self.is_spoilt = False  # whether the line that the prompt began is not new

    def add(self, character: str) -> str | None:
        """Take the next character.

        Returns:
            None while the line goes on, then the line if it is new. If it is not, what of it ends
            the text: a stop text, as far as that stands in it, or nothing.
        """
        begins, self._last = self._last, character
        if begins == "\r" and character == "\n" and not self.held:
            return character if self.has_passed else ""
        self.held += character
        end = self._stop.met(self.held) or (character if character in MARKS else "")
        if not end and len(self.held) < self._stop.left:
            return None
        line, self.held = self.held, ""
        end = end[-len(line) :]  # a stop text may begin with the line end before
        whole = self._begun + line.removesuffix(end)
        is_blank_of_stop = self._keeps_blank and not whole.strip()
        self.has_passed = is_blank_of_stop or self._novelty.take(whole)
        if self.has_passed:
            self._rejected = self._rejected if is_blank_of_stop else 0
            self._begun = ""
            return line
        self._rejected += 1
        self.is_stuck = self._rejected >= MAX_REJECTED
        self.is_spoilt = bool(self._begun)
        self.is_cut = not end
        return "" if end in MARKS else end
