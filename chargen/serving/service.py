"""What all routes share: the networks, the engine, the limits, and how a request is answered."""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import asdict, replace
from functools import partial
from typing import Any, TypeVar

from anyio import CapacityLimiter, to_thread
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from chargen.config import PreparationConfig, ServingConfig
from chargen.serving.bodies import encode, json_response
from chargen.serving.engine import Engine, Overloaded
from chargen.serving.handles import Handles
from chargen.serving.metrics import Metrics
from chargen.serving.networks import Network, Networks
from chargen.serving.pieces import Piece
from chargen.serving.problems import Problem
from chargen.serving.prompts import prepare_prompts
from chargen.serving.protocol import Body, Writing
from chargen.serving.sampling import Limits
from chargen.serving.shapes import Answer, Shape, usage
from chargen.serving.writing import Writer, Written
from chargen.text.copies import CopyIndex
from chargen.text.unknown import PreparedText, Unknown
from chargen.training.history import HISTORY_FILE, read_history

T = TypeVar("T")

_PING_AFTER = 15.0  # seconds without an event
_MAX_MEASURING = 2  # texts measured at a time, each in a thread of its own
_MAX_MEASURING_WAITING = 64
_LONG = 20_000  # characters that are worked on while other requests wait; more, beside them
_MAX_LONG = 2  # texts of more, at a time
_MAX_NAMED = 20  # ignored fields in a header
_FIELD_NAME = re.compile(r"[A-Za-z0-9_.\-]{1,64}")
_STREAM_HEADERS = {"cache-control": "no-cache", "x-accel-buffering": "no"}


class Service:
    """The networks and the engine of a server, between start and stop.

    Args:
        networks: that are offered.
        config: what the server takes, and from whom.
        corpus: texts as they were before a network read them, for `max_copy` and the copy meter,
            if there are any.

    Attributes:
        metrics: what the server counts.
        is_draining: whether it ends once the requests in flight are answered.
    """

    def __init__(
        self, networks: Networks, config: ServingConfig, *, corpus: Sequence[str] | None = None
    ) -> None:
        self.networks, self.config, self.corpus = networks, config, corpus
        self._indexes: dict[tuple[PreparationConfig, str | None], CopyIndex] = {}
        self.metrics, self.is_draining = Metrics(), False
        self._engine = Engine(
            max_batch=config.max_batch,
            max_waiting=config.max_queue,
            stepped=self.metrics.stepped,
        )
        self.metrics.watch(self._engine)
        limits = Limits(prompt=config.max_prompt, length=config.max_length)
        self._writer = Writer(self._engine, Handles(config.api_key), limits=limits)

    async def start(self) -> None:
        """Start the engine, which calls back in this event loop."""
        self._engine.start(asyncio.get_running_loop().call_soon_threadsafe)
        self._measuring = CapacityLimiter(_MAX_MEASURING)
        self._long = CapacityLimiter(_MAX_LONG)
        self._indexing = asyncio.Lock()

    async def stop(self) -> None:
        """End the engine."""
        await to_thread.run_sync(self._engine.close)

    async def network(self, name: str | None) -> Network:
        """Return a network that is offered, loaded where it is not.

        Raises:
            Problem: if none of that name is offered, or its file is gone or damaged.
        """
        return await to_thread.run_sync(self.networks.get, name)

    async def copies(self, network: Network) -> CopyIndex | None:
        """Return an index of the corpus as a network reads it; None if there is no corpus."""
        if self.corpus is None:
            return None
        tokenizer = network.checkpoint.tokenizer
        key = tokenizer.preparation, tokenizer.boundary and tokenizer.separator
        async with self._indexing:
            if key not in self._indexes:
                prepared = map(tokenizer.prepare, self.corpus)
                self._indexes[key] = await to_thread.run_sync(lambda: CopyIndex([*prepared]))
        return self._indexes[key]

    async def measure(self, work: Callable[[], T]) -> T:
        """Return what some work returns that takes a while, in a thread of its own.

        Raises:
            Overloaded: if too much of the kind waits.
        """
        waiting = self._measuring.statistics().tasks_waiting
        if waiting >= _MAX_MEASURING_WAITING:
            raise Overloaded(f"The server is busy: {waiting} texts wait to be measured.")
        return await to_thread.run_sync(work, limiter=self._measuring)

    async def prepare(self, characters: int, work: Callable[[], T]) -> T:
        """Return what some work on a text returns; a long one holds back no other request."""
        if characters <= _LONG:
            return work()
        return await to_thread.run_sync(work, limiter=self._long)

    async def prompts(
        self, network: Network, prompt: Any, unknown: Unknown | None, *, max_prompts: int
    ) -> list[PreparedText]:
        """Return the prompts of a request, as `prepare_prompts` does."""
        characters = sum(1 if isinstance(each, int) else len(each) for each in prompt or ())
        work = partial(prepare_prompts, network, prompt, unknown, max_prompts=max_prompts)
        return await self.prepare(characters, work)

    def history(self, network: Network) -> list[dict[str, Any]]:
        """Return the evaluations of a network's training; none if they were not kept.

        Raises:
            RunError: if the file that has them is damaged.
        """
        folder = network.path.parent
        if not (folder / HISTORY_FILE).exists():
            return []
        return [asdict(row) for row in read_history(folder)]

    async def answer(
        self,
        request: Request,
        body: Writing,
        shape: Shape,
        network: Network,
        prompts: Sequence[PreparedText],
        **asked: Any,
    ) -> Response:
        """Write what a request asks for, and answer it, whole or as a stream.

        Args:
            request: as it came.
            body: what it asks for.
            shape: how the answer is told.
            network: that writes.
            prompts: to go on with.
            asked: the rest of what `Writer.begin` takes.
        """
        options = body.stream_options
        if options is not None and not body.stream:
            raise Problem("stream_options needs stream: true.", param="stream_options")
        characters = sum(len(prompt.text) for prompt in prompts) * (body.n or 1)
        copies = None if body.max_copy is None else await self.copies(network)
        begin = partial(self._writer.begin, network, body, prompts, copies=copies, **asked)
        written = await self.prepare(characters, begin)
        answer = Answer(network, tuple(note for prompt in prompts for note in prompt.notes))
        self.metrics.read.inc(written.prompt_tokens)
        headers = ignored_header(body)
        if body.stream:
            events = self._events(written, answer, shape, bool(options and options.include_usage))
            return _Stream(written, events, headers | _STREAM_HEADERS)

        def respond() -> Response:
            pieces = written.whole()
            used = usage(written.prompt_tokens, written.completion_tokens)
            return json_response({**shape.whole(answer, pieces), "usage": used}, headers)

        try:
            await unless_gone(request, written.end())
            return await self.prepare(written.size, respond)
        finally:
            self.metrics.written.inc(written.completion_tokens)
            written.cancel()

    async def _events(
        self, written: Written, answer: Answer, shape: Shape, with_usage: bool
    ) -> AsyncIterator[bytes]:
        """Give the events of a stream, in one part what came in one."""
        began, is_first = time.monotonic(), True
        usage_so_far = {"usage": None} if with_usage else {}  # OpenAI's clients look for the field

        def events() -> bytes:
            pieces = [each for piece in written.take() for each in _single(piece)]
            return b"".join(_event(shape.part(answer, [each]) | usage_so_far) for each in pieces)

        try:
            while not written.is_over:
                if not await written.wait(_PING_AFTER):
                    yield b": ping\n\n"
                    continue
                if is_first:
                    self.metrics.first.observe(time.monotonic() - began)
                    is_first = False
                yield await self.prepare(written.size, events)
            if with_usage:
                used = usage(written.prompt_tokens, written.completion_tokens)
                yield _event({**shape.part(answer, []), "usage": used})
            yield b"data: [DONE]\n\n"
        except Problem as problem:
            yield _event(problem.body())
        finally:
            self.metrics.written.inc(written.completion_tokens)


