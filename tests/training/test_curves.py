"""The picture of loss curves: what is in it, and that any run can be drawn."""

import itertools
import math
import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest

from chargen.training.curves import draw_curves
from chargen.training.history import write_history
from tests.training.test_history import OLD, ROWS

SVG = "{http://www.w3.org/2000/svg}"


class Picture:
    """What a picture of runs holds."""

    def __init__(self, runs):
        self.root = ET.fromstring(draw_curves(runs))
        self.texts = [each.text for each in self.root.iter(f"{SVG}text")]
        self.curves = [each.get("d") for each in self.root.iter(f"{SVG}path")]
        self.dots = list(self.root.iter(f"{SVG}circle"))


def of_steps(*losses, **changes):
    """A history with these carried losses, every hundred steps."""
    return [
        replace(ROWS[0], step=100 * number, carried=loss, **changes)
        for number, loss in enumerate(losses, 1)
    ]


def test_a_run_has_its_three_losses_and_its_best():
    picture = Picture({"a run": ROWS})
    assert len(picture.curves) == len(picture.dots) == 3
    assert {"a run", "held out, carried", "held out, windowed", "training"} <= set(picture.texts)
    assert "best: 1.9000 at step 20" in picture.texts
    assert "step" in picture.texts
    assert "loss (nats per character)" in picture.texts


def test_the_same_rows_give_the_same_bytes():
    assert draw_curves({"a run": ROWS}) == draw_curves({"a run": ROWS})


def test_of_several_runs_each_has_one_line_and_its_best():
    picture = Picture({"one": ROWS, "two": of_steps(1.5, 1.25), "none": []})
    assert len(picture.curves) == 2
    assert {"one", "two", "best: 1.2500 at step 200"} <= set(picture.texts)
    assert "none" not in picture.texts


def test_where_nothing_is_held_out_the_training_loss_is_drawn():
    rows = [replace(row, carried=None, windowed=None) for row in ROWS]
    picture = Picture({"a run": rows})
    assert len(picture.curves) == 1
    assert "1.8000 at step 30" in picture.texts  # the last weights are kept, not the best


def test_a_single_point_is_a_dot_inside_the_box():
    picture = Picture({"a run": ROWS[:1]})
    assert len(picture.dots) == 3
    for dot in picture.dots:
        assert 64 <= float(dot.get("cx")) <= 672
        assert 40 < float(dot.get("cy")) < 320


def test_losses_that_are_not_finite_leave_a_gap():
    (curve, *_) = Picture({"a run": of_steps(3.0, 2.0, math.nan, 1.5, math.inf, 1.4)}).curves
    assert curve.count("M") == 3
    assert "nan" not in curve
    assert "inf" not in curve
    assert Picture({"a run": of_steps(math.nan, loss=math.nan, windowed=math.nan)}).curves == []


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("<script>&\"'", "<script>&\"'"),
        (r"$\frac$", r"$\\frac$"),
        ("one\udcff", r"one\udcff"),
        ("\x1b[31m\x07\x00", r"\x1b[31m\x07\x00"),
        ("\u202etxt.exe", r"\u202etxt.exe"),
        ("two\nlines", r"two\nlines"),
        ("n" * 300, "n" * 20 + "…" + "n" * 20),
        ("世界", "世界"),
    ],
)
def test_a_run_of_any_name_is_drawn(name, shown):
    assert shown in Picture({name: ROWS}).texts
    assert shown in Picture({name: ROWS, "other": ROWS}).texts


@pytest.mark.parametrize("losses", [(1.5,), (1.5, 1.5), (1e-9, 2e-9), (999.0, 1.0), (1e308, 1.0)])
@pytest.mark.parametrize("steps", [1, 7, 10**9, 10**400])
def test_numbers_at_the_axes_differ_fit_and_are_few(losses, steps):
    rows = [replace(ROWS[0], carried=loss, step=steps) for loss in losses]
    picture = Picture({"a run": rows})
    numbers = [each for each in picture.root.iter(f"{SVG}text") if each.text[0] in "0123456789"]
    for anchor in ("end", "middle"):
        texts = [each.text for each in numbers if each.get("text-anchor") == anchor]
        texts = [text for text in texts if "at step" not in text]
        assert 2 <= len(set(texts)) == len(texts) <= 7
        assert max(map(len, texts)) <= (7 if anchor == "end" else 13)


def test_more_runs_than_colours_are_told_apart():
    root = Picture({f"run {i}": ROWS for i in range(20)}).root
    looks = [(each.get("stroke"), each.get("stroke-dasharray")) for each in root.iter(f"{SVG}path")]
    assert len(set(looks)) == 20
    rows = [float(each.get("y")) for each in root.iter(f"{SVG}text") if each.text[:3] == "run"]
    assert min(after - before for before, after in itertools.pairwise(rows)) >= 16
    assert max(rows) < float(root.get("height"))


def test_it_is_dark_where_that_is_preferred():
    picture = draw_curves({"a run": ROWS}).decode()
    assert "@media (prefers-color-scheme: dark)" in picture
    assert '<rect class="ground"' in picture


@pytest.fixture
def make_run(workdir):
    """Makes a run with these evaluations."""

    def make(name, rows):
        write_history(workdir / "checkpoints" / name, rows)
        (workdir / "checkpoints" / name / "model.safetensors").touch()

    return make


def test_plot_lays_runs_over_one_another(invoke, workdir, make_run):
    for name in ("one", "two"):
        make_run(name, ROWS)
    (workdir / "checkpoints" / "two" / "history.csv").write_text(OLD)
    make_run("empty", [])
    result = invoke("plot", "one", "two", "empty")
    assert result.exit_code == 0
    assert "empty has no evaluation yet" in result.stderr
    texts = [each.text for each in ET.parse("curves.svg").iter(f"{SVG}text")]
    assert {"one", "two"} <= set(texts)
    assert "empty" not in texts


def test_plot_names_what_is_missing(refused, workdir):
    told = refused("plot", "nothing")
    assert "There is no run nothing" in told


def test_plot_without_anything_to_draw_or_of_another_kind(invoke, workdir, make_run):
    make_run("empty", [])
    result = invoke("plot", "empty")
    assert result.exit_code == 1
    assert "nothing to draw" in result.stderr
    assert not (workdir / "curves.svg").exists()
    for name in ("x.gif", "x.png", "x"):
        result = invoke("plot", "empty", "-o", name)
        assert result.exit_code == 2
        assert "must end in .svg" in result.stderr
