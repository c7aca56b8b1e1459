"""Charts in SVG, which every browser shows: dark where its user prefers that.

`Chart` draws lines over numbers. The loss curves of runs are drawn of the same parts.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby

from chargen.text.characters import escape_hidden

# Lengths are in pixels. The lines lie in a box; below it, each has a row in the legend.
WIDTH, LEFT, RIGHT, TOP, BOTTOM = 720, 64, 672, 40, 320
FIRST_ROW, ROW = 384, 20
_MAX_TICKS = 6
_MAX_NAME = 40  # characters
# Each stands out from the white ground and from the dark one, by at least 3.5 to 1.
_COLOURS = ("#2f7fd0", "#d0600a", "#2a9050", "#a05fd0", "#d8404a", "#12909f", "#9a7020", "#7a7a7a")
_DASHES = ("none", "7 4", "1 4", "9 4 1 4")  # of the first eight lines, the next eight, …

# Where a narrow page shrinks a picture by half, its letters are drawn larger: they stay legible.
_PICTURE = """\
<svg xmlns="http://www.w3.org/2000/svg" role="img" width="{width}" height="{height}" \
viewBox="0 0 {width} {height}" font-family="system-ui, sans-serif" font-size="12" fill="#333">
<title>{title}</title>
<style>@media (prefers-color-scheme: dark) {{ \
.ground {{ fill: #16181d }} text {{ fill: #ddd }} .grid {{ stroke: #3a3d44 }} }}
@media (max-width: 480px) {{ text {{ font-size: 19px }} }}</style>
<rect class="ground" width="100%" height="100%" fill="#fff"/>
<text x="{left}" y="24" font-size="14">{title}</text>
{body}
</svg>
"""

Point = tuple[float, float]


@dataclass(frozen=True)
class Chart:
    """Lines over numbers, with a legend. A notebook shows it.

    Args:
        title: what the chart shows.
        lines: the points of each line, by its name; points that are not finite leave a gap.
        x: what the numbers along the bottom are, with their unit.
        y: what the numbers at the left are, with their unit.
    """

    title: str
    lines: Mapping[str, Sequence[Point]]
    x: str
    y: str

    def to_svg(self) -> str:
        """Return the chart as an SVG file."""
        shown = [p for points in self.lines.values() for p in points if _is_finite(p)] or [(0, 0)]
        xs, ys = zip(*shown, strict=True)
        margin = max(0.05 * (max(ys) - min(ys)), 1e-3)
        x = Scale(min(xs), max(*xs, min(xs) + 1e-3), (LEFT, RIGHT), least=0)
        y = Scale(min(ys) - margin, max(ys) + margin, (BOTTOM, TOP), least=0)
        body = [*axes(x, y, self.x, self.y)]
        for number, (name, points) in enumerate(self.lines.items()):
            body += [curve(points, number, x, y, _is_finite), *legend(name, number)]
        return picture(self.title, body, rows=len(self.lines))

    def _repr_svg_(self) -> str:
        return self.to_svg()


def _is_finite(point: Point) -> bool:
    return all(map(math.isfinite, point))


class Scale:
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


def picture(title: str, body: Sequence[str], *, rows: int) -> str:
    """Return an SVG file with a title, and room below for so many rows of the legend."""
    return drawing(title, body, width=WIDTH, height=FIRST_ROW + ROW * rows, left=LEFT)


def drawing(title: str, body: Sequence[str], *, width: int, height: int, left: int) -> str:
    """Return an SVG file of some size, in pixels, whose title begins so far from the left."""
    return _PICTURE.format(
        width=width,
        height=height,
        left=left,
        title=shown_name(title, max_name=_MAX_NAME),
        body="\n".join(body),
    )


def axes(x: Scale, y: Scale, x_label: str, y_label: str) -> Iterator[str]:
    """Yield the grid, the numbers beside it and what they are."""
    for said, number in y.ticks.items():
        yield line(LEFT, y(number), RIGHT, y(number), 'class="grid" stroke="#ddd"')
        yield text(LEFT - 8, float(y(number)) + 4, said, "end")
    for said, number in x.ticks.items():
        yield line(x(number), BOTTOM, x(number), BOTTOM + 4, 'class="grid" stroke="#ddd"')
        yield text(x(number), BOTTOM + 18, said, "middle")
    yield text((LEFT + RIGHT) / 2, BOTTOM + 40, escape(x_label), "middle")
    middle = (TOP + BOTTOM) / 2
    turned = f'transform="rotate(-90 16 {middle})"'
    yield text(16, middle, escape(y_label), "middle", turned)


def colour(number: int) -> str:
    """Return the colour of a line."""
    return _COLOURS[number % len(_COLOURS)]


def _style(number: int) -> str:
    dashes = _DASHES[number // len(_COLOURS) % len(_DASHES)]
    return f'fill="none" stroke="{colour(number)}" stroke-width="2" stroke-dasharray="{dashes}"'


def curve(
    points: Sequence[Point], number: int, x: Scale, y: Scale, fits: Callable[[Point], bool]
) -> str:
    """Return a line through points, with a gap where they do not fit."""
    corners = []
    for is_drawn, group in groupby(points, key=fits):
        if is_drawn:
            # From a point to itself there is a line too, so that a single one shows.
            first, *others = [f"{x(across)} {y(up)}" for across, up in group]
            corners.append(f"M{first}L{' '.join(others or [first])}")
    ends = 'stroke-linecap="round" stroke-linejoin="round"'
    return f'<path d="{"".join(corners)}" {_style(number)} {ends}/>'


def legend(name: str, number: int, note: str = "") -> Iterator[str]:
    """Yield the row of the legend that tells of a line, with a note at its right end."""
    middle = FIRST_ROW + ROW * number - 8
    yield line(LEFT, middle, LEFT + 32, middle, _style(number))
    yield text(LEFT + 40, middle + 4, shown_name(name))
    if note:
        yield text(RIGHT, middle + 4, note, "end")


def line(x1: object, y1: object, x2: object, y2: object, style: str) -> str:
    """Return a straight line."""
    return f'<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" {style}/>'


def text(x: object, y: object, said: str, anchor: str = "start", style: str = "") -> str:
    """Return a text, which is XML already."""
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}" {style}>{said}</text>'


def shown_name(name: str, *, max_name: int = _MAX_NAME) -> str:
    """Return a name that fits into its row, as XML."""
    name = escape_hidden(name)
    half = max_name // 2
    return escape(name if len(name) <= max_name else f"{name[:half]}…{name[-half:]}")