class _Stream(StreamingResponse):
    """Events of texts, whose places are free when it is over.

    The events cannot see to that themselves: of a client that leaves early, none is begun.
    """

    def __init__(
        self, written: Written, events: AsyncIterator[bytes], headers: dict[str, str]
    ) -> None:
        super().__init__(events, media_type="text/event-stream", headers=headers)
        self._written = written

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._written.cancel()


def _single(piece: Piece) -> list[Piece]:
    """Return a piece as it is told: one for each character where those are told in detail."""
    if not piece.tokens or len(piece.tokens) == 1:
        return [piece]
    pieces, offset = [], piece.offset
    *before, last = piece.tokens
    for token in before:
        pieces.append(Piece(piece.index, token.text, offset, (token,)))
        offset += len(token.text)
    return [*pieces, replace(piece, text=last.text, offset=offset, tokens=(last,))]


def _event(body: dict[str, Any]) -> bytes:
    return b"data: %b\n\n" % encode(body)


def ignored_header(body: Body) -> dict[str, str]:
    """Return a header that names the fields of a request that are not known."""
    names = [name for name in body.ignored() if _FIELD_NAME.fullmatch(name)][:_MAX_NAMED]
    return {"x-ignored-fields": ", ".join(names)} if names else {}


async def unless_gone(request: Request, work: Awaitable[T]) -> T:
    """Return what some work returns; end it when the client has left.

    Raises:
        Problem: if the client has left, who will not see it.
    """
    task = asyncio.ensure_future(work)
    watcher = asyncio.ensure_future(_gone(request))
    try:
        await asyncio.wait({task, watcher}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        raise Problem("The client has left.", 499)
    finally:
        for each in (task, watcher):
            if not each.done():
                each.cancel()


async def _gone(request: Request) -> None:
    """Return when the client has left; the body must have been read."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
