"""Loss curves as a picture in SVG, which every browser shows: dark where its user prefers that."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from chargen.pages.chart import (
    BOTTOM,
    LEFT,
    RIGHT,
    TOP,
    Scale,
    axes,
    colour,
    curve,
    legend,
    picture,
)
from chargen.training.history import Row

CURVE_FILE = "curve.svg"

_MAX_STEP, _MAX_LOSS = 10**9, 1000  # a number beyond them would not fit, and is not drawn
_MIN_RANGE = 0.004  # of the losses, so that the numbers at the axis differ

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
    body = [*axes(x, y, "step", "loss (nats per character)")]
    for number, line in enumerate(lines):
        body += _drawn(line, number, x, y)
    return picture(title, body, rows=len(lines)).encode()


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


def _fits(point: tuple[float, float]) -> bool:
    """Return whether a point can be drawn; no comparison with NaN is true."""
    return 0 <= point[0] <= _MAX_STEP and abs(point[1]) <= _MAX_LOSS


def _scales(points: Sequence[Point]) -> tuple[Scale, Scale]:
    """Return the scales of steps, from 0, and of losses."""
    losses = [loss for _, loss in points]
    low, high = min(losses), max(losses)
    margin = max(0.05 * (high - low), (_MIN_RANGE - (high - low)) / 2)
    x = Scale(0, max(1, *(step for step, _ in points)), (LEFT, RIGHT), least=1)
    return x, Scale(low - margin, high + margin, (BOTTOM, TOP), least=0)


def _drawn(line: _Line, number: int, x: Scale, y: Scale) -> Iterator[str]:
    """Yield the curve of a line, its dot and its row in the legend."""
    yield curve(line.points, number, x, y, _fits)
    step, loss = line.marked
    yield f'<circle cx="{x(step)}" cy="{y(loss)}" r="4" fill="{colour(number)}"/>'
    best = "best: " if line.is_best else ""
    yield from legend(line.name, number, f"{best}{loss:.4f} at step {step:,}")
