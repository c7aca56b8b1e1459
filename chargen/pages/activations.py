"""Units of a network as colours over a text: blue where a unit is positive, orange where negative.

`fragment` is for a notebook, `page` stands alone. The colour is laid over the background thinly
enough that the reader's own text colour, dark or light, stays legible. A line below or above a
character says the same without colour.
"""

from collections.abc import Iterable
from html import escape
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from chargen.pages.frame import frame
from chargen.text.characters import visible
from chargen.text.vocabulary import BOUNDARY
from chargen.wording import count

MAX_LEVEL = 5  # of either sign
MAX_SHOWN = 5000  # characters of a text

Row = tuple[str, NDArray[np.float32]]
"""What a unit is called, and its activation at each character, from -1 to 1."""

_LINED = 3  # the level from which on there is a line
_COLOURS = {"p": "20 110 235", "n": "235 110 15"}
_STYLE = """
.chargen-unit { margin: 0 0 1.5em; }
.chargen-unit h3 { margin: 0 0 .3em; font-size: 100%; }
.chargen-unit div, .chargen-scale { font-family: ui-monospace, monospace; line-height: 1.7;
  white-space: pre-wrap; overflow-wrap: anywhere; tab-size: 4; }
.chargen-unit b, .chargen-scale b { font-weight: normal; border-radius: 2px;
  text-underline-offset: .25em; }
""" + "".join(
    f".chargen-unit .{sign}{level}, .chargen-scale .{sign}{level} "
    f"{{ background: rgb({colour} / {level * 13}%);"
    + (f" text-decoration: {line};" if level >= _LINED else "")
    + " }\n"
    for (sign, colour), line in zip(_COLOURS.items(), ("underline", "overline"), strict=True)
    for level in range(1, MAX_LEVEL + 1)
)


def page(text: str, rows: Iterable[Row]) -> str:
    """Return a page that stands alone."""
    return frame("chargen: units over a text", fragment(text, rows))


def fragment(text: str, rows: Iterable[Row]) -> str:
    """Return units over a text, each as a paragraph of it, as a part of some page."""
    cut = ""
    if len(text) > MAX_SHOWN:
        cut = f"<p>The first {MAX_SHOWN:,} of {count(len(text), 'character')}.</p>\n"
    scale = "".join(_run(f" {level / MAX_LEVEL:+.1f} ", level) for level in _LEVELS)
    return (
        f"<style>{_STYLE}</style>\n"
        "<p>The output of each unit after reading the character: "
        f'<span class="chargen-scale">{scale}</span>. '
        "A line below the text: +0.5 and more. Above it: −0.5 and less.</p>\n"
        + cut
        + "".join(_unit(text, name, values) for name, values in rows)
    )


def _unit(text: str, name: str, values: NDArray[np.float32]) -> str:
    levels = level_of(values[:MAX_SHOWN], MAX_LEVEL).tolist()
    runs = groupby(zip(text[:MAX_SHOWN], levels, strict=True), lambda pair: pair[1])
    shown = "".join(
        _run("".join(map(_seen, (character for character, _ in run))), level) for level, run in runs
    )
    return (
        f'<section class="chargen-unit">\n<h3>{escape(name)}</h3>\n<div>{shown}</div>\n</section>\n'
    )


def level_of(values: NDArray[np.float32], levels: int) -> NDArray[np.intp]:
    """Return activations as whole numbers from -levels to levels."""
    found: NDArray[np.intp] = np.rint(values.clip(-1, 1) * levels).astype(np.intp)
    return found


def _run(text: str, level: int) -> str:
    if level == 0:
        return escape(text)
    return f'<b class="{"p" if level > 0 else "n"}{abs(level)}">{escape(text)}</b>'


def _seen(character: str) -> str:
    """Return a character with a sign for one that is not seen, and the line end it stands for."""
    after = "\n" if character == BOUNDARY else character if character in "\n\t" else ""
    return visible(character) + after


_LEVELS = range(-MAX_LEVEL, MAX_LEVEL + 1)
