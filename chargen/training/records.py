"""Write a run's records for people: history.csv, curve.svg and, if asked, TensorBoard's files."""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from chargen.storage.atomic import remove, write_atomically
from chargen.training.backend import tf
from chargen.training.curves import CURVE_FILE, draw_curves
from chargen.training.history import Row, write_history

EVENTS_FOLDER = "tensorboard"
_TAGS = {
    "loss": "loss/training",
    "carried": "loss/carried",
    "windowed": "loss/windowed",
    "learning_rate": "learning_rate",
}


class Records:
    """Keeps the records in a run's folder up to date.

    Args:
        folder: the run's folder.
        tensorboard: whether to write event files too, in `folder`/tensorboard.
    """

    def __init__(self, folder: Path, *, tensorboard: bool) -> None:
        self._folder, self._tensorboard = folder, tensorboard

    @cached_property
    def _events(self) -> Any:
        # Opened when there is something to write, because opening makes a file.
        return tf.summary.create_file_writer(str(self._folder / EVENTS_FOLDER))

    def write(self, rows: Sequence[Row], *, is_new: bool = True) -> None:
        """Write all records from `rows`: history, curve and, if the last row is new, its event.

        Without rows, the records of a run that was in the folder before are removed.

        Raises:
            StorageError: if a file could not be written.
        """
        write_history(self._folder, rows)
        curve = self._folder / CURVE_FILE
        if not rows:
            for path in curve, *(self._folder / EVENTS_FOLDER).glob("events.out.tfevents.*"):
                remove(path)
        else:
            write_atomically(curve, draw_curves({self._folder.name: rows}))
        if is_new and self._tensorboard:
            self._write_event(rows[-1])

    def _write_event(self, row: Row) -> None:
        # tf.summary.scalar would need the tensorboard package; this writes the same without it.
        plugin = tf.compat.v1.SummaryMetadata.PluginData(plugin_name="scalars")
        metadata = tf.compat.v1.SummaryMetadata(plugin_data=plugin)
        with self._events.as_default():
            for name, tag in _TAGS.items():
                if (value := getattr(row, name)) is not None:
                    tf.summary.write(tag, tf.constant(value), step=row.step, metadata=metadata)
            self._events.flush()
