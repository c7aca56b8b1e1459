"""chargen export and chargen verify."""

import json
import os

import pytest

from chargen.cli.export import export
from chargen.exports.formats import FORMATS
from tests.exports.networks import network, odd_models
from tests.test_imports import imported_by_command

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")


@pytest.fixture
def model_file(tmp_path):
    path = tmp_path / "tiny.safetensors"
    network().save(path)
    return path


def test_every_format_has_a_command():
    assert set(export.commands) == set(FORMATS)


def test_a_model_is_exported_and_verified(invoke, model_file):
    result = invoke("export", "onnx", "-m", model_file, "-o", "tiny.onnx")
    assert result.exit_code == 0, result.stderr
    assert result.stdout == ""
    first, second = result.stderr.splitlines()
    assert first.startswith("Written to tiny.onnx, 0.0")
    assert first.endswith("chargen verify ./tiny.onnx")
    assert second == "Left to the program that runs it: line ends of a prompt to line feeds."
    result = invoke("verify", "tiny.onnx")
    assert result.exit_code == 0, result.stderr
    (line,) = result.stdout.splitlines()
    assert line.startswith("tiny.onnx is unchanged, and ONNX Runtime 1.")
    assert "computes the same on 81 characters: largest difference" in line
    found = json.loads(invoke("verify", "tiny.onnx", "--json").stdout)
    assert found["format"] == "onnx"
    assert 0 < found["logits_difference"] < 1e-4
    assert 0 <= found["state_difference"] < 1e-4


def test_what_is_left_to_the_caller_is_said(invoke, tmp_path):
    said = {}
    for name, model in odd_models():
        model.save(tmp_path / "odd")
        result = invoke("export", "onnx", "-m", tmp_path / "odd", "-o", f"{name}.onnx")
        said[name] = result.stderr.partition("runs it: ")[2]
    assert "a prompt to NFC; a prompt to lower case" in said["prepared"]
    assert "a state of zeros before each document" in said["documents and hard characters"]
    assert "unknown characters to U+FFFD" in said["rare"]
    assert said["line ends"] == ""


def test_a_tampered_file_fails_by_name(refused, invoke, model_file, workdir):
    assert invoke("export", "onnx", "-m", model_file, "-o", "tiny.onnx").exit_code == 0
    data = (workdir / "tiny.onnx").read_bytes()
    (workdir / "tiny.onnx").write_bytes(data.replace(b"ABCabc", b"ABCacb"))
    assert "tiny.onnx was changed after it was written" in refused("verify", "tiny.onnx")


def test_half_a_model_is_read_like_any_other(invoke, model_file, refused):
    result = invoke("export", "half", "-m", model_file, "-o", "half.safetensors")
    assert result.exit_code == 0, result.stderr
    first, second = result.stderr.splitlines()
    assert first.endswith("chargen verify ./half.safetensors")
    assert second.startswith("Rounding the weights to float16 changes logits by up to 0.0")
    assert " and chargen " in invoke("verify", "half.safetensors").stdout
    assert invoke("sample", "A", "-m", "half.safetensors", "-s", 1).stdout.startswith("A")
    line = refused("export", "half", "-m", model_file, "-o", "half.safetensors")
    assert "exists already" in line
    assert "must end in .safetensors" in refused("export", "half", "-m", model_file, "-o", "half")


def test_an_existing_file_is_kept(refused, invoke, model_file, workdir):
    (workdir / "tiny.onnx").write_text("mine")
    line = refused("export", "onnx", "-m", model_file, "-o", "tiny.onnx")
    assert "tiny.onnx exists already; choose another path, or replace it with --overwrite" in line
    assert (workdir / "tiny.onnx").read_text() == "mine"
    result = invoke("export", "onnx", "-m", model_file, "-o", "tiny.onnx", "--overwrite")
    assert result.exit_code == 0
    assert invoke("verify", "tiny.onnx").exit_code == 0


@pytest.mark.parametrize("format", ["onnx", "savedmodel"])
def test_a_place_without_a_folder(refused, model_file, format):
    line = refused("export", format, "-m", model_file, "-o", "nowhere/tiny.onnx")
    assert "there is no folder nowhere; make it first" in line


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="there is no /proc here")
@pytest.mark.parametrize(("format", "name"), [("onnx", "tiny.onnx"), ("hub", "tiny")])
def test_a_place_that_nobody_can_write_to(refused, model_file, format, name):
    line = refused("export", format, "-m", model_file, "-o", f"/proc/{name}")
    assert f"/proc/{name} could not be written: " in line


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_an_unwritable_folder(refused, model_file, workdir):
    (workdir / "closed").mkdir(mode=0o500)
    line = refused("export", "onnx", "-m", model_file, "-o", "closed/tiny.onnx")
    assert "could not be written: permission denied" in line


def test_a_missing_extra_is_named(refused, model_file, monkeypatch, workdir):
    monkeypatch.setitem(__import__("sys").modules, "onnx", None)
    line = refused("export", "onnx", "-m", model_file, "-o", "tiny.onnx")
    assert "need the package onnx, which is not installed: pip install 'chargen[onnx]'" in line
    assert not list(workdir.iterdir())


def test_tensorflow_that_is_missing_is_named(refused, model_file, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    for name in ("chargen.training.backend", "chargen.training.model"):
        monkeypatch.delitem(__import__("sys").modules, name, raising=False)
    line = refused("export", "keras", "-m", model_file, "-o", "tiny.keras")
    assert "pip install 'chargen[train]'" in line


@pytest.mark.parametrize("args", [("export", "gguf"), ("export", "onnx"), ("verify",)])
def test_wrong_usage(invoke, args):
    result = invoke(*args)
    assert result.exit_code == 2
    assert result.stderr.splitlines()[-1].startswith("Error: ")


def test_a_pipe_is_written_to(invoke, model_file):
    result = invoke("export", "onnx", "-m", model_file, "-o", "/dev/null")
    assert result.exit_code == 0, result.stderr
    assert result.stderr == ""


def test_onnx_imports_no_tensorflow(model_file, tmp_path):
    path = str(tmp_path / "tiny.onnx")
    modules = imported_by_command("export", "onnx", "-m", str(model_file), "-o", path)
    assert "onnx" in modules
    assert not modules & {"tensorflow", "keras", "onnxruntime", "torch"}
    assert not imported_by_command("verify", path) & {"tensorflow", "keras", "torch"}
