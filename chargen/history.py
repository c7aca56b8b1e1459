"""history.csv: one row per evaluation, for any spreadsheet."""

import csv
import io
import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from chargen.storage import write_atomically

HISTORY_FILE = "history.csv"


@dataclass(frozen=True)
class Row:
    """One evaluation. Losses are in nats per character."""

    step: int  # updates so far
    epoch: float  # times through the training part
    learning_rate: float
    loss: float  # training, mean since the evaluation before
    carried: float | None  # held out, the state flowing through
    windowed: float | None  # held out, 256 characters at a time from a zero state
    bits_per_char: float  # held out and carried (of the training loss, where nothing is held out)


def bits(loss: float) -> float:
    """Nats as bits."""
    return loss / math.log(2)


def write_history(folder: Path, rows: Iterable[Row]) -> None:
    """Write `folder`/history.csv, whole.

    Raises:
        StorageError: if it cannot be written.
    """
    text = io.StringIO()
    writer = csv.DictWriter(text, [field.name for field in fields(Row)], lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow(asdict(row))
    write_atomically(folder / HISTORY_FILE, text.getvalue().encode())
