"""Presets: settings that suit a corpus and the time there is (measured: benchmarks/presets.md)."""

import math
import os
from collections.abc import Container
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from chargen.config import Cell, DropoutSchedule, Optimizer, Precision, Preset
from chargen.wording import count

_UNITS = {"tiny": 128, "small": 256, "base": 512, "large": 1024}
# The least minutes and characters for which a width suits. From 14,000 characters, 512 units learn
# less than 256, from 100,000 more; from these, 768 learn less than 512, from a million more.
# Where the borders lie between these is a guess.
_WIDTHS = (
    (0, 0, 256),
    (0.5, 50_000, 512),
    (5, 300_000, 768),
    (12, 800_000, 1024),
    (20, 300_000, 1024),
)
# Characters a minute that training reads with 512 units on four ordinary cores. Other widths read
# at this speed divided by (their arithmetic / that of 512 units) ** _WORK_POWER, because small
# matrices are multiplied more slowly. The number of passes that follows is an estimate: a run
# begins by it, measures its speed, and then takes the regularization for the passes it will make.
_CHARACTERS_PER_MINUTE = 1_000_000
_WORK_POWER = 0.78
# Times as fast is a processor that multiplies bfloat16, as such processors are newer.
_NEWER_SPEED = {"bfloat16": 1.8, "float32": 1.4}
# One core reads 0.4 times as much as four, so fewer cores count as less time. More than four cores
# do not help much, because the streams are computed in four groups, or eight.
_MAX_CORES, _CORES_POWER = 4, 0.7
_STREAMS, _SEQ_LENGTH = 32, 16
_LEARNING_RATES = {"lstm": 7e-3, "gru": 4e-3, "rnn": 4e-3}
# The passes that are good for a text of so many characters, with the regularization below: more
# teach it by heart. Longer texts stand more passes, by this power of their length.
_USEFUL_PASSES, _OF_CHARACTERS, _USEFUL_POWER = 20, 14_000, 0.4
_USEFUL_READING = 280_000  # characters, which are read of the shortest texts too
_CPU_INFO = Path("/proc/cpuinfo")  # of Linux
DROPOUT_RATES = ("dropout", "weight_dropout")  # which a preset can have rise
# The least passes over the text, the most recurrent weights for each of its characters, and what
# suits them: dropout, weight dropout, whether they rise, weight decay and optimizer. The last row
# that fits is taken.
_Row = tuple[float, float, float, float, DropoutSchedule, float, Optimizer]
_REGULARIZATION: tuple[_Row, ...] = (
    (0, math.inf, 0.0, 0.0, "constant", 0.0, "soap"),
    (2, math.inf, 0.3, 0.0, "rising", 0.05, "soap"),
    (3, math.inf, 0.35, 0.0, "rising", 0.1, "soap"),
    (6, math.inf, 0.6, 0.0, "rising", 0.1, "adamw"),
    (6, 2.0, 0.35, 0.0, "rising", 0.2, "soap"),
    (9, math.inf, 0.6, 0.0, "rising", 0.1, "adamw"),  # ends the row above
    (12, math.inf, 0.5, 0.25, "constant", 0.1, "adamw"),
    (12, 3.0, 0.6, 0.0, "rising", 0.1, "adamw"),
    (18, math.inf, 0.5, 0.5, "constant", 0.1, "adamw"),
    (18, 3.0, 0.4, 0.25, "constant", 0.1, "adamw"),
    (6, 0.5, 0.35, 0.0, "rising", 0.1, "soap"),  # too few weights to learn by heart
)


@dataclass(frozen=True)
class PresetChoice:
    """The settings that a preset chose for a corpus and the time there is."""

    preset: str
    passes: float  # over the training part; an estimate, if the time is in minutes
    settings: dict[str, Any]

    def describe(self, given: Container[str]) -> str:
        """Return a line that names the chosen settings, except those in `given`."""
        chosen = [
            f"{name} {','.join(map(str, value)) if isinstance(value, tuple) else value}"
            for name, value in self.settings.items()
            if name not in given
        ]
        if not chosen:
            return f"All that preset {self.preset} would choose is given."
        return (
            f"Preset {self.preset}, for about {count(self.passes, 'pass', 'passes')} over the "
            f"training part: {', '.join(chosen)}."
        )


