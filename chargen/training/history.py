"""The record of a run: history.csv, one row per evaluation, and the curves drawn from it."""

import csv
import io
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chargen.errors import RunError
from chargen.storage.atomic import write_atomically

if TYPE_CHECKING:
    from matplotlib.axes import Axes

HISTORY_FILE = "history.csv"
CURVE_FILE = "curve.svg"


@dataclass(frozen=True)
class Row:
    """One evaluation; its losses are in nats per character."""

    step: int  # updates so far
    epoch: float  # times through the training part
    learning_rate: float
    loss: float  # training, mean since the evaluation before
    carried: float | None  # held out, the state flowing through
    windowed: float | None  # held out, 256 characters at a time from a zero state
    bits_per_char: float  # held out and carried (of the training loss, where nothing is held out)


def write_history(folder: Path, rows: Iterable[Row]) -> None:
    """Write all of `folder`/history.csv.

    Raises:
        StorageError: if it cannot be written.
    """
    text = io.StringIO()
    writer = csv.DictWriter(text, [field.name for field in fields(Row)], lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow(asdict(row))
    write_atomically(folder / HISTORY_FILE, text.getvalue().encode())


def read_history(folder: Path) -> list[Row]:
    """Return what `write_history` wrote.

    Raises:
        RunError: if there is no such file, or chargen did not write it.
    """
    path = folder / HISTORY_FILE
    try:
        with path.open(newline="", encoding="utf-8") as file:
            return [_row(values) for values in csv.DictReader(file)]
    except OSError as error:
        raise RunError(f"{path} cannot be read: {error.strerror}.") from None
    except (KeyError, TypeError, ValueError):
        raise RunError(
            f"{path} is not a history that chargen wrote; give the name of another run."
        ) from None


def _row(values: Mapping[str, Any]) -> Row:
    numbers = {
        name: None if name in ("carried", "windowed") and not text else float(text)
        for name, text in values.items()
    }
    return Row(**{**numbers, "step": int(values["step"])})  # type: ignore[arg-type]


def draw_curves(runs: Mapping[str, Sequence[Row]], kind: str = "svg") -> bytes:
    """Return a picture of the loss curves of runs.

    A single run is drawn with its training loss, both held-out losses, its learning rate and its
    best point. Of several runs, the carried held-out losses are drawn over one another.

    Args:
        runs: the rows of each run, by the name to show.
        kind: "svg", "png" or "pdf".

    Raises:
        ImportError: without matplotlib.
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    # With a fixed salt and without a date, the same rows give the same bytes. A dollar sign in a
    # name does not begin a formula, and a name may have bytes that are not text.
    style = {"svg.hashsalt": "chargen", "font.size": 9, "text.parse_math": False}
    with mpl.rc_context(style):
        figure = Figure(figsize=(7, 4))
        # The margins are fixed, as letting matplotlib find them takes longer than all the rest.
        figure.subplots_adjust(left=0.09, right=0.87, bottom=0.12, top=0.92)
        axes = figure.subplots()
        axes.set(xlabel="step", ylabel="loss (nats per character)")
        axes.grid(alpha=0.25)
        for name, rows in runs.items():
            shown = name.encode(errors="backslashreplace").decode()
            _draw_run(axes, shown, rows, alone=len(runs) == 1)
        axes.legend(frameon=False, loc="upper right")
        picture = io.BytesIO()
        undated: dict[str, dict[str, Any]] = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}
        figure.savefig(picture, format=kind, metadata=undated.get(kind))
    return picture.getvalue()


def _draw_run(axes: "Axes", name: str, rows: Sequence[Row], *, alone: bool) -> None:
    steps = [row.step for row in rows]
    judged = [row.loss if row.carried is None else row.carried for row in rows]
    best = min(range(len(rows)), key=judged.__getitem__, default=None)
    (line,) = axes.plot(steps, judged, label="held out, carried" if alone else name, zorder=3)
    if best is not None:
        axes.plot(steps[best], judged[best], "o", color=line.get_color(), zorder=4)
        axes.annotate(
            f"{judged[best]:.4f}", (steps[best], judged[best]), (0, 7), textcoords="offset points"
        )
    if alone:
        axes.set_title(name, loc="left")
        if judged != [row.loss for row in rows]:
            windowed = [math.nan if row.windowed is None else row.windowed for row in rows]
            axes.plot(steps, windowed, "--", label="held out, windowed")
        axes.plot(steps, [row.loss for row in rows], label="training")
        rates = axes.twinx()
        rates.plot(steps, [row.learning_rate for row in rows], ":", color="gray")
        rates.set(ylabel="learning rate (dotted)", ylim=(0, None))
