"""The table of `chargen runs`: a line for each run, a column for each setting that differs."""

from collections.abc import Sequence
from typing import Any

from chargen.cli.terminal import cells
from chargen.text.controls import escape_line

_GAP = "  "
_MAX_CELLS = 24  # of a setting's value
_MAX_PADDED = 32  # cells; what is longer, such as a long name, is shown whole and moves its line on

Run = dict[str, Any]
_Column = list[str]  # its head, and a cell for each run


def table(runs: Sequence[Run], width: int | None) -> tuple[list[str], list[str]]:
    """Return a header and a line for each run, and the names of the columns that were left out.

    Those are left out that have no room in `width` cells; None is room for all. Where all runs
    learned the same text, what tells them apart are their settings: text, steps and dates make room
    for these. What the preset chose goes before what was given.
    """
    facts, (given, chosen), text = _facts(runs), _settings(runs), _text(runs)
    is_same = len(set(text[1:]) - {""}) < 2
    unneeded = [facts[2], facts[1]] if is_same and given else []
    dispensable = [*([text] if is_same else []), *chosen[::-1], *unneeded, *given[::-1]]
    shown, left_out = [*facts, *given, *chosen, text], []
    while width is not None and dispensable and _width(shown) > width:
        column = dispensable.pop(0)
        shown = [each for each in shown if each is not column]
        left_out.append(column[0].strip())
    facts = [each for each in facts if each in shown]
    lines = [_line(shown, 0)]
    for row, run in enumerate(runs, 1):
        error = escape_line(run.get("error", ""))
        lines.append(f"{_line(facts, row)}{_GAP}{error}" if error else _line(shown, row))
    return lines, left_out


def _line(columns: Sequence[_Column], row: int) -> str:
    padded = (each[row] + " " * (_padded(each) - cells(each[row])) for each in columns)
    return _GAP.join(padded).rstrip()


def _width(columns: Sequence[_Column]) -> int:
    return sum(map(_padded, columns)) + len(_GAP) * (len(columns) - 1)


def _padded(column: _Column) -> int:
    """Return how many cells a column takes."""
    return min(max(map(cells, column)), _MAX_PADDED)


def _facts(runs: Sequence[Run]) -> list[_Column]:
    return [
        ["name", *(escape_line(run["name"]) for run in runs)],
        ["written", *(run["written"] for run in runs)],
        _right(["steps", *(_number(run.get("steps"), int, ",") for run in runs)]),
        _right(["loss", *(_number(run.get("loss"), float, ".3f") for run in runs)]),
        ["state", *(run["state"] for run in runs)],
    ]


def _settings(runs: Sequence[Run]) -> tuple[list[_Column], list[_Column]]:
    """Return a column for each setting in which runs differ, those of the most values first.

    Those that were given in any run, and those that the preset chose in all.
    """
    known = [run for run in runs if "settings" in run]
    distinct = {
        name: {run["settings"][name] for run in known if name in run["settings"]}
        for name in dict.fromkeys(name for run in known for name in run["settings"])
    }
    given: list[_Column] = []
    chosen: list[_Column] = []
    for name in sorted(distinct, key=lambda name: -len(distinct[name])):
        if len(distinct[name]) > 1:
            column = [name, *(_value(run.get("settings", {}).get(name)) for run in runs)]
            if all(isinstance(value, int | float | None) for value in distinct[name]):
                column = _right(column)
            is_chosen = all(name in run["chosen_by_preset"] for run in known)
            (chosen if is_chosen else given).append(column)
    return given, chosen


def _text(runs: Sequence[Run]) -> _Column:
    return ["text", *(escape_line(str(run.get("corpus") or "")) for run in runs)]


def _number(value: object, kind: type, form: str) -> str:
    return format(value, form) if isinstance(value, kind) else ""


def _value(value: Any) -> str:
    """Return a setting's value in a few cells; nothing for none."""
    if isinstance(value, tuple):
        text = ",".join(map(str, value))
    elif isinstance(value, float):
        text = f"{value:g}"
    else:
        text = "" if value is None else str(value)
    shown = escape_line(text)
    while cells(shown) > _MAX_CELLS:
        shown = shown.removesuffix("…")[:-1] + "…"
    return shown


def _right(column: _Column) -> _Column:
    """Return a column of numbers with their ends below each other."""
    width = max(map(len, column))
    return [cell.rjust(width) for cell in column]
