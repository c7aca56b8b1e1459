"""Write a run's records for people: history.csv, curve.svg and, if asked, TensorBoard's files."""

import importlib.util
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from chargen.storage.atomic import remove, write_atomically
from chargen.training.backend import tf
from chargen.training.history import CURVE_FILE, Row, draw_curves, write_history

EVENTS_FOLDER = "tensorboard"


class Records:
    """Keeps the records in a run's folder up to date.

    Args:
        folder: the run's folder.
        tensorboard: whether to write event files too, in `folder`/tensorboard.
    """

    def __init__(self, folder: Path, *, tensorboard: bool) -> None:
        self._folder = folder
        # The curve needs matplotlib, an optional dependency.
        self._draws = importlib.util.find_spec("matplotlib") is not None
        self._tensorboard = tensorboard

    @cached_property
    def _events(self) -> Any:
        # Opened when there is something to write, because opening makes a file.
        return tf.summary.create_file_writer(str(self._folder / EVENTS_FOLDER))

    def refresh(self, rows: Sequence[Row]) -> None:
        """Write the history and the curve again from `rows`.

        Without rows, the records of a run that was in the folder before are removed.

        Raises:
            StorageError: if a file could not be written.
        """
        write_history(self._folder, rows)
        if not rows:
            for path in (
                self._folder / CURVE_FILE,
                *(self._folder / EVENTS_FOLDER).glob("events.out.tfevents.*"),
            ):
                remove(path)
        elif self._draws:
            picture = draw_curves({self._folder.name: rows})
            write_atomically(self._folder / CURVE_FILE, picture)

    def write(self, rows: Sequence[Row]) -> None:
        """Write all records from `rows`, of which the last is new.

        Raises:
            StorageError: if a file could not be written.
        """
        self.refresh(rows)
        if self._tensorboard:
            _write_event(self._events, rows[-1])


def _write_event(events: Any, row: Row) -> None:
    # tf.summary.scalar would need the tensorboard package; this writes the same without it.
    plugin = tf.compat.v1.SummaryMetadata.PluginData(plugin_name="scalars")
    metadata = tf.compat.v1.SummaryMetadata(plugin_data=plugin)
    scalars = {
        "loss/training": row.loss,
        "loss/carried": row.carried,
        "loss/windowed": row.windowed,
        "learning_rate": row.learning_rate,
    }
    with events.as_default():
        for tag, value in scalars.items():
            if value is not None:
                tf.summary.write(tag, tf.constant(value), step=row.step, metadata=metadata)
        events.flush()
