"""history.csv and the curves."""

import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest
from click.testing import CliRunner

from chargen.cli import main
from chargen.errors import RunError
from chargen.training.history import HISTORY_FILE, Row, draw_curves, read_history, write_history

ROWS = [
    Row(10, 0.5, 1e-3, 2.5, 2.4, 2.45, 3.46),
    Row(20, 1.0, 5e-4, 2.0, 1.9, 1.95, 2.74),
    Row(30, 1.5, 1e-4, 1.8, 2.0, 2.05, 2.89),
]


def test_a_history_comes_back_as_it_was_written(tmp_path):
    rows = [*ROWS, replace(ROWS[0], step=40, carried=None, windowed=None)]
    write_history(tmp_path, rows)
    assert read_history(tmp_path) == rows


@pytest.mark.parametrize("content", ["step,loss\n1,2\n", "x\ny\n"])
def test_another_csv_is_refused(tmp_path, content):
    (tmp_path / HISTORY_FILE).write_text(content)
    with pytest.raises(RunError, match="not a history"):
        read_history(tmp_path)


def test_curves_are_drawn_alike_each_time_and_mark_the_best():
    pytest.importorskip("matplotlib")
    picture = draw_curves({"a run": ROWS})
    assert picture == draw_curves({"a run": ROWS})
    ET.fromstring(picture)
    assert b"<!-- 1.9000 -->" in picture


@pytest.mark.parametrize("name", [r"$\frac$", "one\udcff"])
def test_curves_are_drawn_for_a_run_of_any_name(name):
    pytest.importorskip("matplotlib")
    shown = name.replace("\udcff", r"\udcff").encode()
    assert b"<!-- " + shown + b" -->" in draw_curves({name: ROWS})


def test_plot_lays_runs_over_one_another(tmp_path, monkeypatch):
    pytest.importorskip("matplotlib")
    monkeypatch.chdir(tmp_path)
    for name in ("one", "two"):
        write_history(tmp_path / "checkpoints" / name, ROWS)
    assert CliRunner().invoke(main, ["plot", "one", "two"]).exit_code == 0
    picture = (tmp_path / "curves.svg").read_bytes()
    assert b"<!-- one -->" in picture
    assert b"<!-- two -->" in picture


def test_plot_names_what_is_missing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(main, ["plot", "nothing"])
    assert result.exit_code == 1
    assert "checkpoints/nothing/history.csv cannot be read" in result.output
    assert CliRunner().invoke(main, ["plot", "nothing", "-o", "x.gif"]).exit_code == 2
