"""Survey a corpus without training; `chargen corpus` shows the result."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain, repeat
from typing import Any

import numpy as np

from chargen.config.presets import available_cores, choose_preset
from chargen.corpus.corpus import Corpus
from chargen.corpus.memory_map import blocks
from chargen.corpus.ngrams import entropies, held_out_losses
from chargen.corpus.prediction import Yardstick, predicted_loss, yardstick
from chargen.corpus.spans import Spans
from chargen.corpus.split import train_validation_split
from chargen.corpus.verdict import on_text
from chargen.errors import CorpusError
from chargen.text.characters import unicode_name
from chargen.text.line_ends import MARKS
from chargen.text.vocabulary import BOUNDARY

ORDERS = 5  # characters that the longest n-gram looks back
RARE_BELOW = 10  # occurrences; a character that is rarer is hardly learned
_MINUTES = (2, 10, 60)
_HELD_OUT = 0.1
_MAX_COUNTED = 4_000_000  # characters in which n-grams are counted
_MAX_LINE = 1 << 16  # characters; for the median, longer lines count as lines of this length


@dataclass(frozen=True)
class Character:
    """A distinct character of the text."""

    character: str
    code: str  # such as U+0041
    name: str  # in Unicode; "" where it has none
    count: int


@dataclass(frozen=True)
class LabelCount:
    """A label, and how much text has it."""

    label: str
    documents: int
    characters: int


@dataclass(frozen=True)
class Lines:
    """The lengths of lines, in characters, their ends left out."""

    number: int
    mean: float
    median: int
    longest: int


@dataclass(frozen=True)
class NGram:
    """What counting says of a character where the `order` characters before it are known."""

    order: int
    entropy: float  # nats per character, by the counts of the text itself
    held_out: float | None  # nats per character, on the last tenth, by the counts of the rest


@dataclass(frozen=True)
class Plan:
    """What `--preset auto` would do in so many minutes on an ordinary processor."""

    minutes: int
    passes: float  # over the training part
    settings: dict[str, Any]
    loss: float | None  # held out, predicted, in nats per character; None for a very short text


@dataclass(frozen=True)
class Survey:
    """All that was found in a corpus."""

    name: str
    encoding: str
    line_ends: dict[str, int]  # how many of each kind, as the text was read
    documents: int
    labels: list[LabelCount]  # in the order of their names; none if the text has none
    characters: int
    distinct: list[Character]  # the commonest first
    rare: int  # of these, how many occur fewer than `RARE_BELOW` times
    lines: Lines
    duplicates: list[list[int]]  # numbers, from 1, of documents that are the same
    counted: int  # characters of which n-grams were counted
    ngrams: list[NGram]
    cores: int  # that training would have here
    plans: list[Plan]  # on so many cores
    verdict: list[str]  # sentences: what the text is enough for, and what would help
    notes: list[str]


def survey(corpus: Corpus) -> Survey:
    """Return a survey of a corpus, which may be longer than memory."""
    characters = [
        Character(each, f"U+{ord(each):04X}", unicode_name(each), count)
        for each, count in reversed(corpus.distinct.items())
    ]
    labels = []
    if corpus.labels is not None:
        lengths = corpus.labels.characters
        counts = corpus.labels.documents.tolist()
        labels = list(map(LabelCount, lengths, counts, lengths.values()))
    counted, ngrams = _ngrams(corpus)
    cores = available_cores()
    measured = _measure(corpus)
    plans = [_plan(corpus, measured, minutes, cores) for minutes in _MINUTES]
    return Survey(
        name=corpus.name,
        encoding=corpus.encoding,
        line_ends=corpus.line_ends,
        documents=corpus.documents,
        labels=labels,
        characters=corpus.characters,
        distinct=characters,
        rare=sum(each.count < RARE_BELOW for each in characters),
        lines=_lines(corpus),
        duplicates=_duplicates(corpus),
        counted=counted,
        ngrams=ngrams,
        cores=cores,
        plans=plans,
        verdict=_verdict(measured, plans),
        notes=list(corpus.notes),
    )


def _lines(corpus: Corpus) -> Lines:
    """Return the lengths of lines, counted by length, since a long text has too many to keep.

    The end of a document ends a line too.
    """
    place_of = corpus.vocabulary.char2idx.get
    is_end = np.array([*(each in MARKS for each in corpus.vocabulary.idx2char), False])
    boundary = place_of(BOUNDARY, len(corpus.vocabulary))
    carriage_return, line_feed = place_of("\r", -1), place_of("\n", -1)  # -1 is no id
    last = np.zeros(1, np.int64)  # of the block before
    lengths = np.zeros(_MAX_LINE + 1, np.int64)
    longest = open_length = total = 0
    for block in chain(blocks(corpus.ids), [np.array([boundary])]):
        ends = is_end[block]
        places = np.flatnonzero(ends | (block == boundary))
        before, last = np.concatenate([last, block[:-1]]), block[-1:]
        if not len(places):
            open_length += len(block)
            continue
        found = np.diff(places, prepend=-1) - 1
        found[0] += open_length
        open_length = len(block) - 1 - int(places[-1])
        # There is no line between a carriage return and its line feed, nor between a line's end
        # and the document's.
        paired = (block[places] == line_feed) & (before[places] == carriage_return)
        found = found[~paired & ((found > 0) | ends[places])]
        longest = max(longest, int(found.max(initial=0)))
        total += int(found.sum())
        lengths += np.bincount(np.minimum(found, _MAX_LINE), minlength=len(lengths))
    number = int(lengths.sum())
    median = int(np.searchsorted(lengths.cumsum(), (number + 1) // 2))
    return Lines(number, total / max(1, number), median, longest)


def _duplicates(corpus: Corpus) -> list[list[int]]:
    """Return groups of documents that are the same, character for character."""
    if corpus.documents < 2:
        return []
    numbers: defaultdict[bytes, list[int]] = defaultdict(list)
    digest, number = hashlib.sha256(), 0  # nothing comes before the first boundary: no document 0
    for block in blocks(corpus.ids):
        start = 0
        for place in np.flatnonzero(block == 0):
            digest.update(block[start:place].tobytes())
            if number:
                numbers[digest.digest()].append(number)
            digest, number, start = hashlib.sha256(), number + 1, int(place) + 1
        digest.update(block[start:].tobytes())
    return [group for group in numbers.values() if len(group) > 1]


def _ngrams(corpus: Corpus) -> tuple[int, list[NGram]]:
    try:
        spans, ends = train_validation_split(corpus, _HELD_OUT, validation="end")
    except CorpusError:  # too short to hold anything out
        spans, ends = train_validation_split(corpus, 0, validation="end")
    training = corpus.ids[spans.sample(_MAX_COUNTED)]
    held_out = ends.ids[Spans.whole(len(ends)).sample(int(_MAX_COUNTED * _HELD_OUT))]
    counted = np.concatenate([training, held_out])
    found = entropies(counted, ORDERS)
    losses: Iterable[float | None] = repeat(None)
    if len(held_out) > ORDERS:
        losses = held_out_losses(training, held_out, corpus.vocabulary.vocab_size, ORDERS)
    return len(counted), list(map(NGram, range(len(found)), found, losses))


def _measure(corpus: Corpus) -> Yardstick | None:
    """Return what counting says of the part that training holds out by default."""
    try:
        training, held_out = train_validation_split(corpus, _HELD_OUT)
    except CorpusError:  # too short to hold anything out
        return None
    return yardstick(corpus, training, held_out.ids)


def _plan(corpus: Corpus, measured: Yardstick | None, minutes: int, cores: int) -> Plan:
    training = max(2, int(len(corpus.ids) * (1 - _HELD_OUT)))
    choice = choose_preset("auto", characters=training, minutes=minutes, epochs=None, cores=cores)
    units, learned, loss = choice.settings["units"], choice.passes * training, None
    if measured is not None:
        loss = predicted_loss(measured, learned=learned, units=units)
    return Plan(minutes, choice.passes, choice.settings, loss)


def _verdict(measured: Yardstick | None, plans: list[Plan]) -> list[str]:
    losses = {plan.minutes: plan.loss for plan in plans if plan.loss is not None}
    if measured is None or not losses:
        return [
            "Text: it is too short to say what a model learns from it. From 30,000 characters on, "
            "a model learns many words."
        ]
    return list(on_text(measured, losses, plans[-1].settings["units"]))
