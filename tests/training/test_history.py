"""history.csv: what a stranger reads in it, and what earlier versions wrote."""

from dataclasses import replace

import pytest

from chargen.errors import RunError
from chargen.training.history import HISTORY_FILE, Row, read_history, write_history

ROWS = [
    Row(10, 0.5, 1e-3, 2.5, 2.4, 2.45, 3.46, 12.5, 5120),
    Row(20, 1.0, 5e-4, 2.0, 1.9, 1.95, 2.74, 20.25, 10240),
    Row(30, 1.5, 1e-4, 1.8, 2.0, 2.05, 2.89, 31.0, 15360),
]
OLD = """\
step,epoch,learning_rate,loss,carried,windowed,bits_per_char
10,0.5,0.001,2.5,2.4,2.45,3.46
20,1.0,0.0005,2.0,,,2.89
"""


def test_a_history_comes_back_as_it_was_written(tmp_path):
    rows = [*ROWS, replace(ROWS[0], step=40, carried=None, windowed=None)]
    write_history(tmp_path, rows)
    assert read_history(tmp_path) == rows


def test_a_stranger_reads_the_columns(tmp_path):
    write_history(tmp_path, ROWS[:1])
    header, row = (tmp_path / HISTORY_FILE).read_text().splitlines()
    values = dict(zip(header.split(","), row.split(","), strict=True))
    assert values == {
        "step": "10",
        "epoch": "0.5",
        "learning_rate": "0.001",
        "train_loss": "2.5",
        "val_loss": "2.4",
        "val_loss_windowed": "2.45",
        "bits_per_char": "3.46",
        "seconds": "12.5",
        "characters": "5120",
    }


def test_a_history_of_an_earlier_version_is_read(tmp_path):
    (tmp_path / HISTORY_FILE).write_text(OLD)
    assert read_history(tmp_path) == [
        replace(ROWS[0], seconds=None, characters=None),
        Row(20, 1.0, 5e-4, 2.0, None, None, 2.89),
    ]


@pytest.mark.parametrize(
    "content",
    ["step,loss\n1,2\n", "x\ny\n", OLD.replace("0.001", "one"), OLD.replace(",0.001", "")],
)
def test_another_csv_is_refused(tmp_path, content):
    (tmp_path / HISTORY_FILE).write_text(content)
    with pytest.raises(RunError, match="not a history"):
        read_history(tmp_path)
