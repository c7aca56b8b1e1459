"""Random numbers whose place can be kept: where a text goes on, they go on too."""

from dataclasses import dataclass, field

import numpy as np

from chargen.generation.generate import random_numbers


@dataclass(eq=False)
class Numbers:
    """The random numbers of one sample of a seed, from some place on.

    Args:
        seed: of the sample.
        number: which sample of that seed it is.
        place: how many numbers are drawn already.
    """

    seed: int
    number: int = 0
    place: int = 0
    _generator: np.random.Generator = field(init=False)

    def __post_init__(self) -> None:
        self._generator = random_numbers(self.seed, self.number)
        self._generator.bit_generator.advance(self.place)  # type: ignore[attr-defined]

    def draw(self) -> float:
        """Return the next number, from [0, 1)."""
        self.place += 1
        return self._generator.random()
