"""Which units follow a feature of a text? Those whose activation correlates with it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chargen.checkpoint import Checkpoint
from chargen.config.base import check, is_integer
from chargen.errors import CorpusError, SettingError
from chargen.evaluation.activations import as_read, read_activations
from chargen.evaluation.features import FEATURES, Feature
from chargen.generation.decoder import MakeDecoder
from chargen.generation.log_probs import Progress, no_progress
from chargen.generation.state import Floats

Asked = str | Feature | Callable[[str], Sequence[float]]
"""The name of one of `FEATURES`, or anything that gives a number for each character of a text."""

TOP = 10
_HARDLY = 1e-4  # a standard deviation below which a unit follows nothing


@dataclass(frozen=True)
class FoundUnit:
    """A unit, and Pearson's correlation of its activation with a feature, from -1 to 1."""

    layer: int
    unit: int
    correlation: float

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)


def values_of(feature: Asked, text: str) -> NDArray[np.float64]:
    """Return a feature of a text, shape [len(text)].

    Raises:
        CorpusError: if it is the same at every character, so that nothing can follow it.
        SettingError: if there is no such feature, or it gives something else than a finite number
            for each character.
    """
    if isinstance(feature, str):
        feature = _named(feature)
    name, function = "This feature", feature
    if isinstance(feature, Feature):
        name, function = repr(feature.name), feature.values
    try:
        values = np.asarray(function(text), np.float64)  # type: ignore[operator]
    except (TypeError, ValueError):
        values = np.empty(0)
    fits = values.shape == (len(text),) and bool(np.isfinite(values).all())
    check("feature", feature, fits, "a function that gives a finite number for each character")
    if len(values) < 2 or values.min() == values.max():
        raise CorpusError(
            f"{name} is the same at every character of this text, so no unit can follow it. "
            "Choose a longer text, or another feature."
        )
    return values


def _named(name: str) -> Feature:
    if name in FEATURES:
        return FEATURES[name]
    nearest = get_close_matches(name, FEATURES, n=1)
    hint = f" (did you mean {nearest[0]!r}?)" if nearest else ""
    raise SettingError(f"There is no feature {name!r}{hint}; there are {', '.join(FEATURES)}.")


def find_units(
    checkpoint: Checkpoint,
    make_decoder: MakeDecoder,
    feature: Asked,
    text: str,
    *,
    label: str | None = None,
    top: int = TOP,
    progress: Progress = no_progress,
) -> list[FoundUnit]:
    """Correlate every unit with a feature of a text.

    Args:
        checkpoint: the network.
        make_decoder: gives decoders of the network.
        feature: what to look for.
        text: prepared; not more than sums over it are kept in memory.
        label: the text's, if the network has labels.
        top: how many units to return; all, if there are fewer.
        progress: told how many characters were read.

    Returns:
        Those with the greatest correlation of either sign, greatest first.

    Raises:
        Errors as `values_of` and `activations` do, and SettingError if `top` is not a whole number
            from 1.
    """
    check("top", top, is_integer(top, 1), "a whole number from 1")
    text = as_read(text)
    values = values_of(feature, text)
    blocks = read_activations(checkpoint, make_decoder, text, label=label, progress=progress)
    found = [
        FoundUnit(layer, unit, float(correlation))
        for layer, correlations in enumerate(correlate(blocks, values))
        for unit, correlation in enumerate(correlations)
    ]
    return sorted(found, key=lambda each: -abs(each.correlation))[:top]


def correlate(
    blocks: Iterable[tuple[Floats, ...]], values: NDArray[np.float64]
) -> list[NDArray[np.float64]]:
    """Return Pearson's correlation of each unit of each layer with a feature, [units].

    Args:
        blocks: activations of a text, one block after the other, as `read_activations` gives them.
        values: the feature, shape [characters], not all the same.
    """
    centred = values - values.mean()
    sums: list[_Sums] = []
    place = 0
    for block in blocks:
        sums = sums or [_Sums(h[0]) for h in block]
        part = centred[place : place + len(block[0])]
        for each, h in zip(sums, block, strict=True):
            each.add(h, part)
        place += len(part)
    scale = float(np.sqrt(centred @ centred))
    return [each.correlations(scale, place) for each in sums]


class _Sums:
    """What the correlations of a layer's units are made of.

    Args:
        shift: near the units' means, shape [units]: sums of what is left lose no digits.
    """

    def __init__(self, shift: Floats) -> None:
        self._shift = shift.astype(np.float64)
        self._h, self._squares, self._products = (np.zeros(len(shift)) for _ in range(3))

    def add(self, h: Floats, centred: NDArray[np.float64]) -> None:
        """Count activations, [n, units], and the feature less its mean, [n]."""
        shifted = h - self._shift
        self._h += shifted.sum(axis=0)
        self._squares += (shifted**2).sum(axis=0)
        self._products += centred @ shifted

    def correlations(self, scale: float, characters: int) -> NDArray[np.float64]:
        """Return the correlation of each unit, [units]; 0 for one that hardly moves.

        Args:
            scale: the root of the summed squares of the feature less its mean.
            characters: how many were counted.
        """
        squares = (self._squares - self._h**2 / characters).clip(0)
        moves = squares > characters * _HARDLY**2
        found = np.zeros(len(squares))
        np.divide(self._products, np.sqrt(squares) * scale, out=found, where=moves)
        return found.clip(-1, 1)