def choose_preset(
    preset: Preset,
    *,
    characters: int,
    minutes: float | None,
    epochs: int | None,
    cell: Cell = "lstm",
    units: tuple[int, ...] | None = None,
    seq_length: int | None = None,
    precision: Precision | None = None,
    workers: int = 1,
    cores: int | None = None,
) -> PresetChoice:
    """Choose settings for the length of a corpus, the time and the processor.

    Within minutes, many short updates learn more than few long ones, so all presets read 32 streams
    16 characters at a time. The more often the text is read, the more regularization helps.

    Args:
        preset: tiny, small, base and large fix the width; auto chooses it by minutes, cores and
            characters, and 512 units where `epochs` are given.
        characters: the length of the training part.
        minutes: how long to train, or None if `epochs` is given.
        epochs: how often to read the text, or None.
        cell: the kind of recurrent layer.
        units: the widths, if they are given.
        seq_length: the characters between two updates, if they are given.
        precision: of products, if it is given.
        workers: that train together, among which the streams can be dealt evenly.
        cores: the number of cores to train on; None means all that this process may use.
    """
    pace = min(1.0, (cores or available_cores()) / _MAX_CORES) ** _CORES_POWER
    if units is None and preset == "auto" and minutes is not None:
        fitting = [
            width
            for min_minutes, min_characters, width in _WIDTHS
            if min_minutes <= minutes * pace and min_characters <= characters
        ]
        units = (fitting[-1],)
    elif units is None:
        units = (_UNITS["base" if preset == "auto" else preset],)
    work = _recurrent_weights(units) / _recurrent_weights((512,))
    is_newer = cell == "lstm" and multiplies_bfloat16()
    precision = precision or ("bfloat16" if is_newer else "float32")
    speed = pace * _CHARACTERS_PER_MINUTE / work**_WORK_POWER
    if is_newer:
        speed *= _NEWER_SPEED[precision]
    passes = epochs or min(useful_passes(characters), (minutes or 0) * speed / characters)
    seq_length = seq_length or _SEQ_LENGTH
    streams = min(_STREAMS, (characters - 1) // seq_length)
    settings = {
        "units": units,
        **regularization(passes, characters, units, cell),
        "batch_size": max(workers, streams - streams % workers),
        "seq_length": seq_length,
        "learning_rate": _LEARNING_RATES[cell],
        "precision": precision,
    }
    return PresetChoice(preset, passes, settings)


def useful_passes(characters: int) -> float:
    """Return how many passes over a text of so many characters are enough, however much time."""
    passes: float = _USEFUL_PASSES * (characters / _OF_CHARACTERS) ** _USEFUL_POWER
    return max(passes, _USEFUL_READING / characters)


def regularization(
    passes: float, characters: int, units: tuple[int, ...], cell: Cell
) -> dict[str, Any]:
    """Return the settings against learning by heart that suit so many passes over a text.

    Only an LSTM drops weights, and soap was measured with it alone.
    """
    weights_per_character = _recurrent_weights(units) / characters
    dropout, weight_dropout, schedule, weight_decay, optimizer = [
        settings
        for min_passes, max_weights, *settings in _REGULARIZATION
        if min_passes <= passes and weights_per_character <= max_weights
    ][-1]
    return {
        "dropout": dropout,
        "weight_dropout": weight_dropout if cell == "lstm" else 0.0,
        "dropout_schedule": schedule,
        "weight_decay": weight_decay,
        "optimizer": optimizer if cell == "lstm" else "adamw",
    }


def _recurrent_weights(units: tuple[int, ...]) -> int:
    """Return the number of an LSTM's weights, without the first layer's input kernel."""
    layers = zip((0, *units), units, strict=False)
    return 4 * sum((below + width) * width for below, width in layers)


def available_cores() -> int:
    """Return the number of processor cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or _MAX_CORES


@cache
def multiplies_bfloat16() -> bool:
    """Return whether the processor has instructions for products of bfloat16, as Linux lists them.

    On others, or where they are not listed, such products can be slower than those of float32.
    """
    try:
        return "avx512_bf16" in _CPU_INFO.read_text("utf-8").split()
    except (OSError, UnicodeDecodeError):
        return False
