"""A score as HTML: coloured characters that tell their alternatives when pointed at or focused.

`fragment` is for a notebook and needs no script; `page` adds a page's frame and the arrow keys. The
colour is laid over the background thinly enough that the reader's own text colour, dark or light,
stays legible. A line below a character says the same without colour.
"""

from collections.abc import Iterator
from html import escape
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from chargen.pages.frame import frame
from chargen.pages.signs import after, meanings
from chargen.text.characters import visible
from chargen.wording import count

MAX_LEVEL = 10  # from so many bits on, the colour stays the same
_BLOCK = 500  # characters of a block, at least
_LINED = 5  # from so many bits on, there is a line

_STYLE = """
.chargen { line-height: 1.7; }
.chargen-text { font-family: ui-monospace, monospace; white-space: pre-wrap;
  overflow-wrap: anywhere; tab-size: 4; margin-right: 14em; }
.chargen-text div { unicode-bidi: plaintext; }
.chargen b { font-weight: normal; position: relative; border-radius: 2px;
  text-underline-offset: .25em; }
.chargen-scale { white-space: nowrap; }
.chargen-scale b { display: inline-block; min-width: 1.5em; text-align: center; }
.chargen b:focus { outline: 2px solid; }
.chargen b[aria-label]:is(:hover, :focus)::after { content: attr(aria-label); position: absolute;
  z-index: 1; left: 0; top: 1.6em; width: max-content; max-width: 18em; padding: .4em .8em;
  direction: ltr; white-space: pre-wrap; font-size: 90%; line-height: 1.4; border-radius: 4px;
  color: #fff; background: #222; border: 1px solid #888; pointer-events: none; }
@media (max-width: 50em) {
  .chargen-text { margin-right: 0; }
  .chargen b[aria-label]:is(:hover, :focus)::after { position: fixed; left: 1em; top: auto;
    bottom: 1em; } }
""" + "".join(
    f".chargen .l{level} {{ background: rgb(235 75 20 / {level * 6}%);"
    + (" text-decoration: underline;" if level >= _LINED else "")
    + " }\n"
    for level in range(1, MAX_LEVEL + 1)
)

_SCRIPT = """
const characters = [...document.querySelectorAll(".chargen-text b")];
const steps = {ArrowRight: 1, ArrowLeft: -1, Home: -Infinity, End: Infinity};
characters[0].tabIndex = 0;
document.querySelector(".chargen-text").addEventListener("keydown", event => {
  const at = characters.indexOf(document.activeElement);
  if (at < 0 || !(event.key in steps)) return;
  const to = Math.max(0, Math.min(characters.length - 1, at + steps[event.key]));
  characters[at].tabIndex = -1;
  characters[to].tabIndex = 0;
  characters[to].focus();
  event.preventDefault();
});
"""


class Scored(Protocol):
    """What a page shows of a text, such as `evaluation.Score`."""

    @property
    def text(self) -> str: ...
    @property
    def bits(self) -> NDArray[np.float64]: ...
    @property
    def total_bits(self) -> float: ...
    @property
    def bits_per_char(self) -> float: ...
    @property
    def perplexity(self) -> float: ...
    def alternatives(self, position: int) -> list[tuple[str, float]]: ...


def page(score: Scored, *, model: str | None = None, source: str | None = None) -> str:
    """Return a page that stands alone; arrow keys, Home and End move between characters.

    Args:
        score: of a text.
        model: the name of what scored it, and what else is to be told of that.
        source: the name of the text.
    """
    return frame(
        "What surprises a model",
        f"{fragment(score, ' Or press Tab, then the arrow keys.')}<script>{_SCRIPT}</script>\n",
        name=source,
        facts=[("Model", model), ("Text", source)],
        # Below the last line there must be room for what it tells when pointed at.
        style="body { padding-bottom: 12em; }\n",
    )


def fragment(score: Scored, hint: str = "") -> str:
    """Return the score as a part of some page; `hint` is added to the lines that explain it."""
    scale = "".join(f'<b class="l{level}">{level}</b>' for level in range(MAX_LEVEL + 1))
    return (
        f'<style>{_STYLE}</style>\n<div class="chargen">\n'
        f"<p>{count(len(score.text), 'character')}, {score.total_bits:,.1f} bits: "
        f"<strong>{score.bits_per_char:.3f} bits per character</strong>, "
        f"perplexity {score.perplexity:.2f}.</p>\n"
        f'<p><span class="chargen-scale">{scale}</span> and more bits.</p>\n'
        "<p>The stronger its colour, the more bits a character cost, that is, the more it "
        f"surprised the model. From {_LINED} bits on there is a line below it. 0 bits: the model "
        "was certain. 1 bit: it gave the character a probability of 50%, 2 bits: 25%, 10 bits: "
        f"0.1%.{escape(meanings(score.text))}</p>\n"
        f"<p>Point at a character, or tap it, to see what was expected.{hint}</p>\n"
        f'<div class="chargen-text">{"".join(_blocks(score))}</div>\n</div>\n'
    )


def _blocks(score: Scored) -> Iterator[str]:
    """Yield the text in blocks of some lines: a browser lays out only that which changes."""
    block: list[str] = []
    last = len(score.text) - 1
    for position, character in enumerate(score.text):
        block.append(_character(score, position))
        if position == last or (after(character) == "\n" and len(block) >= _BLOCK):
            yield f"<div>{''.join(block)}</div>"
            block.clear()


def _character(score: Scored, position: int) -> str:
    character, cost = score.text[position], score.bits[position]
    lines = [f"{_named(character)}: {cost:.2f} bits, {2**-cost:.2%}"]
    if expected := score.alternatives(position):
        lines += ["expected:", *(f"{_named(other)} {share:.1%}" for other, share in expected)]
    label = escape("\n".join(lines)).replace("\n", "&#10;")
    level = min(MAX_LEVEL, int(cost))
    return (
        f'<b class="l{level}" tabindex="-1" role="img" aria-label="{label}">'
        f"{escape(visible(character))}</b>{after(character)}"
    )


def _named(character: str) -> str:
    return "space" if character == " " else visible(character)
