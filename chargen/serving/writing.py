"""From a request to texts that the engine writes, and to what they become."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from chargen.config import SamplingConfig
from chargen.generation.generate import Generator
from chargen.generation.initial_state import choose_label, initial_state
from chargen.generation.recorder import Alternatives, SampleRecorder
from chargen.serving.engine import Engine, Prompt, Text
from chargen.serving.handles import Handles, Place
from chargen.serving.networks import Network
from chargen.serving.numbers import Numbers
from chargen.serving.problems import Problem, as_problem
from chargen.serving.protocol import MAX_TEXTS, Writing
from chargen.text.copies import CopyIndex
from chargen.text.unknown import PreparedText
from chargen.text.vocabulary import Ids

_LOWEST = -9999.0  # a log-probability that JSON can hold
_MAX_STOPS, _MAX_STOP_LENGTH = 16, 1_000
# Fields that are settings of the same name.
_SETTINGS = (
    *("temperature", "top_p", "top_k", "min_p", "no_repeat", "no_repeat_window", "label"),
    *("only", "ban", "lines", "max_line", "max_copy"),
)
# Fields of OpenAI's that chargen has nothing for, and the values that change nothing.
_NEUTRAL = {
    "frequency_penalty": (0,),
    "presence_penalty": (0,),
    "repetition_penalty": (1,),
    "logit_bias": ({},),
    "suffix": ("",),
}
_PENALTIES = ("frequency_penalty", "presence_penalty", "repetition_penalty")


@dataclass(frozen=True)
class Limits:
    """How much one request may ask for."""

    prompt: int = 200_000  # characters of a prompt
    length: int = 20_000  # characters of a text


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


class _Job:
    """One text of a request.

    Args:
        index: which text of the request.
        network: that writes it.
        prompt: as it was prepared.
        text: what the engine has of it.
        recorder: of its characters.
        numbers: that it draws.
        so_far: ids before it that logits processors know, shape [n].
        first: what comes before all that is drawn.
        is_scored: whether log-probabilities are wanted.
        echo: whether the prompt comes first.
    """

    def __init__(
        self,
        index: int,
        network: Network,
        prompt: str,
        text: Text,
        *,
        recorder: SampleRecorder,
        numbers: Numbers,
        so_far: Ids,
        first: str = "",
        is_scored: bool,
        echo: bool,
    ) -> None:
        self.index, self.text = index, text
        self._network, self._prompt, self._recorder = network, prompt, recorder
        self._numbers, self._so_far, self._first = numbers, so_far, first
        self._is_scored = is_scored
        self._show = network.checkpoint.tokenizer.show
        self._offset = len(self._show(prompt))  # counted with the prompt, echoed or not
        self._taken = 0  # characters of the recorder's that were given

    def echoed(self) -> Piece:
        """Return the prompt; all of it must have been read."""
        tokens, recorder = None, self.text.prompt.recorder
        if recorder is not None:
            count = len(self._prompt)
            log_probs = [None, *recorder.log_probs[1 - count :]] if count > 1 else [None] * count
            top = [(), *recorder.top[1 - count :]] if count > 1 and recorder.top else [()] * count
            tokens = self._tokens(self._prompt, log_probs, top)
        return Piece(self.index, self._show(self._prompt), 0, tokens)

    def piece(self, text: str, *, handles: Handles | None) -> Piece:
        """Return what some characters more add; `handles` is given once the text is over."""
        tokens = None
        first, self._first = self._first, ""
        if self._is_scored:
            taken, self._taken = self._taken, self._taken + len(text)
            log_probs = self._recorder.log_probs[taken : self._taken]
            top = self._recorder.top[taken : self._taken] or [()] * len(text)
            tokens = self._tokens(text, log_probs, top)
        offset, self._offset = self._offset, self._offset + len(first) + len(text)
        piece = Piece(self.index, first + text, offset, tokens)
        if handles is None:
            return piece
        reason, left_out = self.text.sequence.finish_reason or "", self.text.sequence.left_out
        return replace(
            piece,
            finish_reason=_FINISH_REASONS.get(reason, "stop"),
            stop_reason=None if reason == "length" else self._show(left_out) or reason,
            state=self._handle(handles),
        )

    def _tokens(
        self,
        text: str,
        log_probs: Sequence[float | None],
        top: Sequence[Alternatives],
    ) -> tuple[Token, ...]:
        return tuple(
            Token(
                self._show(character),
                None if log_prob is None else max(log_prob, _LOWEST),
                tuple((self._show(other), max(each, _LOWEST)) for other, each in likeliest),
            )
            for character, log_prob, likeliest in zip(text, log_probs, top, strict=True)
        )

    def _handle(self, handles: Handles) -> str | None:
        """Return a handle of the end; None if it was not asked for, or there is no way on."""
        text, vocabulary = self.text, self._network.checkpoint.tokenizer.vocabulary
        if text.state is None or text.sequence.finish_reason == "max_copy":
            return None
        drawn = vocabulary.encode("".join(self._recorder.pieces) + text.sequence.left_out)
        unread = drawn[-1:] if len(drawn) else text.prompt.ids[-1:]
        so_far = np.append(self._so_far, drawn)
        place = Place(text.state, unread, so_far, text.sequence.left_out, self._numbers)
        return handles.make(place, self._network.fingerprint)


class Writer:
    """Turn requests into texts that an engine writes.

    Args:
        engine: writes them.
        handles: of states.
        limits: of one request.
        copies: of a corpus, which `max_copy` is about, if there is one.
    """

    def __init__(
        self,
        engine: Engine,
        handles: Handles,
        *,
        limits: Limits,
        copies: CopyIndex | None = None,
    ) -> None:
        self._engine, self._handles = engine, handles
        self._limits, self._copies = limits, copies

    def begin(
        self,
        network: Network,
        request: Writing,
        prompts: Sequence[PreparedText],
        *,
        max_tokens: int | None,
        state: str | None = None,
        alternatives: int | None = None,
        echo: bool = False,
    ) -> "Written":
        """Let the texts of a request wait for their turn.

        Args:
            network: that is to write.
            request: how.
            prompts: to go on with, one or more.
            max_tokens: characters of each text at most; None for the usual number.
            state: a handle to go on from.
            alternatives: how many to tell at each character; None for no log-probabilities.
            echo: whether each prompt comes first.

        Raises:
            Problem: if a field is refused.
            SettingError: if a setting is outside its limits.
            StateError: if the handle is not one of this network.
            Overloaded: if too many texts wait.
        """
        n = request.n or 1
        self._check_sizes(prompts, n, max_tokens)
        place = None
        if state is not None:
            place = self._handles.read(state, network.checkpoint, network.fingerprint)
        config = sampling_config(request, max_tokens, self._limits)
        generator = Generator(network.checkpoint.tokenizer, config, copies=self._copies)
        if request.seed is not None and place is not None:
            place = replace(place, numbers=None)
        written = Written(self._engine, self._handles, echo=echo)
        for prompt in prompts:
            begin = partial(self._begin, written, network, request, generator, prompt, place)
            readings: dict[str | None, Prompt] = {}  # texts that begin alike share one
            for k in range(n):
                written.jobs.append(begin(config.label, readings, k, alternatives, echo))
        written.prompt_tokens = sum(len(prompt.text) for prompt in prompts)
        self._engine.submit(job.text for job in written.jobs)
        return written

    def _check_sizes(self, prompts: Sequence[PreparedText], n: int, max_tokens: int | None) -> None:
        if len(prompts) * n > MAX_TEXTS:
            message = f"{len(prompts):,} prompts with n = {n:,} make more than {MAX_TEXTS} texts."
            raise Problem(message, param="n")
        longest = max(len(prompt.text) for prompt in prompts)
        if longest > self._limits.prompt:
            message = (
                f"prompt has {longest:,} characters; this server reads {self._limits.prompt:,} "
                "at most. With return_state and state, a text can be read in parts."
            )
            raise Problem(message, param="prompt", code="context_length_exceeded")
        if max_tokens is not None and max_tokens > self._limits.length:
            message = (
                f"max_tokens must be at most {self._limits.length:,} here; received "
                f"{max_tokens:,}. With return_state and state, a text can go on."
            )
            raise Problem(message, param="max_tokens")

    def _begin(
        self,
        written: "Written",
        network: Network,
        request: Writing,
        generator: Generator,
        prompt: PreparedText,
        place: Place | None,
        label: str | None,
        readings: dict[str | None, Prompt],
        k: int,
        alternatives: int | None,
        echo: bool,
    ) -> _Job:
        """Return text k of a prompt."""
        checkpoint, tokenizer = network.checkpoint, network.checkpoint.tokenizer
        so_far, numbers = tokenizer.encode(prompt.text), Numbers(generator.seed, k)
        if place is None:
            label = choose_label(checkpoint, label, seed=generator.seed, number=k)
            state, ids = initial_state(checkpoint, label), tokenizer.encode_beginning(prompt.text)
        else:
            state, ids = place.state, np.append(place.unread, so_far)
            so_far = np.append(place.text, so_far)
            if label is not None:
                state = replace(state, labels=checkpoint.label_ids(label))
            if place.numbers is not None and k == 0:
                numbers = place.numbers
        if label not in readings:
            make_decoder = network.decoder_maker(request.clamp or ())
            recorder = (
                _recorder(network, alternatives) if echo and alternatives is not None else None
            )
            readings[label] = Prompt(tokenizer, make_decoder, state, ids, recorder)
        recorder = _recorder(network, alternatives)
        text = Text(
            readings[label],
            generator.sequence(so_far, numbers.draw, recorder=recorder),
            partial(written.put, len(written.jobs)),
            keeps_state=bool(request.return_state),
        )
        return _Job(
            len(written.jobs),
            network,
            prompt.text,
            text,
            recorder=recorder,
            numbers=numbers,
            so_far=so_far,
            first=place.left_out if place is not None and not prompt.text else "",
            is_scored=alternatives is not None,
            echo=echo,
        )


class Written:
    """The texts of one request, as they come.

    Attributes:
        jobs: the texts.
        prompt_tokens: characters of the prompts.
        completion_tokens: characters written so far.

    Args:
        engine: writes them.
        handles: of states.
        echo: whether each prompt comes first.
    """

    def __init__(self, engine: Engine, handles: Handles, *, echo: bool) -> None:
        self._engine, self._handles, self._echo = engine, handles, echo
        self._events: asyncio.Queue[tuple[int, str, bool]] = asyncio.Queue()
        self.jobs: list[_Job] = []
        self.prompt_tokens = self.completion_tokens = 0

    def put(self, index: int, text: str, is_over: bool) -> None:
        """Take what has been added to a text, in the event loop's thread."""
        self._events.put_nowait((index, text, is_over))

    async def pieces(self) -> AsyncIterator[Piece]:
        """Give what is added to the texts, in the order it comes; a last piece ends each text.

        Whoever stops listening frees the places of those that are not over.

        Raises:
            Problem: if something broke.
        """
        echoed: set[int] = set()
        left = len(self.jobs)
        try:
            while left:
                index, text, is_over = await self._events.get()
                job = self.jobs[index]
                if job.text.error is not None:
                    raise as_problem(job.text.error)
                if self._echo and index not in echoed:
                    echoed.add(index)
                    yield job.echoed()
                self.completion_tokens += len(text)
                left -= is_over
                yield job.piece(text, handles=self._handles if is_over else None)
        finally:
            self.cancel()

    def cancel(self) -> None:
        """Free the places of texts that are not over."""
        self._engine.cancel(job.text for job in self.jobs)

    async def whole(self) -> list[Piece]:
        """Return the texts when all are over, each as one piece, in the order of the request."""
        parts: list[list[Piece]] = [[] for _ in self.jobs]
        async for piece in self.pieces():
            parts[piece.index].append(piece)
        return [_joined(several) for several in parts]


