import json
import subprocess
import sys

import pytest

import chargen

LINES = ["ABC", "", "a cab", "é: cab"]


@pytest.fixture
def models(make_checkpoint, tmp_path):
    """The options that name two models."""
    options = []
    for seed, name in enumerate(("one", "two")):
        make_checkpoint(seed=seed).save(tmp_path / name)
        options += ["--model", tmp_path / name]
    return options


def expected(text, models):
    return chargen.classify(text, [str(path) for path in models[1::2]])


def test_the_model_and_the_margin(invoke, models):
    result = invoke("classify", "A cab", *models)
    outcome = expected("A cab", models)
    assert result.stdout == f"{outcome.model}\t{outcome.margin:.2f}\n"
    for name, bits in outcome.bits.items():
        assert f"{name}: {bits:.2f} bits" in result.stderr


def test_a_line_for_each_line(invoke, models, tmp_path):
    (tmp_path / "lines").write_bytes("\r\n".join(LINES).encode())
    result = invoke("classify", "--file", tmp_path / "lines", *models)
    outcomes = expected(LINES, models)
    assert result.stdout.splitlines() == [f"{o.model or '-'}\t{o.margin:.2f}" for o in outcomes]
    assert result.stdout.splitlines()[1] == "-\t0.00"
    assert result.stderr == ""


def test_json(invoke, models, tmp_path):
    (tmp_path / "lines").write_bytes("\n".join(LINES).encode() + b"\n")
    result = invoke("classify", "--json", "--file", tmp_path / "lines", *models)
    outcomes = [each.to_json() for each in expected(LINES, models)]
    assert [json.loads(line) for line in result.stdout.splitlines()] == outcomes
    single = invoke("classify", "--json", "ABC", *models)
    assert json.loads(single.stdout)["bits"] == pytest.approx(outcomes[0]["bits"])
    assert single.stderr == ""


def test_standard_input_without_its_last_line_end(models, invoke):
    result = subprocess.run(
        [sys.executable, "-m", "chargen", "classify", "-", *models],
        input=b"A cab\n",
        capture_output=True,
        check=True,
    )
    assert result.stdout.decode() == invoke("classify", "A cab", *models).stdout


def test_a_lone_surrogate_is_only_unknown(invoke, models):
    assert invoke("classify", "A\ud800", *models).exit_code == 0


@pytest.mark.parametrize("args", [("A",), (), ("A", "--file", "x", "-m", "a", "-m", "b")])
def test_wrong_usage(invoke, args):
    result = invoke("classify", *args)
    assert result.exit_code == 2
    assert result.stderr.startswith("Usage: ")


def test_what_cannot_be_classified(refused, models):
    assert "text is empty" in refused("classify", "", *models)
    assert "no file nowhere" in refused("classify", "--file", "nowhere", *models)
    assert "no checkpoint nowhere" in refused("classify", "A", *models[:2], "-m", "nowhere")
    assert "at least two different models" in refused("classify", "A", *models[:2], code=2)
    assert "different models" in refused("classify", "A", *models[:2], *models[:2], code=2)
