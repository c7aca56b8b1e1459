"""Loss curves as a picture in SVG, which every browser shows: dark where its user prefers that."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby

from chargen.text.characters import escape_hidden
from chargen.training.history import Row

CURVE_FILE = "curve.svg"

# Lengths are in pixels. The lines lie in a box; below it, each has a row in the legend.
_WIDTH, _LEFT, _RIGHT, _TOP, _BOTTOM = 720, 64, 672, 40, 320
_FIRST_ROW, _ROW = 384, 20
_MAX_TICKS = 6
_MAX_NAME = 40  # characters
_MAX_STEP, _MAX_LOSS = 10**9, 1000  # a number beyond them would not fit, and is not drawn
_MIN_RANGE = 0.004  # of the losses, so that the numbers at the axis differ
# Each stands out from the white ground and from the dark one, by at least 3.5 to 1.
_COLOURS = ("#2f7fd0", "#d0600a", "#2a9050", "#a05fd0", "#d8404a", "#12909f", "#9a7020", "#7a7a7a")
_DASHES = ("none", "7 4", "1 4", "9 4 1 4")  # of the first eight lines, the next eight, …

_PICTURE = """\
<svg xmlns="http://www.w3.org/2000/svg" role="img" width="{width}" height="{height}" \
viewBox="0 0 {width} {height}" font-family="system-ui, sans-serif" font-size="12" fill="#333">
<title>{title}</title>
<style>@media (prefers-color-scheme: dark) {{ \
.ground {{ fill: #16181d }} text {{ fill: #ddd }} .grid {{ stroke: #3a3d44 }} }}</style>
<rect class="ground" width="100%" height="100%" fill="#fff"/>
<text x="{left}" y="24" font-size="14">{title}</text>
{body}
</svg>
"""

Point = tuple[int, float]
"""A step, and a loss in nats per character."""


@dataclass(frozen=True)
class _Line:
    name: str
    points: Sequence[Point]
    marked: Point  # where a dot is drawn, of which the legend tells
    is_best: bool  # whether that is the run's best point


def draw_curves(runs: Mapping[str, Sequence[Row]]) -> bytes:
    """Return a picture of the loss curves of runs, as an SVG file.

    A single run is drawn with its training loss and both held-out losses. Of several runs, the
    carried held-out losses are drawn over one another, or the training losses where nothing is
    held out. Losses that are not finite leave a gap; a run that has no others is left out.

    Args:
        runs: the rows of each run, by the name to show.
    """
    title = "held-out loss, carried"
    lines = [line for name, rows in runs.items() for line in _lines_of(rows, name)[:1]]
    if len(runs) == 1:
        ((title, rows),) = runs.items()
        lines = _lines_of(rows)
    points = [point for line in lines for point in filter(_fits, line.points)]
    x, y = _scales(points or [(1, 1.0)])
    body = [*_axes(x, y)]
    for number, line in enumerate(lines):
        body += _drawn(line, number, x, y)
    height = _FIRST_ROW + _ROW * len(lines)
    return _PICTURE.format(
        width=_WIDTH, height=height, left=_LEFT, title=_shown(title), body="\n".join(body)
    ).encode()


def _lines_of(rows: Sequence[Row], name: str = "") -> list[_Line]:
    """Return a run's lines, that by which its weights are judged first; marked where it is best."""
    held_out = [(row.step, row.carried) for row in rows if row.carried is not None]
    training = [(row.step, row.loss) for row in rows]
    windowed = [(row.step, row.windowed) for row in rows if row.windowed is not None]
    fitting = list(filter(_fits, held_out or training))
    if not fitting:
        return []
    # Where nothing is held out, the last weights are kept.
    best = min(fitting, key=lambda point: point[1]) if held_out else fitting[-1]
    lines = [_Line(name or "held out, carried", held_out, best, True)] if held_out else []
    for other, points in {"held out, windowed": windowed, name or "training": training}.items():
        there = [point for point in points if point[0] == best[0] and _fits(point)]
        lines += [_Line(other, points, each, False) for each in there[:1]]
    return lines


def _fits(point: Point) -> bool:
    """Return whether a point can be drawn; no comparison with NaN is true."""
    return 0 <= point[0] <= _MAX_STEP and abs(point[1]) <= _MAX_LOSS


class _Scale:
    """Maps numbers from `low` to `high` on pixels.

    Attributes:
        ticks: round numbers in between, at most seven, by the text to show.
    """

    def __init__(self, low: float, high: float, pixels: tuple[int, int], *, least: float) -> None:
        self._low, self._high, self._pixels = low, high, pixels
        distance = max(least, (high - low) / _MAX_TICKS)
        power = 10.0 ** math.floor(math.log10(distance))
        step = next(power * each for each in (1, 2, 5, 10) if power * each >= 0.999 * distance)
        decimals = max(0, -math.floor(math.log10(step * 1.001)))
        numbers = range(math.ceil(low / step), math.floor(high / step) + 1)
        self.ticks = {f"{number * step:,.{decimals}f}": number * step for number in numbers}

    def __call__(self, number: float) -> str:
        start, end = self._pixels
        return f"{start + (end - start) * (number - self._low) / (self._high - self._low):.1f}"


def _scales(points: Sequence[Point]) -> tuple[_Scale, _Scale]:
    """Return the scales of steps, from 0, and of losses."""
    losses = [loss for _, loss in points]
    low, high = min(losses), max(losses)
    margin = max(0.05 * (high - low), (_MIN_RANGE - (high - low)) / 2)
    x = _Scale(0, max(1, *(step for step, _ in points)), (_LEFT, _RIGHT), least=1)
    return x, _Scale(low - margin, high + margin, (_BOTTOM, _TOP), least=0)


def _axes(x: _Scale, y: _Scale) -> Iterator[str]:
    """Yield the grid, the numbers beside it and what they are."""
    for said, loss in y.ticks.items():
        yield _line(_LEFT, y(loss), _RIGHT, y(loss), 'class="grid" stroke="#ddd"')
        yield _text(_LEFT - 8, float(y(loss)) + 4, said, "end")
    for said, step in x.ticks.items():
        yield _line(x(step), _BOTTOM, x(step), _BOTTOM + 4, 'class="grid" stroke="#ddd"')
        yield _text(x(step), _BOTTOM + 18, said, "middle")
    yield _text((_LEFT + _RIGHT) / 2, _BOTTOM + 36, "step", "middle")
    middle = (_TOP + _BOTTOM) / 2
    turned = f'transform="rotate(-90 16 {middle})"'
    yield _text(16, middle, "loss (nats per character)", "middle", turned)


def _drawn(line: _Line, number: int, x: _Scale, y: _Scale) -> Iterator[str]:
    """Yield the curve of a line, its dot and its row in the legend."""
    colour = _COLOURS[number % len(_COLOURS)]
    dashes = _DASHES[number // len(_COLOURS) % len(_DASHES)]
    style = f'fill="none" stroke="{colour}" stroke-width="2" stroke-dasharray="{dashes}"'
    corners = []
    for fits, points in groupby(line.points, key=_fits):
        if fits:
            # From a point to itself there is a line too, so that a single one shows.
            first, *others = [f"{x(step)} {y(loss)}" for step, loss in points]
            corners.append(f"M{first}L{' '.join(others or [first])}")
    yield f'<path d="{"".join(corners)}" {style} stroke-linecap="round" stroke-linejoin="round"/>'
    step, loss = line.marked
    yield f'<circle cx="{x(step)}" cy="{y(loss)}" r="4" fill="{colour}"/>'
    middle = _FIRST_ROW + _ROW * number - 8
    yield _line(_LEFT, middle, _LEFT + 32, middle, style)
    yield _text(_LEFT + 40, middle + 4, _shown(line.name))
    best = "best: " if line.is_best else ""
    yield _text(_RIGHT, middle + 4, f"{best}{loss:.4f} at step {step:,}", "end")


def _line(x1: object, y1: object, x2: object, y2: object, style: str) -> str:
    return f'<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" {style}/>'


def _text(x: object, y: object, text: str, anchor: str = "start", style: str = "") -> str:
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}" {style}>{text}</text>'


def _shown(name: str) -> str:
    """Return a name that fits into its row, as XML."""
    name = escape_hidden(name)
    half = _MAX_NAME // 2
    return escape(name if len(name) <= _MAX_NAME else f"{name[:half]}…{name[-half:]}")
