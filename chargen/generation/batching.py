"""Sequences written side by side; each joins and leaves the batch at any character."""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import count

import numpy as np

from chargen.checkpoint import Checkpoint
from chargen.generation.decoder import MakeDecoder, StepDecoder
from chargen.generation.generate import Generator, Sequence, random_numbers
from chargen.generation.initial_state import choose_label, first_logits, initial_state
from chargen.generation.recorder import Sample, SampleRecorder
from chargen.generation.sampler import Sampler
from chargen.generation.state import Floats, State
from chargen.text.vocabulary import Ids

_PROMPTS_KEPT = 256  # that were read last, so that many samples of one prompt read it once


class Batch:
    """Sequences that one network writes side by side.

    With decoders that multiply each row by itself, as `Decoder` does by default, a sequence is the
    same whatever is written beside it: bit for bit, on one machine with one build of NumPy.

    A sequence that was added draws its first character at the next `step`. The network has not
    read the last character that a sequence drew.

    Args:
        make_decoder: gives decoders of the network.
    """

    def __init__(self, make_decoder: MakeDecoder) -> None:
        self._make_decoder = make_decoder
        self._sequences: list[Sequence] = []  # in the order of the decoder's rows
        self._decoder: StepDecoder | None = None  # None while there are no rows
        self._ids: Ids = np.empty(0, np.int32)  # that the rows drew last
        self._samplers: dict[Sampler, list[int]] = {}  # and the rows that each draws
        self._is_constrained = False  # whether any sequence changes its logits
        self._joining: list[tuple[Sequence, State, Floats]] = []
        self._leaving: set[Sequence] = set()

    def __len__(self) -> int:
        return len(self._sequences) + len(self._joining) - len(self._leaving)

    def add(self, sequence: Sequence, state: State, logits: Floats) -> None:
        """Let a sequence join.

        Args:
            sequence: what to write.
            state: of one text, after its prompt.
            logits: after its prompt, shape [1, vocab_size].
        """
        self._joining.append((sequence, state, logits))

    def remove(self, sequence: Sequence) -> None:
        """Let a sequence leave, over or not."""
        self._leaving.add(sequence)

    def state_of(self, sequence: Sequence) -> State:
        """Return the state of a sequence, which has read all but the last character drawn."""
        for joining, state, _ in self._joining:
            if joining is sequence:
                return state
        if self._decoder is None:
            raise ValueError("The sequence is not in the batch.")
        return self._decoder.state.select([self._sequences.index(sequence)])

    def step(self) -> list[tuple[Sequence, str]]:
        """Draw a character of each sequence.

        Returns:
            Each sequence, and what of its text has become certain: mostly one character.
        """
        logits = self._next_logits()
        if logits is None:
            return []
        adjusted = logits
        if self._is_constrained:
            adjusted = logits.copy()
            for sequence, row in zip(self._sequences, adjusted, strict=True):
                sequence.adjust(row)
        self._ids = self._draw(adjusted)
        rows = zip(self._sequences, self._ids.tolist(), logits, strict=True)
        return [(sequence, sequence.add(index, row)) for sequence, index, row in rows]

    def _next_logits(self) -> Floats | None:
        """Let who leaves leave and who joins join; return logits, [sequences, vocab_size]."""
        if self._leaving:
            staying = [i for i, each in enumerate(self._sequences) if each not in self._leaving]
            self._joining = [each for each in self._joining if each[0] not in self._leaving]
            self._leaving.clear()
            self._regroup(staying, [])
        logits = None if self._decoder is None else self._decoder.step(self._ids)
        if self._joining:
            joining, self._joining = self._joining, []
            self._regroup(list(range(len(self._sequences))), joining)
            joined = [each for _, _, each in joining]
            logits = np.concatenate(joined if logits is None else [logits, *joined])
        return logits

    def _regroup(self, rows: list[int], joining: list[tuple[Sequence, State, Floats]]) -> None:
        """Go on with some of the rows, and with others after them."""
        states = [self._decoder.state.select(rows)] if rows and self._decoder is not None else []
        states += [state for _, state, _ in joining]
        self._decoder = self._make_decoder(State.concatenate(states)) if states else None
        self._ids = self._ids[rows]
        self._sequences = [self._sequences[i] for i in rows] + [each for each, _, _ in joining]
        self._is_constrained = any(sequence.is_constrained for sequence in self._sequences)
        self._samplers = {}
        for row, sequence in enumerate(self._sequences):
            self._samplers.setdefault(sequence.sampler, []).append(row)

    def _draw(self, logits: Floats) -> Ids:
        """Return an id for each row; the sequences of one sampler are drawn together."""
        uniform = np.array([sequence.uniform() for sequence in self._sequences])
        if len(self._samplers) == 1:
            return self._sequences[0].sampler(logits, uniform)
        ids = np.empty(len(uniform), np.int32)
        for sampler, rows in self._samplers.items():
            ids[rows] = sampler(logits[rows], uniform[rows])
        return ids


@dataclass(frozen=True)
class Request:
    """Texts to write."""

    prompt: str  # as it was prepared; empty to begin where texts begin
    number: int  # which sample of its seed the first one is
    label: str | None = None  # None draws one for each text, if the network has labels
    n: int = 1  # how many texts


