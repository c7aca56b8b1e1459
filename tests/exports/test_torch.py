"""Folders for PyTorch, in PyTorch."""

import importlib.util
import subprocess
import sys

import numpy as np
import pytest

from chargen.errors import ExportError
from chargen.exports.formats import export
from chargen.exports.verify import verify
from tests.exports.networks import LENGTHS, SHAPES, assert_same, first, network, reading

torch = pytest.importorskip("torch", reason="PyTorch is not installed: make test-torch")


def load(path):
    spec = importlib.util.spec_from_file_location("model", path / "model.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.load(path)


def run(path, read):
    model, description = load(path)
    cell = description["model"]["config"]["cell"]
    before = [torch.tensor(array)[None] for array in read.before.values()]  # [1, batch, units]
    state = list(zip(before[::2], before[1::2], strict=True)) if cell == "lstm" else before
    labels = None if read.labels is None else torch.tensor(read.labels)
    with torch.inference_mode():
        logits, state = model(torch.tensor(read.ids), state, labels)
    after = [array for layer in state for array in layer] if cell == "lstm" else state
    names = read.after
    return logits.numpy(), {
        name: np.asarray(array).reshape(read.after[name].shape)
        for name, array in zip(names, after, strict=True)
    }


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("shape", SHAPES)
def test_pytorch_computes_the_same(tmp_path, shape, length):
    path = tmp_path / "model"
    export(network(*shape), "torch", path)
    read = reading(shape, length)
    assert_same(read, *run(path, read))
    assert_same(first(read), *run(path, first(read)))


@pytest.mark.slow
def test_model_py_writes_a_text(tmp_path):
    export(network(labels=2), "torch", tmp_path / "model")
    command = [sys.executable, tmp_path / "model" / "model.py", "Ab"]
    result = subprocess.run(
        command, capture_output=True, encoding="utf-8", env={"PYTHONUTF8": "1"}, check=True
    )
    assert len(result.stdout) == 500


def test_a_changed_program_is_not_run(tmp_path):
    export(network(), "torch", tmp_path / "model")
    program = tmp_path / "model" / "model.py"
    program.write_text(f"open({str(tmp_path / 'evil')!r}, 'w')\n{program.read_text()}")
    with pytest.raises(ExportError, match=r"is not run, as its model\.py is not what this chargen"):
        verify(tmp_path / "model")
    assert not (tmp_path / "evil").exists()
