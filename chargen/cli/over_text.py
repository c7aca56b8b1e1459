"""Units of a network over a text at a terminal: in colours, or with bars below without them."""

import os
import shutil
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from chargen.cli.terminal import cells

if TYPE_CHECKING:
    from chargen.evaluation.activations import Activations

# Backgrounds from an activation of 0.2, 0.4, 0.6 and 0.8 on: colours of the 256 that keep black
# text legible, on dark terminals and on light ones.
_POSITIVE = (195, 153, 117, 75)  # blue
_NEGATIVE = (230, 222, 215, 208)  # orange
_STEPS = 5
_BARS = "▁▂▃▄▅▆▇█"  # from -1 to 1, without colours


def put_over_text(found: "Activations", units: Sequence[tuple[int, int]]) -> None:
    """Show units over the text at a terminal, in colours or with bars below."""
    in_colour = not os.environ.get("NO_COLOR")
    for layer, unit in units:
        values = found.unit(layer, unit).tolist()
        shown = _coloured if in_colour else _barred
        click.echo(f"layer {layer}, unit {unit}\n{shown(found.text, values)}\n".encode())
    levels = range(-_STEPS + 1, _STEPS)
    shares = [level / _STEPS for level in levels]
    scale = "".join(_painted(f" {each:+.1g} " if each else " 0 ", each) for each in shares)
    if not in_colour:
        scale = f" -1 {_BARS} +1"
    click.echo(f"output, from -1 to 1:{scale}".encode())


def _painted(text: str, value: float) -> str:
    level = int(abs(value) * _STEPS + 1e-6)
    if not level:
        return text
    background = (_POSITIVE if value > 0 else _NEGATIVE)[min(level, len(_POSITIVE)) - 1]
    return click.style(text, fg=16, bg=background)


def _coloured(text: str, values: Sequence[float]) -> str:
    """Return the text with colours behind it, and signs for characters that are not seen."""
    painted = []
    for character, value in zip(text, values, strict=True):
        shown, end = _seen(character)
        painted.append(_painted(shown, value) + end)
    return "".join(painted)


def _barred(text: str, values: Sequence[float]) -> str:
    """Return the text in lines that fit the terminal, each with a line of bars below it."""
    width = shutil.get_terminal_size().columns
    lines: list[str] = []
    above = below = ""
    for character, value in zip(text, values, strict=True):
        shown, end = _seen(character)
        taken = cells(shown)
        if len(below) + taken > width:
            lines += [above, below]
            above = below = ""
        above += shown
        below += _BARS[min(int((value + 1) / 2 * len(_BARS)), len(_BARS) - 1)] * taken
        if "\n" in end:
            lines += [above, below]
            above = below = ""
    return "\n".join([*lines, above, below] if above else lines)


def _seen(character: str) -> tuple[str, str]:
    """Return a character as it is seen, and the line end that comes after it, if one does."""
    from chargen.text.characters import visible
    from chargen.text.vocabulary import BOUNDARY

    return visible(character), "\n" if character in ("\n", BOUNDARY) else ""
