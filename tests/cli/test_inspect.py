import json
import os
import re
import sys

import pytest

import chargen
from chargen.cli.over_text import _BARS, _barred
from chargen.config.base import shorten
from chargen.evaluation.features import FEATURES
from tests.cli.test_score import in_a_terminal

INSPECT = ("-m", "chargen", "inspect")
TEXT = "ABC: cab\nA"
LONG = "ABC: cab\nA ccb BA:\n" * 30


@pytest.fixture
def shown(lstm_file):
    """Runs `chargen inspect` at a terminal; gives what it shows."""

    def run(*args, **environment):
        return in_a_terminal(sys.executable, *INSPECT, *args, "-m", lstm_file, **environment)

    return run


def test_in_a_pipe_a_line_for_each_character(invoke, checkpoint_file):
    result = invoke("inspect", TEXT, "-m", checkpoint_file, "--unit", 2, "--unit", 0, "--layer", 1)
    found = chargen.load(checkpoint_file).activations(TEXT)
    header, *lines = (line.split("\t") for line in result.stdout.splitlines())
    assert header == ["character", "layer1.unit2", "layer1.unit0"]
    assert [line[0] for line in lines] == [r"\n" if c == "\n" else c for c in TEXT]
    for column, unit in ((1, 2), (2, 0)):
        assert [line[column] for line in lines] == [f"{h:.4f}" for h in found.unit(1, unit)]


def test_the_units_that_vary_most(invoke, lstm_file):
    found = chargen.load(lstm_file).activations(TEXT)
    for options, layer in (((), None), (("--layer", 1), 1)):
        header = invoke("inspect", TEXT, "-m", lstm_file, *options).stdout.splitlines()[0]
        named = [f"layer{layer}.unit{unit}" for layer, unit in found.most_varied(layer=layer)]
        assert header.split("\t") == ["character", *named]


def test_json(invoke, lstm_file):
    model = chargen.load(lstm_file)
    result = invoke("inspect", TEXT, "-m", lstm_file, "--unit", 3, "--json")
    values = json.loads(result.stdout)
    assert values["text"] == TEXT
    (unit,) = values["units"]
    assert (unit["layer"], unit["unit"]) == (0, 3)
    assert unit["values"] == pytest.approx(model.activations(TEXT).unit(0, 3).tolist(), abs=1e-4)
    result = invoke("inspect", LONG, "-m", lstm_file, "--find", "capitals", "--top", 2, "--json")
    units = [each.to_json() for each in model.find_units("capitals", LONG, top=2)]
    assert json.loads(result.stdout) == {"feature": "capitals", "units": units}
    result = invoke("inspect", LONG, "-m", lstm_file, "--memory", "--json")
    assert json.loads(result.stdout) == model.memory(LONG).to_json()
    assert result.stderr == ""


def test_html(invoke, lstm_file, tmp_path):
    model, path = chargen.load(lstm_file), tmp_path / "page.html"
    result = invoke("inspect", TEXT, "-m", lstm_file, "--unit", 3, "--html", path)
    assert (result.stdout, result.stderr) == ("", f"Written to {path}.\n")
    named = {"model": f"{lstm_file} (learned from tiny.txt, 7 steps)", "source": repr(TEXT)}
    assert path.read_text("utf-8") == model.activations(TEXT).picture((0, 3)).to_html(**named)
    found = ("--find", "capitals", "--top", 2)
    result = invoke("inspect", LONG, "-m", lstm_file, *found, "--html", path)
    best = [(each.layer, each.unit) for each in model.find_units("capitals", LONG, top=2)]
    expected = model.activations(LONG).picture(*best)
    assert path.read_text("utf-8") == expected.to_html(**named | {"source": shorten(LONG)})
    assert len(result.stdout.splitlines()) == 3


def test_a_file(invoke, lstm_file, tmp_path):
    (tmp_path / "text").write_bytes(TEXT.encode())
    direct = invoke("inspect", TEXT, "-m", lstm_file).stdout
    assert invoke("inspect", "--file", tmp_path / "text", "-m", lstm_file).stdout == direct


def test_found_units_are_listed(invoke, lstm_file):
    result = invoke("inspect", LONG, "-m", lstm_file, "--find", "line position", "--top", 3)
    header, *lines = (line.split() for line in result.stdout.splitlines())
    assert header == ["layer", "unit", "correlation"]
    found = chargen.load(lstm_file).find_units("line position", LONG, top=3)
    expected = [[f"{u.layer}", f"{u.unit}", f"{u.correlation:+.3f}"] for u in found]
    assert lines == expected