def stream_text(
    checkpoint: Checkpoint, make_decoder: MakeDecoder, generator: Generator, request: Request
) -> Iterator[str]:
    """Write one text, each character given as soon as it is drawn.

    One that is to be new comes as a whole: it is the first sample that is.

    Args:
        checkpoint: the network.
        make_decoder: gives decoders of the network.
        generator: makes the sequence.
        request: the text to write.
    """
    if not generator.has_unique_texts:
        return _stream(checkpoint, make_decoder, generator, request)
    samples = generate_samples(checkpoint, make_decoder, generator, [request], max_batch=1)
    return (sample.text for sample in samples)


def _stream(
    checkpoint: Checkpoint, make_decoder: MakeDecoder, generator: Generator, request: Request
) -> Iterator[str]:
    for number in range(request.number, request.number + generator.max_rejected):
        label = choose_label(checkpoint, request.label, seed=generator.seed, number=number)
        sequence = _sequence(checkpoint, generator, request.prompt, number)
        batch = Batch(make_decoder)
        batch.add(sequence, *_read_prompt(checkpoint, make_decoder, request.prompt, label))
        while sequence.finish_reason is None:
            ((_, piece),) = batch.step()
            if piece:
                yield piece
        if not sequence.is_spoilt:
            return


class _UnderWay:
    """The texts of a request that are under way, by their number, and how many are to come."""

    def __init__(self, request: Request) -> None:
        self.request, self.numbers, self.wanted = request, count(request.number), request.n
        self.texts: deque[tuple[int, str | None, Sequence, SampleRecorder]] = deque()
        self.rejected = 0  # texts in a row that were not new

    @property
    def lacks_texts(self) -> bool:
        """Return whether more are wanted than are under way."""
        return len(self.texts) < self.wanted

    @property
    def has_finished(self) -> bool:
        """Return whether the first of them is over."""
        return bool(self.texts) and self.texts[0][2].finish_reason is not None


def generate_samples(
    checkpoint: Checkpoint,
    make_decoder: MakeDecoder,
    generator: Generator,
    requests: Iterable[Request],
    *,
    max_batch: int,
    log_probs: bool = False,
    top: int = 0,
) -> Iterator[Sample]:
    """Write texts side by side, and give them in the order of the requests.

    Where texts are to be new, the next number's takes the place of one that is not. When too many
    in a row were not, a request has no more texts.

    Args:
        checkpoint: the network.
        make_decoder: gives decoders of the network.
        generator: makes the sequences.
        requests: the texts to write, each taken when there is room for it.
        max_batch: how many to write side by side.
        log_probs: whether to record the log-probability of each character.
        top: how many of the likeliest characters to record at each place.
    """
    read_prompt = lru_cache(_PROMPTS_KEPT)(partial(_read_prompt, checkpoint, make_decoder))
    batch, waiting = Batch(make_decoder), iter(requests)
    under_way: deque[_UnderWay] = deque()

    def with_room() -> _UnderWay | None:
        """Return what to begin a text of: the first lacks some where one of its was not new."""
        for each in (under_way[0], under_way[-1]) if under_way else ():
            if each.lacks_texts:
                return each
        if (request := next(waiting, None)) is not None:
            under_way.append(_UnderWay(request))
            return under_way[-1]
        return None

    def begin(several: _UnderWay) -> None:
        request, number = several.request, next(several.numbers)
        label = choose_label(checkpoint, request.label, seed=generator.seed, number=number)
        recorder = SampleRecorder(generator.characters, log_probs=log_probs, top=top)
        sequence = _sequence(checkpoint, generator, request.prompt, number, recorder)
        several.texts.append((number, label, sequence, recorder))
        if sequence.finish_reason is None:
            batch.add(sequence, *read_prompt(request.prompt, label))

    while True:
        while len(batch) < max_batch and (several := with_room()) is not None:
            begin(several)
        if not under_way:
            return
        for sequence, _ in batch.step():
            if sequence.finish_reason is not None:
                batch.remove(sequence)
        while under_way and under_way[0].has_finished:
            first = under_way[0]
            number, label, sequence, recorder = first.texts.popleft()
            sample = recorder.sample(
                prompt=checkpoint.tokenizer.show(first.request.prompt),
                seed=generator.seed,
                number=number,
                finish_reason=sequence.finish_reason,
                label=label,
            )
            if generator.accepts(sequence, sample.text):
                first.wanted, first.rejected = first.wanted - 1, 0
                yield sample
            else:
                first.rejected += 1
            if first.rejected == generator.max_rejected:
                first.wanted = 0
                for _, _, each, _ in first.texts:
                    if each.finish_reason is None:  # one that is over has left
                        batch.remove(each)
            if not first.wanted:
                under_way.popleft()


def _read_prompt(
    checkpoint: Checkpoint, make_decoder: MakeDecoder, prompt: str, label: str | None
) -> tuple[State, Floats]:
    """Read a prompt, or what stands for an empty one; return the state and the logits after it."""
    tokenizer = checkpoint.tokenizer
    decoder = make_decoder(initial_state(checkpoint, label))
    logits = first_logits(decoder, tokenizer, tokenizer.encode_beginning(prompt))
    return decoder.state, logits


def _sequence(
    checkpoint: Checkpoint,
    generator: Generator,
    prompt: str,
    number: int,
    recorder: SampleRecorder | None = None,
) -> Sequence:
    uniform = random_numbers(generator.seed, number).random
    return generator.sequence(checkpoint.tokenizer.encode(prompt), uniform, recorder=recorder)
