"""The plugin, through llm's own Python interface and command line."""

import warnings

import pytest
from click.testing import CliRunner

llm = pytest.importorskip("llm")

from llm.cli import cli

import chargen


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """A folder with a run, where llm keeps its own things too."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LLM_USER_PATH", str(tmp_path / "llm"))
    chargen.load("bundled").save(tmp_path / "checkpoints" / "mine" / "model.safetensors")


def run(*args):
    return CliRunner().invoke(cli, list(args), catch_exceptions=False)


def test_runs_are_models():
    listed = run("models", "-q", "chargen").output
    assert "chargen/mine" in listed
    assert "chargen/bundled" in listed
    assert "temperature" in run("models", "--options", "-q", "chargen/mine").output


def test_the_command_line_writes_what_chargen_writes():
    options = ("-o", "seed", "1", "-o", "length", "60", "-o", "temperature", "0.5")
    result = run("-m", "chargen/mine", "All: ", *options)
    expected = chargen.load("mine").generate("All: ", seed=1, length=60, temperature=0.5)
    assert result.exit_code == 0
    assert result.output == f"{expected}\n"


def test_the_text_comes_as_it_is_written():
    pieces = list(llm.get_model("chargen/mine").prompt("All: ", seed=1, length=20))
    assert len(pieces) == 20


def test_every_option_is_understood():
    given = {
        "length": 30, "min_length": 5, "lines": 2, "stop": "xyz", "only": "a-z \\n", "ban": "q",
        "no_repeat": 20, "no_repeat_window": 100, "max_line": 20, "temperature": 1.0, "top_k": 9,
        "top_p": 0.9, "min_p": 0.01, "seed": 1,
    }  # fmt: skip
    text = llm.get_model("chargen/mine").prompt("All: ", **given).text()
    assert text == chargen.load("mine").generate("All: ", **given)
    options = set(llm.get_model("chargen/mine").Options.model_fields)
    assert options == {*given, "label"}


def test_a_conversation_is_one_text():
    conversation = llm.get_model("chargen/mine").conversation()
    first = conversation.prompt("All: ", seed=1, length=20).text()
    second = conversation.prompt("\n\nWick:\n", seed=1, length=20).text()
    model = chargen.load("mine")
    assert second == model.generate(f"All: {first}\n\nWick:\n", seed=1, length=20)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (("-o", "temperature", "-1"), "temperature must be a number from 0"),
        (("-o", "label", "x"), "This model has no labels; received 'x'"),
        (("-s", "Be brief"), "follows no instructions; leave the system prompt out"),
        (("-o", "warmth", "1"), "warmth"),
    ],
)
def test_what_cannot_work_is_told(given, told):
    result = run("-m", "chargen/mine", "All: ", *given)
    assert result.exit_code == 1
    assert told in result.output


def test_unknown_characters_become_the_nearest():
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        text = llm.get_model("chargen/mine").prompt("Àll: ", seed=1, length=20).text()
    assert text == chargen.load("mine").generate("All: ", seed=1, length=20)
    assert any("Changed" in str(each.message) for each in told)
