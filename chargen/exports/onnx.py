"""ONNX: one file for ONNX Runtime, OpenVINO and others, in C++, Java, Rust, a browser or a phone.

Inputs: `ids`, int64, [time, batch]; `labels`, int64, [batch], if there are labels; the states,
float32, [batch, units], `h_0`, `c_0` and so on. Outputs: `logits`, float32, [time, batch,
vocab_size], and the states after the last step, `next_h_0`, `next_c_0` and so on. Where a document
begins, the caller gives a state of zeros. The description is the entry `chargen` of the metadata.

ONNX's operators take kernels as [1, columns, rows] and order an LSTM's gates as i, o, f, c; a GRU's
are z, r, h, as Keras has them. Time comes first: not every runtime has the other layout. Operators
are those of opset 14 (2021), which most runtimes know.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chargen.checkpoint import Checkpoint
from chargen.config import ModelConfig
from chargen.errors import ExportError, MissingLibraryError
from chargen.exports.document import describe, missing, parse, to_text
from chargen.exports.formats import Loaded
from chargen.exports.vectors import state_names
from chargen.generation.state import STATES, Floats
from chargen.storage.arrays import Arrays
from chargen.storage.atomic import write_atomically
from chargen.text.vocabulary import Ids

_KEY, _GRAPH = "chargen", "graph"
_OPSET, _IR_VERSION = 14, 8
_MAX_BYTES = 2_000_000_000  # a protocol buffer holds no 2 GiB
_AXES = {"axis_0": 0, "axis_1": 1}  # constants of the graph that are no weights
_OPERATORS = {"lstm": "LSTM", "gru": "GRU", "rnn": "RNN"}
_GATES = {"lstm": (0, 3, 1, 2), "gru": (0, 1, 2), "rnn": (0,)}  # Keras's blocks in ONNX's order
# Keras's GRU resets after the recurrent product.
_ATTRIBUTES = {"lstm": {}, "gru": {"linear_before_reset": 1}, "rnn": {}}


def write(checkpoint: Checkpoint, path: Path) -> None:
    """Write a checkpoint to an ONNX file.

    Raises:
        ExportError: if the model is too large for one.
        MissingLibraryError: if the package onnx is not installed.
        StorageError: if it cannot be written.
    """
    size = sum(array.nbytes for array in checkpoint.weights.values())
    if size > _MAX_BYTES:
        raise ExportError(
            f"An ONNX file holds up to {_MAX_BYTES / 1e9:g} GB of weights; this model has "
            f"{size / 1e9:.1f} GB. Choose another format."
        )
    write_atomically(path, build(checkpoint).SerializeToString())


def load(path: Path) -> Loaded:
    """Load an ONNX file in ONNX Runtime.

    Raises:
        ExportError: if it is damaged, or not chargen's.
        MissingLibraryError: if onnx or onnxruntime is not installed.
    """
    onnx = _onnx()
    try:
        import onnxruntime
    except ImportError:
        raise MissingLibraryError(
            "To verify an ONNX file, ONNX Runtime is needed, which is not installed: "
            "pip install onnxruntime."
        ) from None
    data = path.read_bytes()
    try:
        model = onnx.load_model_from_string(data)
    except Exception:  # of the protocol buffers, in one of their kinds
        raise ExportError(f"{path} is no whole ONNX file.") from None
    texts = [each.value for each in model.metadata_props if each.key == _KEY]
    if len(texts) != 1:
        raise missing(path, "onnx")
    document = parse(texts[0], path, format="onnx")
    try:
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 4  # an error is raised anyway
        session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
        arrays = {
            each.name: onnx.numpy_helper.to_array(each)
            for each in model.graph.initializer
            if each.name not in _AXES
        }
        arrays[_GRAPH] = _bytes_of(model)
    except Exception as error:  # ONNX Runtime has no common kind
        reason = str(error).strip().partition("\n")[0]
        raise ExportError(f"{path} cannot be loaded by ONNX Runtime: {reason}.") from None

    def run(ids: Ids, label: int | None) -> tuple[Floats, Mapping[str, Floats]]:
        config = ModelConfig.from_json(document["model"]["config"])
        inputs: dict[str, Any] = {"ids": np.asarray(ids, np.int64)[:, None]}
        if label is not None:
            inputs["labels"] = np.array([label], np.int64)
        for name, (_, width) in _states(config).items():
            inputs[name] = np.zeros((1, width), np.float32)
        names = [each.name for each in session.get_outputs()]
        out = dict(zip(names, session.run(None, inputs), strict=True))
        state = {name.removeprefix("next_"): array for name, array in out.items()}
        return state.pop("logits")[:, 0], state

    return Loaded(document, arrays, f"ONNX Runtime {onnxruntime.__version__}", run)


def build(checkpoint: Checkpoint) -> Any:
    """Return a checkpoint as an ONNX model, a protocol buffer.

    Raises:
        MissingLibraryError: if the package onnx is not installed.
    """
    onnx = _onnx()
    helper, config = onnx.helper, checkpoint.config
    arrays = _arrays(checkpoint)
    long, real = onnx.TensorProto.INT64, onnx.TensorProto.FLOAT
    states = _states(config)
    inputs = [helper.make_tensor_value_info("ids", long, ["time", "batch"])]
    if config.labels:
        inputs.append(helper.make_tensor_value_info("labels", long, ["batch"]))
    inputs += [helper.make_tensor_value_info(name, real, dims) for name, dims in states.items()]
    logits = ["time", "batch", config.vocab_size]
    outputs = [helper.make_tensor_value_info("logits", real, logits)]
    outputs += [
        helper.make_tensor_value_info(f"next_{name}", real, dims) for name, dims in states.items()
    ]
    constants = {**arrays, **{name: np.array([axis]) for name, axis in _AXES.items()}}
    initializers = [onnx.numpy_helper.from_array(each, name) for name, each in constants.items()]
    graph = helper.make_graph(_nodes(helper, config), "chargen", inputs, outputs, initializers)
    opset = helper.make_opsetid("", _OPSET)
    model = helper.make_model(
        graph, opset_imports=[opset], producer_name="chargen", ir_version=_IR_VERSION
    )
    parts = {**arrays, _GRAPH: _bytes_of(model)}
    helper.set_model_props(model, {_KEY: to_text(describe(checkpoint, "onnx", parts))})
    return model


def _onnx() -> Any:
    try:
        import onnx
    except ImportError:
        raise MissingLibraryError(
            "ONNX files need the package onnx, which is not installed: pip install 'chargen[onnx]'."
        ) from None
    return onnx


def _bytes_of(model: Any) -> NDArray[np.uint8]:
    """Return the operators of a model as bytes."""
    nodes = (node.SerializeToString(deterministic=True) for node in model.graph.node)
    return np.frombuffer(b"".join(nodes), np.uint8)


def _states(config: ModelConfig) -> dict[str, list[Any]]:
    """Return the names and shapes of the states."""
    widths = [units for units in config.units for _ in STATES[config.cell]]
    names = state_names(config.cell, len(config.units))
    return {name: ["batch", width] for name, width in zip(names, widths, strict=True)}


def _arrays(checkpoint: Checkpoint) -> Arrays:
    """Return the weights as ONNX's operators take them."""
    config, weights = checkpoint.config, checkpoint.weights
    arrays = {"embedding": weights["embedding/embeddings"]}
    if config.labels:
        arrays["label"] = weights["label/embeddings"]
    for number, units in enumerate(config.units):
        name = f"{config.cell}_{number}"
        # The columns of a whole number of gates, [..., gates * units], in ONNX's order.
        order = np.concatenate([np.arange(units) + gate * units for gate in _GATES[config.cell]])
        bias = np.atleast_2d(weights[f"{name}/bias"])  # a GRU has two, of inputs and of the state
        both = np.zeros((2, bias.shape[1]), np.float32)
        both[: len(bias)] = bias
        arrays[f"{name}/W"] = weights[f"{name}/kernel"].T[order][None]
        arrays[f"{name}/R"] = weights[f"{name}/recurrent_kernel"].T[order][None]
        arrays[f"{name}/B"] = both[:, order].reshape(1, -1)
    arrays["dense/kernel"], arrays["dense/bias"] = weights["dense/kernel"], weights["dense/bias"]
    return {name: np.ascontiguousarray(array) for name, array in arrays.items()}


