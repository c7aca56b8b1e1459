"""Charts: lines over numbers, as one SVG file."""

import math
import re
from xml.etree import ElementTree

from chargen.pages.chart import Chart

_SVG = "{http://www.w3.org/2000/svg}"


def paths(chart):
    return [each.get("d") for each in ElementTree.fromstring(chart.to_svg()).iter(f"{_SVG}path")]


def texts(chart):
    return [each.text for each in ElementTree.fromstring(chart.to_svg()).iter(f"{_SVG}text")]


def test_each_line_is_drawn_and_named():
    chart = Chart("a < b", {"up": [(0, 0), (10, 5)], "down & out": [(0, 5), (10, 0)]}, x="s", y="m")
    up, down = ([float(each) for each in re.findall(r"[\d.]+", path)] for path in paths(chart))
    assert up[0] == down[0] < up[2] == down[2]
    assert up[1] > up[3]  # pixels are counted downwards
    assert down[1] < down[3]
    assert {"a < b", "up", "down & out", "s", "m"} <= set(texts(chart))


def test_what_is_not_finite_leaves_a_gap():
    points = [(0, 1), (1, 2), (2, math.nan), (3, 2), (4, 1)]
    (path,) = paths(Chart("t", {"a": points}, x="x", y="y"))
    assert path.count("M") == 2
    assert "nan" not in path


def test_a_chart_of_nothing_and_of_one_point_is_drawn():
    assert paths(Chart("t", {"a": []}, x="x", y="y")) == [""]
    assert "M" in paths(Chart("t", {"a": [(3, 3)]}, x="x", y="y"))[0]


def test_a_notebook_shows_it():
    chart = Chart("t", {"a": [(0, 1)]}, x="x", y="y")
    assert chart._repr_svg_() == chart.to_svg()
