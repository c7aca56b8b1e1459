"""Folders for PyTorch, in PyTorch."""

import importlib.util
import subprocess
import sys

import numpy as np
import pytest

from chargen.errors import ExportError, MissingLibraryError
from chargen.exports.formats import export
from chargen.exports.verify import verify
from tests.exports.networks import LENGTHS, SHAPES, assert_same, first, network, reading

MAX_LINES = 80


@pytest.fixture
def torch():
    return pytest.importorskip("torch", reason="PyTorch is not installed; see docs/exports.md")


def load(path):
    spec = importlib.util.spec_from_file_location("model", path / "model.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.load(path)


def run(torch, path, read):
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
def test_pytorch_computes_the_same(torch, tmp_path, shape, length):
    path = tmp_path / "model"
    export(network(*shape), "torch", path)
    read = reading(shape, length)
    assert_same(read, *run(torch, path, read))
    assert_same(first(read), *run(torch, path, first(read)))


def test_the_state_dict_has_pytorchs_names_and_layout(tmp_path):
    """This much is checked where there is no PyTorch too."""
    from safetensors.numpy import load_file

    checkpoint = network("gru", (9, 5), 2)
    export(checkpoint, "torch", tmp_path / "model")
    assert sorted(each.name for each in (tmp_path / "model").iterdir()) == [
        *("model.py", "weights.safetensors")
    ]
    weights = load_file(tmp_path / "model" / "weights.safetensors")
    assert {name: each.shape for name, each in weights.items()} == {
        "embedding.weight": (14, 6),
        "label.weight": (2, 6),
        **{"layers.0.weight_ih_l0": (27, 6), "layers.0.weight_hh_l0": (27, 9)},
        **{"layers.0.bias_ih_l0": (27,), "layers.0.bias_hh_l0": (27,)},
        **{"layers.1.weight_ih_l0": (15, 9), "layers.1.weight_hh_l0": (15, 5)},
        **{"layers.1.bias_ih_l0": (15,), "layers.1.bias_hh_l0": (15,)},
        "dense.weight": (14, 5),
        "dense.bias": (14,),
    }
    kernel = checkpoint.weights["gru_0/kernel"]  # update, reset, candidate; PyTorch: r, z, n
    np.testing.assert_array_equal(weights["layers.0.weight_ih_l0"][:9], kernel[:, 9:18].T)
    assert len((tmp_path / "model" / "model.py").read_text().splitlines()) < MAX_LINES


@pytest.mark.slow
def test_model_py_writes_a_text(torch, tmp_path):
    export(network(labels=2), "torch", tmp_path / "model")
    command = [sys.executable, tmp_path / "model" / "model.py", "Ab"]
    result = subprocess.run(
        command, capture_output=True, encoding="utf-8", env={"PYTHONUTF8": "1"}, check=True
    )
    assert len(result.stdout) == 500


def test_a_changed_program_is_not_run(torch, tmp_path):
    export(network(), "torch", tmp_path / "model")
    program = tmp_path / "model" / "model.py"
    program.write_text(f"open({str(tmp_path / 'evil')!r}, 'w')\n{program.read_text()}")
    with pytest.raises(ExportError, match=r"is not run, as its model\.py is not what this chargen"):
        verify(tmp_path / "model")
    assert not (tmp_path / "evil").exists()


def test_pytorch_that_is_missing_is_named(tmp_path, monkeypatch):
    export(network(), "torch", tmp_path / "model")
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(MissingLibraryError, match="pip install torch"):
        verify(tmp_path / "model")