def _nodes(helper: Any, config: ModelConfig) -> list[Any]:
    """Return the operators of the network, in the order in which they run."""
    nodes = [helper.make_node("Gather", ["embedding", "ids"], ["x"])]  # [time, batch, features]
    x = "x"
    if config.labels:
        nodes.append(helper.make_node("Gather", ["label", "labels"], ["of_label"]))
        nodes.append(helper.make_node("Add", [x, "of_label"], ["labelled"]))
        x = "labelled"
    for number, units in enumerate(config.units):
        name, parts = f"{config.cell}_{number}", STATES[config.cell]
        states = [f"{part}_{number}" for part in parts]
        before, after = ([f"{name}/{part}_{when}" for part in parts] for when in ("in", "out"))
        for state, each in zip(states, before, strict=True):  # [1, batch, units]
            nodes.append(helper.make_node("Unsqueeze", [state, "axis_0"], [each]))
        weights = [f"{name}/{each}" for each in "WRB"]
        nodes.append(
            helper.make_node(
                _OPERATORS[config.cell],
                [x, *weights, "", *before],
                [f"{name}/y", *after],  # y is [time, 1, batch, units]
                name=name,
                hidden_size=units,
                **_ATTRIBUTES[config.cell],
            )
        )
        for state, each in zip(states, after, strict=True):
            nodes.append(helper.make_node("Squeeze", [each, "axis_0"], [f"next_{state}"]))
        x = f"{name}/h"  # [time, batch, units]
        nodes.append(helper.make_node("Squeeze", [f"{name}/y", "axis_1"], [x]))
    nodes.append(helper.make_node("MatMul", [x, "dense/kernel"], ["product"]))
    nodes.append(helper.make_node("Add", ["product", "dense/bias"], ["logits"]))
    return nodes
