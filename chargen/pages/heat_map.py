"""Heat maps in SVG: characters on coloured ground, for a page, a paper or a notebook.

The colours are those of units over a text: blue above 0, orange below, thin enough that a
character stays legible on a light ground and on a dark one.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chargen.pages.activations import MAX_SHOWN
from chargen.pages.chart import drawing, text
from chargen.text.characters import visible

Numbers = Sequence[float] | NDArray[np.floating[Any]]
Row = tuple[str, Numbers]
"""Characters, and the number of each, from -1 to 1; without numbers, they have no colour."""

_CELL, _LINE = 12, 24  # a character's width and height, in pixels
_EDGE, _TOP = 16, 40  # of the picture
_MIN_CHARACTERS = 40  # for which there is room, so that the title fits
_MAX_CHARACTERS = 72  # of a row of a text; a longer line takes several
_LEVELS = 10  # of either sign
_SOLID = 0.65  # how much of the ground the colour of 1 covers
_POSITIVE, _NEGATIVE = "#146eeb", "#eb6e0f"
_KEY = {"-1": -1, "-0.5": -0.5, "0": 0, "+0.5": 0.5, "+1": 1}
_STYLE = 'font-family="ui-monospace, monospace" font-size="16"'


@dataclass(frozen=True)
class HeatMap:
    """Rows of characters, each on the colour of its number. A notebook shows it.

    Args:
        title: what is shown.
        rows: from the top.
        key: the numbers whose colours the legend explains, by what they mean.
    """

    title: str
    rows: Sequence[Row]
    key: Mapping[str, float] = field(default_factory=_KEY.copy)

    def to_svg(self) -> str:
        """Return the heat map as an SVG file."""
        body: list[str] = []
        top, left = _TOP, _EDGE
        for characters, numbers in self.rows:
            body += _row(characters, numbers, _EDGE, top)
            top += _LINE
        top += _LINE // 2
        for meaning, number in self.key.items():
            said = f" {meaning} "
            body += _row(said, [number] * len(said), left, top)
            left += _CELL * len(said)
        longest = max([_MIN_CHARACTERS, *(len(characters) for characters, _ in self.rows)])
        width = max(_EDGE + _CELL * longest, left) + _EDGE
        return drawing(self.title, body, width=width, height=top + _LINE + _EDGE, left=_EDGE)

    def _repr_svg_(self) -> str:
        return self.to_svg()


def rows_of(text: str, numbers: Numbers) -> list[Row]:
    """Return a text, of which there is a number for each character, as rows of a heat map."""
    rows, first = [], 0
    for line in text[:MAX_SHOWN].splitlines(keepends=True):
        for start in range(0, len(line), _MAX_CHARACTERS):
            part = line[start : start + _MAX_CHARACTERS]
            rows.append((part, numbers[first : first + len(part)]))
            first += len(part)
    return rows


def _row(characters: str, numbers: Numbers, left: int, top: int) -> Iterator[str]:
    """Yield the grounds of a row, each as long as its colour, and then the characters."""
    levels = [round(_LEVELS * max(-1, min(1, float(number)))) for number in numbers]
    place = 0
    for level, run in groupby(levels):
        width = len(list(run))
        if level:
            colour = _POSITIVE if level > 0 else _NEGATIVE
            yield (
                f'<rect x="{left + _CELL * place}" y="{top}" width="{_CELL * width}" '
                f'height="{_LINE}" fill="{colour}" '
                f'fill-opacity="{_SOLID * abs(level) / _LEVELS:.3g}"/>'
            )
        place += width
    middles, shown = [], []
    for place, character in enumerate(characters):
        seen = visible(character)
        if seen.strip() and len(seen) == 1:
            # SVG counts a character outside the basic plane as two, and a place goes to each.
            middles += [f"{left + _CELL * place + _CELL // 2}"] * (1 + (ord(seen) > 0xFFFF))
            shown.append(seen)
    if shown:
        said = escape("".join(shown))
        yield text(" ".join(middles), top + 17, said, "middle", _STYLE)
