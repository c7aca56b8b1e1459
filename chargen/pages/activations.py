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
from chargen.pages.signs import after, meanings
from chargen.text.characters import visible
from chargen.wording import count

MAX_LEVEL = 5  # of either sign
MAX_SHOWN = 5000  # characters of a text

Row = tuple[str, NDArray[np.float32]]
"""What a unit is called, and its activation at each character, from -1 to 1."""

_LINED = 3  # the level from which on there is a line
_COLOURS = {"p": "20 110 235", "n": "235 110 15"}
_STYLE = """
.chargen-unit h2 { margin: 1.2em 0 .3em; font-size: 100%; }
.chargen-unit div, .chargen-scale { font-family: ui-monospace, monospace; line-height: 1.7; }
.chargen-unit div { white-space: pre-wrap; overflow-wrap: anywhere; tab-size: 4;
  unicode-bidi: plaintext; }
.chargen-unit b, .chargen-scale b { font-weight: normal; border-radius: 2px;
  text-underline-offset: .25em; }
.chargen-scale { font-size: 85%; white-space: nowrap; }
.chargen-scale b { padding: .1em .35em; }
""" + "".join(
    f".chargen-unit .{sign}{level}, .chargen-scale .{sign}{level} "
    f"{{ background: rgb({colour} / {level * 13}%);"
    + (f" text-decoration: {line};" if level >= _LINED else "")
    + " }\n"
    for (sign, colour), line in zip(_COLOURS.items(), ("underline", "overline"), strict=True)
    for level in range(1, MAX_LEVEL + 1)
)


def page(
    text: str, rows: Iterable[Row], *, model: str | None = None, source: str | None = None
) -> str:
    """Return a page that stands alone.

    Args:
        text: that the network read.
        rows: the units.
        model: the name of the network, and what else is to be told of it.
        source: the name of the text.
    """
    facts = [("Model", model), ("Text", source)]
    return frame("Units over a text", fragment(text, rows), name=source, facts=facts)


def fragment(text: str, rows: Iterable[Row]) -> str:
    """Return units over a text, each as a paragraph of it, as a part of some page."""
    cut = ""
    if len(text) > MAX_SHOWN:
        cut = f"<p>The first {MAX_SHOWN:,} of {count(len(text), 'character')}.</p>\n"
    below, above = (
        f'<span class="chargen-scale">{"".join(map(_step, levels))}</span>'
        for levels in (range(-MAX_LEVEL, 0), range(MAX_LEVEL + 1))
    )
    return (
        f"<style>{_STYLE}</style>\n"
        f"<p>{below} {above}</p>\n"
        "<p>The colour of a character is the output of the unit after the network read it. From "
        "+0.5 on there is a line below the character, from −0.5 down one above it. Layer 0 is "
        f"nearest the input.{escape(meanings(text[:MAX_SHOWN]))}</p>\n"
        + cut
        + "".join(_unit(text, name, values) for name, values in rows)
    )


def _step(level: int) -> str:
    """Return a step of the scale."""
    said = f"{level / MAX_LEVEL:+.1g}".replace("-", "−") if level else "0"
    return f'<b class="{_class(level)}">{said}</b>'


def _unit(text: str, name: str, values: NDArray[np.float32]) -> str:
    levels = level_of(values[:MAX_SHOWN], MAX_LEVEL).tolist()
    runs = groupby(zip(text[:MAX_SHOWN], levels, strict=True), lambda pair: pair[1])
    shown = "".join(
        _run("".join(map(_seen, (character for character, _ in run))), level) for level, run in runs
    )
    return (
        f'<section class="chargen-unit">\n<h2>{escape(name)}</h2>\n<div>{shown}</div>\n</section>\n'
    )


def level_of(values: NDArray[np.float32], levels: int) -> NDArray[np.intp]:
    """Return activations as whole numbers from -levels to levels."""
    found: NDArray[np.intp] = np.rint(values.clip(-1, 1) * levels).astype(np.intp)
    return found


def _run(text: str, level: int) -> str:
    return f'<b class="{_class(level)}">{escape(text)}</b>' if level else escape(text)


def _class(level: int) -> str:
    return f"{'p' if level >= 0 else 'n'}{abs(level)}"


def _seen(character: str) -> str:
    return visible(character) + after(character)
