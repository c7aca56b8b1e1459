"""The texts of a request while they are written, and what is told of them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from chargen.generation.recorder import Alternatives, SampleRecorder
from chargen.generation.state import State
from chargen.serving.handles import Handles, Place
from chargen.serving.networks import Network
from chargen.serving.numbers import Numbers
from chargen.serving.texts import Text
from chargen.text.vocabulary import Ids

_LOWEST = -9999.0  # a log-probability that JSON can hold


@dataclass(frozen=True)
class Token:
    """A character of a text, and how likely it was.

    Args:
        text: the character; of the end of a document, the document separator.
        log_prob: in nats, before temperature and filters; None if nothing came before it.
        top: the likeliest characters, with theirs.
    """

    text: str
    log_prob: float | None
    top: Alternatives


@dataclass(frozen=True)
class Piece:
    """What has been added to one text of a request.

    Args:
        index: which text.
        text: what was added.
        offset: of its first character, from the start of prompt and text.
        tokens: its characters, if log-probabilities are wanted.
        finish_reason: "stop", "length" or "content_filter", once the text is over.
        stop_reason: the text or the limit that it stopped at.
        state: a handle of its end, if that was asked for.
    """

    index: int
    text: str
    offset: int
    tokens: tuple[Token, ...] | None = None
    finish_reason: str | None = None
    stop_reason: str | None = None
    state: str | None = None


_FINISH_REASONS = {"length": "length", "max_copy": "content_filter"}  # all others: "stop"


@dataclass(frozen=True, eq=False)
class Start:
    """Where a text starts: from a state, by reading ids, with random numbers."""

    label: str | None
    state: State
    ids: Ids  # to read first
    so_far: Ids  # before the text, which logits processors know
    written: int  # how many of these were written since the last prompt
    numbers: Numbers


class Job:
    """One text of a request.

    Args:
        index: which text of the request.
        network: that writes it.
        prompt: as it was prepared.
        text: what the engine has of it.
        recorder: of its characters.
        start: where it started.
        first: what comes before all that is drawn.
    """

    def __init__(
        self,
        index: int,
        network: Network,
        prompt: str,
        text: Text,
        recorder: SampleRecorder,
        start: Start,
        first: str,
    ) -> None:
        self.index, self.text = index, text
        self._network, self._prompt, self._recorder = network, prompt, recorder
        self._start, self._first = start, first
        self._show = network.checkpoint.tokenizer.show
        self._offset = len(self._show(prompt))  # counted with the prompt, echoed or not
        self._taken = 0  # characters of the recorder's that were given

    def echoed(self) -> Piece:
        """Return the prompt; all of it must have been read."""
        tokens, recorder = None, self.text.prompt.recorder
        if recorder is not None:  # nothing came before the first character
            later = self._prompt[1:]
            first = self._unscored(self._prompt[:1])
            tokens = first + self._scored(later, recorder, len(recorder.log_probs) - len(later))
        return Piece(self.index, self._show(self._prompt), 0, tokens)

    def piece(self, text: str, *, handles: Handles | None) -> Piece:
        """Return what some characters more add; `handles` is given once the text is over."""
        tokens = None
        first, self._first = self._first, ""
        if self._recorder.is_used:
            tokens = self._unscored(first) + self._scored(text, self._recorder, self._taken)
            self._taken += len(text)
        text = self._show(first) + text
        offset, self._offset = self._offset, self._offset + len(text)
        piece = Piece(self.index, text, offset, tokens)
        if handles is None:
            return piece
        sequence = self.text.sequence
        reason, met = sequence.finish_reason or "", sequence.met_stop or sequence.left_out
        return replace(
            piece,
            finish_reason=_FINISH_REASONS.get(reason, "stop"),
            stop_reason=None if reason == "length" else self._show(met) or reason,
            state=self._handle(handles),
        )

    def _unscored(self, text: str) -> tuple[Token, ...]:
        return tuple(Token(self._show(character), None, ()) for character in text)

    def _scored(self, text: str, recorder: SampleRecorder, start: int) -> tuple[Token, ...]:
        """Return the characters of a text that a recorder has from some place on."""
        tokens = []
        for place, character in enumerate(text, start):
            top = recorder.top[place] if recorder.top else ()
            likeliest = tuple((self._show(each), max(value, _LOWEST)) for each, value in top)
            log_prob = max(recorder.log_probs[place], _LOWEST)
            tokens.append(Token(self._show(character), log_prob, likeliest))
        return tuple(tokens)

    def _handle(self, handles: Handles) -> str | None:
        """Return a handle of the end; None if it was not asked for, or there is no way on."""
        text, vocabulary = self.text, self._network.checkpoint.tokenizer.vocabulary
        if text.state is None or text.sequence.finish_reason == "max_copy":
            return None
        drawn = vocabulary.encode("".join(self._recorder.pieces) + text.sequence.left_out)
        unread = drawn[-1:] if len(drawn) else text.prompt.ids[-1:]
        so_far = np.append(self._start.so_far, drawn)
        if not len(so_far):  # there is no text yet, and only what every text starts with is unread
            so_far = unread
        written, left_out = self._start.written + len(drawn), text.sequence.left_out
        place = Place(text.state, unread, so_far, written, left_out, self._start.numbers)
        return handles.make(place, self._network.fingerprint)


def joined(pieces: Sequence[Piece]) -> Piece:
    """Return the pieces of one text as one."""
    tokens = None
    if pieces[-1].tokens is not None:
        tokens = tuple(token for piece in pieces for token in piece.tokens or ())
    text = "".join(piece.text for piece in pieces)
    return replace(pieces[-1], text=text, offset=pieces[0].offset, tokens=tokens)