def test_memory_is_a_table(invoke, lstm_file):
    result = invoke("inspect", LONG, "-m", lstm_file, "--memory")
    found = chargen.load(lstm_file).memory(LONG)
    _, *lines = (line.split() for line in result.stdout.splitlines())
    assert [line[0] for line in lines] == [str(context) for context in found.contexts]
    assert [line[1] for line in lines] == [f"{loss:.4f}" for loss in found.losses]
    assert f"{found.places} characters predicted at each context." in result.stderr


@pytest.mark.skipif(os.name == "nt", reason="needs a pseudo-terminal")
def test_in_a_terminal_the_text_is_coloured(shown, lstm_file):
    output = shown(TEXT, "--unit", "1", "--unit", "4")
    plain = re.sub(r"\x1b\[[\d;]*m", "", output)
    for unit in (1, 4):
        assert f"layer 0, unit {unit}\n{TEXT.replace(chr(10), '↵' + chr(10))}\n" in plain
    first = output.split("layer 0, unit 1\n")[1].split("\n\n")[0]
    painted = "".join(re.findall(r"\x1b\[48;5;\d+m([^\x1b]*)", first))
    h = chargen.load(lstm_file).activations(TEXT).unit(0, 1)
    assert painted == "".join(
        "↵" if character == "\n" else character
        for character, value in zip(TEXT, h, strict=True)
        if abs(value) >= 0.2
    )


@pytest.mark.skipif(os.name == "nt", reason="needs a pseudo-terminal")
def test_no_color_gives_bars(shown, lstm_file):
    output = shown(TEXT, "--unit", "1", NO_COLOR="1")
    assert "\x1b" not in output
    h = chargen.load(lstm_file).activations(TEXT).unit(0, 1)
    bars = "".join(_BARS[min(7, int((value + 1) * 4))] for value in h)
    assert output.startswith(f"layer 0, unit 1\nABC: cab↵\n{bars[:9]}\nA\n{bars[9]}\n")


@pytest.mark.skipif(os.name == "nt", reason="needs a pseudo-terminal")
def test_the_best_unit_is_shown_over_the_text(shown, lstm_file):
    output = shown(LONG, "--find", "capitals", NO_COLOR="1")
    (best,) = chargen.load(lstm_file).find_units("capitals", LONG, top=1)
    assert f"\nlayer {best.layer}, unit {best.unit}\nABC: cab↵\n" in output


def test_bars_stand_below_their_characters(monkeypatch):
    monkeypatch.setenv("COLUMNS", "4")
    assert _barred("abcdef", [-1, -0.5, 0, 0.5, 0.99, 1]) == "abcd\n▁▃▅▇\nef\n██"
    assert _barred("世a\u0301b\n", [1, -1, 0, 0, -1]) == "世a\u0301b\n██▁▅\n↵\n▁"
    assert _barred("a\t\n", [0, 1, -1]) == "a⇥↵\n▅█▁"


def test_help_names_every_feature(invoke):
    text = " ".join(invoke("inspect", "--help").stdout.split())
    for name in FEATURES:
        assert name in text


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ((), "Give either TEXT"),
        (("A", "--file", "x"), "Give either TEXT"),
        (("A", "--find", "capitals", "--memory"), "--find and --memory cannot be combined"),
        (("A", "--find", "capitals", "--unit", "1"), "--find and --unit cannot be combined"),
        (("A", "--memory", "--layer", "1"), "--memory and --layer cannot be combined"),
        (("A", "--memory", "--html", "page"), "--memory and --html cannot be combined"),
        (("A", "--find", "vowels"), "'vowels' is not one of 'inside quotes'"),
    ],
)
def test_wrong_usage(invoke, args, said):
    result = invoke("inspect", *args)
    assert result.exit_code == 2
    assert said in result.stderr


def test_what_cannot_be_shown(refused, lstm_file):
    told = refused("inspect", "A", "-m", lstm_file, "--unit", 5, code=2)
    assert "--unit must be a whole number from 0 to 4 (in layer 0); received 5" in told
    told = refused("inspect", "A", "-m", lstm_file, "--layer", 2, code=2)
    assert "--layer must be a whole number from 0 to 1; received 2" in told
    assert "text is empty" in refused("inspect", "", "-m", lstm_file)
    assert "'digits' is the same" in refused("inspect", "A", "-m", lstm_file, "--find", "digits")
    assert "at least 2 characters" in refused("inspect", "A", "-m", lstm_file, "--memory")
    assert "--top must be" in refused(
        "inspect", "A", "-m", lstm_file, "--find", "spaces", "--top", 0, code=2
    )
