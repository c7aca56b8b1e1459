"""Which model's style is a text? That of the model which spends the fewest bits on it.

A model with labels enters once for each: as if it were as many models.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, overload, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from chargen.checkpoint import Checkpoint
from chargen.config.arguments import check_arguments
from chargen.errors import SettingError
from chargen.generation.blas import held
from chargen.generation.clamps import Clamp
from chargen.generation.decoder import MAX_BATCH, Decoder
from chargen.generation.log_probs import Progress, bits, no_progress, surprisal
from chargen.generation.weights import DecoderWeights
from chargen.storage.runs import find_checkpoint
from chargen.text.characters import enumerate_some
from chargen.text.documents import merge_boundaries
from chargen.text.vocabulary import BOUNDARY

UNKNOWN_BITS = 21.0
"""What a character costs a model that never saw it: a little more than the log2 of the 1,114,112
code points that Unicode has room for, so that no known character is ever such a waste to guess."""


@dataclass(frozen=True, eq=False)
class Candidate:
    """A model, and which of its labels it reads with, if it has any."""

    weights: DecoderWeights
    label: str | None = None


@runtime_checkable
class Trained(Protocol):
    """A model that holds its checkpoint, such as a `LanguageModel`."""

    @property
    def checkpoint(self) -> Checkpoint:
        """Return the trained network."""

    @property
    def clamps(self) -> Sequence[Clamp]:
        """Return the units that are held at a value."""


Models = (
    Mapping[str, Candidate | Trained | Checkpoint | str | Path] | Sequence[str | Path] | str | Path
)


@dataclass(frozen=True)
class Classification:
    """What a text costs each model, in bits, and whose style it is therefore."""

    bits: Mapping[str, float]

    @property
    def model(self) -> str | None:
        """Return the model that spends the fewest bits; None where that is true of several."""
        return min(self.bits, key=self.bits.__getitem__) if self.margin > 0 else None

    @property
    def margin(self) -> float:
        """Return by how many bits the second is worse."""
        best, second, *_ = sorted(self.bits.values())
        return second - best

    def __repr__(self) -> str:
        costs = sorted(self.bits.items(), key=lambda item: item[1])
        said = enumerate_some([f"{name} {cost:,.2f}" for name, cost in costs])
        winner = "no winner" if self.model is None else f"{self.model!r} by {self.margin:,.2f} bits"
        return f"Classification({winner}: {said})"

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {"model": self.model, "margin": self.margin, "bits": dict(self.bits)}


@overload
def classify(  # type: ignore[overload-overlap]  # a str is tried first, though it is a sequence too
    texts: str, models: Models, *, threads: int | None = ..., progress: Progress = ...
) -> Classification: ...
@overload
def classify(
    texts: Sequence[str], models: Models, *, threads: int | None = ..., progress: Progress = ...
) -> list[Classification]: ...
@check_arguments
def classify(
    texts: str | Sequence[str],
    models: Models,
    *,
    threads: int | None = None,
    progress: Progress = no_progress,
) -> Classification | list[Classification]:
    """Say which model's style a text is, or each of several texts.

    All models are taken to be equally likely beforehand, so a margin of m bits means odds of
    2 ** m to 1, as far as the models are to be believed. Every character counts, the first as in
    `score`. One that a model never saw costs it 21 bits (`UNKNOWN_BITS`), and it reads on as if
    the character were not there.

    Args:
        texts: one text, or several, which are read side by side.
        models: models by the names to give them, or paths and names of runs as `load` takes
            them; at least two, or one with several labels.
        threads: as for `load`; not of a `Candidate`, which has its own.
        progress: told how many characters were read; in all, those of the texts once for each of
            the `candidates`.

    Raises:
        SettingError: if there are fewer than two to choose from, or two of the same name; if the
            number of threads is outside its limits, or cannot be set here.
        CheckpointError: if one is missing or damaged.
    """
    several = [texts] if isinstance(texts, str) else list(texts)
    named = candidates(models, threads)
    costs = {name: _bits(each, several, progress) for name, each in named.items()}
    results = [
        Classification({name: float(cost[i]) for name, cost in costs.items()})
        for i in range(len(several))
    ]
    return results[0] if isinstance(texts, str) else results


def candidates(models: Models, threads: int | None = None) -> dict[str, Candidate]:
    """Who competes, by name: a model without labels as it is, another as "model: label" for each.

    Raises:
        As `classify` does.
    """
    if isinstance(models, str | Path):
        models = [models]
    named = models if isinstance(models, Mapping) else {str(each): each for each in models}
    found: dict[str, Candidate] = {}
    for name, each in named.items():
        if isinstance(each, Candidate):
            found[name] = each
            continue
        checkpoint = _checkpoint_of(each)
        clamps = each.clamps if isinstance(each, Trained) else ()
        weights = DecoderWeights(checkpoint, threads).clamped(clamps)
        if checkpoint.labels:
            found |= {f"{name}: {it}": Candidate(weights, it) for it in checkpoint.labels}
        else:
            found[name] = Candidate(weights)
    if len(found) < 2 or len(named) < len(models):
        raise SettingError(
            "Classifying needs at least two different models; received "
            f"{', '.join(map(str, models)) or 'none'}. One model with several labels is enough."
        )
    return found


def _checkpoint_of(model: Trained | Checkpoint | str | Path) -> Checkpoint:
    if isinstance(model, str | Path):
        return Checkpoint.load(find_checkpoint(model))
    return model if isinstance(model, Checkpoint) else model.checkpoint


def _bits(candidate: Candidate, texts: Sequence[str], progress: Progress) -> NDArray[np.float64]:
    """Return what each text costs a model, shape [len(texts)]."""
    tokenizer = candidate.weights.checkpoint.tokenizer
    known = set(tokenizer.vocabulary.idx2char) - {tokenizer.unknown}
    texts = [tokenizer.prepare(text) for text in texts]
    readable = ["".join(c for c in text if c in known) for text in texts]
    unknown = np.array([len(text) for text in texts]) - [len(text) for text in readable]
    readable = [merge_boundaries(text).removeprefix(BOUNDARY) for text in readable]
    costs = UNKNOWN_BITS * unknown
    progress(int(unknown.sum()))
    by_length = sorted(range(len(texts)), key=lambda i: len(readable[i]))
    for first in range(0, len(texts), MAX_BATCH):
        rows = by_length[first : first + MAX_BATCH]
        costs[rows] += _read(candidate, [readable[i] for i in rows], progress)
    return costs


def _read(candidate: Candidate, texts: Sequence[str], progress: Progress) -> NDArray[np.float64]:
    """Return the bits of texts that are read side by side, shape [len(texts)]."""
    weights, rows = candidate.weights, len(texts)
    tokenizer = weights.checkpoint.tokenizer
    lengths = np.array([len(text) for text in texts])
    ids = np.zeros((len(texts), 1 + lengths.max()), np.int32)  # what a text lacks is not counted
    for row, text in zip(ids, texts, strict=True):
        row[: 1 + len(text)] = tokenizer.vocabulary.encode(tokenizer.start + text)
    labels = weights.checkpoint.label_ids(candidate.label, rows)
    decoder = Decoder(weights, weights.zero_state(rows, labels), by_rows=False)
    nats = np.zeros(rows)
    with held():
        for position in range(lengths.max()):
            inside = position < lengths
            costs = surprisal(decoder.step(ids[:, position]), ids[:, position + 1])
            nats[inside] += costs[inside]
            progress(int(inside.sum()))
    return bits(1) * nats
