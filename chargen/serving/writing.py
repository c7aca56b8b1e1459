"""From a request to texts that the engine writes, and to what they become."""

import asyncio
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from chargen.generation.clamps import Clamp
from chargen.generation.generate import Generator
from chargen.generation.initial_state import choose_label, initial_state
from chargen.generation.recorder import SampleRecorder
from chargen.serving.engine import Engine
from chargen.serving.handles import MAX_KEPT, Handles, Place
from chargen.serving.networks import Network
from chargen.serving.numbers import Numbers
from chargen.serving.pieces import Job, Piece, Start, joined
from chargen.serving.problems import Problem, as_problem
from chargen.serving.protocol import MAX_TEXTS, Writing
from chargen.serving.sampling import Limits, sampling_config
from chargen.serving.texts import Prompt, Text
from chargen.text.copies import CopyIndex
from chargen.text.unknown import PreparedText


class Writer:
    """Turn requests into texts that an engine writes.

    Args:
        engine: writes them.
        handles: of states.
        limits: of one request.
    """

    def __init__(self, engine: Engine, handles: Handles, *, limits: Limits) -> None:
        self._engine, self._handles = engine, handles
        self._limits = limits

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
        copies: CopyIndex | None = None,
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
            copies: of a corpus as the network reads it, which `max_copy` is about.

        Raises:
            Problem: if a field is refused.
            SettingError: if a setting is outside its limits.
            StateError: if the handle is not one of this network.
            Overloaded: if too many texts wait.
        """
        n, is_scored = request.n or 1, alternatives is not None
        self._check_sizes(prompts, n, max_tokens)
        place = None
        if state is not None:
            place = self._handles.read(state, network.checkpoint, network.fingerprint)
        config = sampling_config(request, max_tokens, self._limits)
        generator = Generator(network.checkpoint.tokenizer, config, copies=copies)
        if place is not None and config.max_copy is not None and config.max_copy > MAX_KEPT:
            message = (
                f"max_copy must be at most {MAX_KEPT} with state, which knows no more of the text "
                f"so far; received {config.max_copy:,}."
            )
            raise Problem(message, param="max_copy")
        if request.seed is not None and place is not None:
            place = replace(place, numbers=None)
        clamps = [Clamp(each.layer, each.unit, each.value) for each in request.clamp or ()]
        make_decoder = network.decoder_maker(clamps)
        written = Written(self._engine, self._handles, echo=echo, is_scored=is_scored)
        for prompt in prompts:
            readings: dict[str | None, Prompt] = {}  # by label: texts that begin alike share one
            for k in range(n):
                start = _start(network, generator, config.label, prompt, place, k)
                if start.label not in readings:
                    readings[start.label] = Prompt(
                        network.checkpoint.tokenizer,
                        make_decoder,
                        start.state,
                        start.ids,
                        _recorder(network, alternatives) if echo and is_scored else None,
                    )
                recorder = _recorder(network, alternatives)
                before = start.so_far[len(start.so_far) - start.written :]
                text = Text(
                    readings[start.label],
                    generator.sequence(
                        start.so_far,
                        start.numbers.draw,
                        written=network.checkpoint.tokenizer.vocabulary.decode(before),
                        recorder=recorder,
                    ),
                    partial(written.put, len(written.jobs)),
                    keeps_state=bool(request.return_state),
                )
                first = "" if place is None or prompt.text else place.left_out
                job = Job(len(written.jobs), network, prompt.text, text, recorder, start, first)
                written.jobs.append(job)
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


def _start(
    network: Network,
    generator: Generator,
    label: str | None,
    prompt: PreparedText,
    place: Place | None,
    k: int,
) -> Start:
    """Return where text k of a prompt starts: at a place, or where texts begin."""
    checkpoint, tokenizer = network.checkpoint, network.checkpoint.tokenizer
    read, numbers = tokenizer.encode(prompt.text), Numbers(generator.seed, k)
    if place is None:
        label = choose_label(checkpoint, label, seed=generator.seed, number=k)
        ids = tokenizer.encode_beginning(prompt.text)
        return Start(label, initial_state(checkpoint, label), ids, read, 0, numbers)
    state = place.state
    if label is not None:
        state = replace(state, labels=checkpoint.label_ids(label))
    if place.numbers is not None and k == 0:
        numbers = replace(place.numbers)
    ids, so_far = np.append(place.unread, read), np.append(place.text, read)
    written = 0 if prompt.text else place.written
    return Start(label, state, ids, so_far, written, numbers)


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
        is_scored: whether log-probabilities are told.
    """

    def __init__(self, engine: Engine, handles: Handles, *, echo: bool, is_scored: bool) -> None:
        self._engine, self._handles = engine, handles
        self._echo, self._is_scored = echo, is_scored
        self._added: deque[tuple[int, str, bool]] = deque()
        self._ended = 0  # of what was added
        self._came, self._awaits_ends = asyncio.Event(), False
        self._over, self._echoed = 0, set[int]()  # how many are over, whose prompt was given
        self.jobs: list[Job] = []
        self.prompt_tokens = self.completion_tokens = 0

    def put(self, index: int, text: str, is_over: bool) -> None:
        """Take what has been added to a text, in the event loop's thread."""
        self._added.append((index, text, is_over))
        self._ended += is_over
        if is_over or not self._awaits_ends:
            self._came.set()

    @property
    def is_over(self) -> bool:
        """Return whether all that was written has been taken."""
        return self._over == len(self.jobs)

    async def wait(self, seconds: float | None = None) -> bool:
        """Wait until something has been added, for some seconds at most; return whether it has."""
        try:
            async with asyncio.timeout(seconds):
                await self._came.wait()
        except TimeoutError:
            return False
        self._came.clear()
        return True

    def take(self) -> Iterator[Piece]:
        """Give what has been added to the texts, in the order it came; a last piece ends each text.

        Raises:
            Problem: if something broke.
        """
        while self._added:
            index, text, is_over = self._added.popleft()
            job = self.jobs[index]
            if job.text.error is not None:
                raise as_problem(job.text.error)
            if self._echo and index not in self._echoed:
                self._echoed.add(index)
                yield job.echoed()
            self.completion_tokens += len(text)
            self._over += is_over
            yield job.piece(text, handles=self._handles if is_over else None)

    def cancel(self) -> None:
        """Free the places of texts that are not over."""
        self._engine.cancel(job.text for job in self.jobs)

    @property
    def size(self) -> int:
        """Return how much is to be taken now, in characters; one told in detail counts for ten."""
        size = sum(len(text) for _, text, _ in self._added)
        if self._echo and len(self._echoed) < len(self.jobs):
            size += self.prompt_tokens
        return 10 * size if self._is_scored else size

    async def end(self) -> None:
        """Wait until all texts are over, or something broke."""
        self._awaits_ends = True
        while self._ended < len(self.jobs) and all(job.text.error is None for job in self.jobs):
            await self.wait()

    def whole(self) -> list[Piece]:
        """Return the texts, all of which are over, each as one piece, in the order of the request.

        Raises:
            Problem: if something broke.
        """
        parts: list[list[Piece]] = [[] for _ in self.jobs]
        for piece in self.take():
            parts[piece.index].append(piece)
        return [joined(several) for several in parts]


def _recorder(network: Network, alternatives: int | None) -> SampleRecorder:
    characters = network.checkpoint.tokenizer.vocabulary.idx2char
    return SampleRecorder(characters, log_probs=alternatives is not None, top=alternatives or 0)
