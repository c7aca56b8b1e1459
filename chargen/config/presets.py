"""Presets: settings that suit a corpus and the time there is (measured: benchmarks/README.md)."""

import os
from collections.abc import Container
from dataclasses import dataclass
from typing import Any

from chargen.config import Cell, Preset

_UNITS = {"tiny": 128, "small": 256, "base": 512, "large": 1024}
# The width that suits so many minutes and characters, or more. Of 100,000 characters, 768 units
# learn less than 512, of a million more; where between the two the border is, is a guess.
_WIDTHS = ((0, 0, 256), (0.5, 0, 512), (5, 300_000, 768), (20, 300_000, 1024))
# Characters a minute that training reads at 512 units on four cores of an ordinary processor. At
# other widths it is so much more or less as the arithmetic is to this power, as small matrices are
# multiplied more slowly. A guess at how often the text is read.
_SPEED = 1_000_000
_POWER = 0.78
# Fewer cores are as good as so much less time: one reads 0.4 times as much as four. More than four
# have little to do, as there are four groups of streams.
_CORES, _CORES_POWER = 4, 0.7
_STREAMS, _STEPS = 32, 16
# Passes over the text, and the dropout, weight dropout and weight decay that suit at least so many.
_REGULARIZATION = (
    (0, 0.0, 0.0, 0.0),
    (2, 0.2, 0.0, 0.05),
    (3, 0.3, 0.0, 0.1),
    (6, 0.45, 0.0, 0.1),
    (12, 0.5, 0.5, 0.1),
)


@dataclass(frozen=True)
class PresetChoice:
    """What was chosen, and for what."""

    preset: str
    passes: float  # about how often the training part will be read
    settings: dict[str, Any]

    def describe(self, given: Container[str]) -> str:
        """A line that says what was chosen, but for the settings in `given`."""
        chosen = (
            f"{name} {','.join(map(str, value)) if isinstance(value, tuple) else value}"
            for name, value in self.settings.items()
            if name not in given
        )
        return (
            f"Preset {self.preset}, for about {self.passes:.2g} passes over the training part: "
            f"{', '.join(chosen)}."
        )


def choose(
    preset: Preset,
    *,
    characters: int,
    minutes: float | None,
    epochs: int | None,
    cell: Cell = "lstm",
    units: tuple[int, ...] | None = None,
    cores: int | None = None,
) -> PresetChoice:
    """The recipe for so much text, time and processor.

    Many short updates beat few long ones within minutes, so all presets read 32 streams 16
    characters at a time. The more often the text is read, the more regularization pays.

    Args:
        preset: tiny, small, base and large fix the width; auto chooses one from the
            minutes and characters.
        characters: in the training part.
        minutes: to train, or None where
        epochs: says how often to read the text.
        cell: of the recurrent layers; only an LSTM drops weights.
        units: the widths, if they are given.
        cores: to train on; None means all that this process may use.
    """
    pace = min(1.0, (cores or available_cores()) / _CORES) ** _CORES_POWER
    if units is None and preset == "auto" and minutes is not None:
        fitting = [
            width
            for least_minutes, least_characters, width in _WIDTHS
            if least_minutes <= minutes * pace and least_characters <= characters
        ]
        units = (fitting[-1],)
    elif units is None:
        units = (_UNITS["base" if preset == "auto" else preset],)
    work = sum((below + width) * width for below, width in zip((0, *units), units, strict=False))
    speed = pace * _SPEED * (512 * 512 / work) ** _POWER
    passes = epochs or (minutes or 0) * speed / characters
    shares = [each[1:] for each in _REGULARIZATION if each[0] <= passes][-1]
    dropout, weight_dropout, weight_decay = shares
    settings = {
        "units": units,
        "dropout": dropout,
        "weight_dropout": weight_dropout if cell == "lstm" else 0.0,
        "weight_decay": weight_decay,
        "batch_size": max(1, min(_STREAMS, (characters - 1) // _STEPS)),
        "seq_length": _STEPS,
        "learning_rate": 4e-3,
    }
    return PresetChoice(preset, passes, settings)


def available_cores() -> int:
    """How many processor cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or _CORES
