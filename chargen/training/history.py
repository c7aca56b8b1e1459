"""The record of a run: history.csv, one row per evaluation."""

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from chargen.errors import RunError
from chargen.storage.atomic import write_atomically

HISTORY_FILE = "history.csv"


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
    seconds: float | None = None  # that the run has taken, interruptions left out
    characters: int | None = None  # read in training


# The names that a file has for these, where they differ: those that people know from elsewhere.
_COLUMNS = {"loss": "train_loss", "carried": "val_loss", "windowed": "val_loss_windowed"}
_WHOLE = ("step", "characters")
_OPTIONAL = ("carried", "windowed", "seconds", "characters")


def write_history(folder: Path, rows: Iterable[Row]) -> None:
    """Write all of `folder`/history.csv.

    Raises:
        StorageError: if it cannot be written.
    """
    text = io.StringIO()
    names = [field.name for field in fields(Row)]
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS.get(name, name) for name in names)
    writer.writerows([getattr(row, name) for name in names] for row in rows)
    write_atomically(folder / HISTORY_FILE, text.getvalue().encode())


def read_history(folder: Path) -> list[Row]:
    """Return what `write_history` wrote, in this version or an earlier one.

    Raises:
        RunError: if there is no such file, or chargen did not write it.
    """
    path = folder / HISTORY_FILE
    try:
        with path.open(newline="", encoding="utf-8") as file:
            return [_row(values) for values in csv.DictReader(file)]
    except OSError as error:
        raise RunError(f"{path} cannot be read: {error.strerror}.") from None
    except (TypeError, ValueError, csv.Error):
        raise RunError(
            f"{path} is not a history that chargen wrote; give the name of another run."
        ) from None


def _row(values: Mapping[str, str]) -> Row:
    return Row(**{field.name: _number(field.name, values) for field in fields(Row)})


def _number(name: str, values: Mapping[str, str]) -> Any:
    """Return what a line of a file says of a field of `Row`; earlier files have other columns."""
    text = values.get(_COLUMNS.get(name, name), values.get(name))
    if not text and name in _OPTIONAL:
        return None
    return (int if name in _WHOLE else float)(text)  # type: ignore[arg-type]
