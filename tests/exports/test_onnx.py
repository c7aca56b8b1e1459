"""ONNX files, in ONNX Runtime."""

import numpy as np
import pytest

from chargen.errors import ExportError, MissingLibraryError
from chargen.exports.formats import export
from tests.exports.networks import LENGTHS, SHAPES, assert_same, first, network, reading

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")


def run(path, read):
    session = onnxruntime.InferenceSession(path)
    inputs = {"ids": read.ids.T.astype(np.int64), **read.before}
    if read.labels is not None:
        inputs["labels"] = read.labels.astype(np.int64)
    names = [each.name for each in session.get_outputs()]
    out = dict(zip(names, session.run(None, inputs), strict=True))
    logits = out.pop("logits").transpose(1, 0, 2)  # time comes first
    return logits, {name.removeprefix("next_"): array for name, array in out.items()}


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("shape", SHAPES)
def test_onnx_runtime_computes_the_same(tmp_path, shape, length):
    path = tmp_path / "model.onnx"
    export(network(*shape), "onnx", path)
    onnx.checker.check_model(onnx.load(path), full_check=True)
    read = reading(shape, length)
    assert_same(read, *run(path, read))
    alone = first(read)
    assert_same(alone, *run(path, alone))


def test_the_operators_are_of_a_version_that_most_programs_know(tmp_path):
    export(network(), "onnx", tmp_path / "model.onnx")
    model = onnx.load(tmp_path / "model.onnx")
    assert [(each.domain, each.version) for each in model.opset_import] == [("", 14)]
    assert {node.op_type for node in model.graph.node} <= {
        *("Gather", "Add", "Unsqueeze", "Squeeze", "LSTM", "MatMul")
    }


def test_a_model_too_large_for_a_file_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("chargen.exports.onnx._MAX_BYTES", 1000)
    with pytest.raises(ExportError, match=r"holds up to .* GB of weights; this model has"):
        export(network(), "onnx", tmp_path / "model.onnx")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("missing", "told"),
    [("onnx", r"pip install 'chargen\[onnx\]'"), ("onnxruntime", "pip install onnxruntime")],
)
def test_a_missing_package_is_named(tmp_path, monkeypatch, missing, told):
    path = tmp_path / "model.onnx"
    export(network(), "onnx", path)
    monkeypatch.setitem(__import__("sys").modules, missing, None)
    from chargen.exports.verify import verify

    with pytest.raises(MissingLibraryError, match=told):
        verify(path)