def _joined(pieces: Sequence[Piece]) -> Piece:
    tokens = None
    if pieces[-1].tokens is not None:
        tokens = tuple(token for piece in pieces for token in piece.tokens or ())
    text = "".join(piece.text for piece in pieces)
    return replace(pieces[-1], text=text, offset=pieces[0].offset, tokens=tokens)


def _recorder(network: Network, alternatives: int | None) -> SampleRecorder:
    characters = network.checkpoint.tokenizer.vocabulary.idx2char
    return SampleRecorder(characters, log_probs=alternatives is not None, top=alternatives or 0)


def sampling_config(request: Writing, max_tokens: int | None, limits: Limits) -> SamplingConfig:
    """Return the settings that a request asks for.

    Raises:
        Problem: if it asks for what there is not.
        SettingError: if a setting is outside its limits.
    """
    for name, neutral in _NEUTRAL.items():
        value = getattr(request, name, None)
        if value is not None and value not in neutral:
            instead = "; no_repeat keeps a text from repeating itself" * (name in _PENALTIES)
            message = f"{name} is not supported here; leave it out{instead}."
            raise Problem(message, param=name, code="unsupported_parameter")
    settings = {name: getattr(request, name) for name in _SETTINGS}
    settings |= {"length": max_tokens, "min_length": request.min_tokens, "stop": _stops(request)}
    if request.seed is not None:
        settings["seed"] = request.seed % 2**64  # a negative one is as good as any
    config = SamplingConfig.of({k: value for k, value in settings.items() if value is not None})
    if config.max_length > limits.length:
        config = replace(config, length=limits.length)
    return config


def _stops(request: Writing) -> tuple[str, ...]:
    stops = [request.stop] if isinstance(request.stop, str) else list(request.stop or ())
    if "" in stops:
        raise Problem("stop must not hold an empty text.", param="stop")
    if len(stops) > _MAX_STOPS or any(len(each) > _MAX_STOP_LENGTH for each in stops):
        raise Problem(
            f"stop takes {_MAX_STOPS} texts of {_MAX_STOP_LENGTH:,} characters at most.",
            param="stop",
        )
    return tuple(stops)
