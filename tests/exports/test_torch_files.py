"""What of a folder for PyTorch can be checked without PyTorch."""

import sys

import numpy as np
import pytest
from safetensors.numpy import load_file

from chargen.errors import MissingLibraryError
from chargen.exports.formats import export
from chargen.exports.verify import verify
from tests.exports.networks import network

MAX_LINES = 110


def test_the_state_dict_has_pytorchs_names_and_layout(tmp_path):
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


def test_pytorch_that_is_missing_is_named(tmp_path, monkeypatch):
    export(network(), "torch", tmp_path / "model")
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(MissingLibraryError, match="pip install torch"):
        verify(tmp_path / "model")
