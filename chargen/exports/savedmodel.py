"""A TensorFlow SavedModel: a folder with a graph that needs no Python, states in and out.

    model = tf.saved_model.load("novel")
    out = model.signatures["serving_default"](ids=ids, h_0=zeros, c_0=zeros)

The names and shapes are those of the `.keras` file, and so is what the caller does where a document
begins. The description is `assets.extra/chargen.json`, where TensorFlow looks at nothing.
"""

import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from chargen.checkpoint import Checkpoint
from chargen.errors import ExportError, StorageError
from chargen.exports import keras as keras_format
from chargen.exports.document import check_array, describe, missing, parse, to_text
from chargen.exports.formats import Loaded
from chargen.generation.state import Floats
from chargen.storage.folders import new_folder
from chargen.text.vocabulary import Ids

_GRAPH = "saved_model.pb"
_FILE = Path("assets.extra") / "chargen.json"


def write(checkpoint: Checkpoint, path: Path) -> None:
    """Write a checkpoint as a SavedModel.

    Raises:
        MissingLibraryError: if TensorFlow is not installed.
        StorageError: if it cannot be written.
    """
    from chargen.training.backend import graph, tf

    model = keras_format.build(checkpoint)
    given = {each.name: tf.TensorSpec(each.shape, each.dtype, each.name) for each in model.inputs}
    call = graph(lambda inputs: model(inputs, training=False), input_signature=[given])
    # Not `model.export`, which writes every weight twice.
    module = tf.Module()
    module.weights = [
        each.value for each in keras_format.variables_of(model, checkpoint.config).values()
    ]
    with new_folder(path) as folder:
        try:
            tf.saved_model.save(module, str(folder), signatures={"serving_default": call})
        except tf.errors.OpError as error:
            raise StorageError(f"{path} could not be written: {error.message}.") from None
        (folder / _FILE.parent).mkdir()
        parts = {**checkpoint.weights, _GRAPH: _bytes_of(folder / _GRAPH)}
        document = describe(checkpoint, "savedmodel", parts)
        (folder / _FILE).write_text(to_text(document), "ascii")


def load(path: Path) -> Loaded:
    """Load a SavedModel in TensorFlow.

    Its graph is a program, which could do anything; it is run if it is the one that its description
    tells of.

    Raises:
        ExportError: if it is damaged, or not chargen's.
        MissingLibraryError: if TensorFlow is not installed.
    """
    try:
        document = parse((path / _FILE).read_bytes(), path, format="savedmodel")
        graph = _bytes_of(path / _GRAPH)
    except OSError:
        raise missing(path, "savedmodel") from None
    check_array(document, _GRAPH, graph, path)
    from chargen.training.backend import tf

    try:
        model = tf.saved_model.load(str(path))
        call = model.signatures["serving_default"]
        arrays = {_name(each.name): each.numpy() for each in model.weights}
    except Exception as error:  # whatever TensorFlow makes of a folder that was changed
        said = re.sub(r"\{\{.*?\}\} ", "", str(error))  # without the name of a node
        reason = said.strip().partition("\n")[0] or type(error).__name__
        raise ExportError(f"{path} cannot be loaded by TensorFlow: {reason}.") from None

    def run(ids: Ids, label: int | None) -> tuple[Floats, Mapping[str, Floats]]:
        inputs = keras_format.inputs_of(document, ids, label)
        result = call(**{name: tf.constant(value) for name, value in inputs.items()})
        out = {name: np.asarray(value) for name, value in result.items()}
        return out.pop("logits")[0], out

    return Loaded(document, {**arrays, _GRAPH: graph}, f"TensorFlow {tf.__version__}", run)


def _name(variable: str) -> str:
    """Return a variable's name as in a checkpoint: lstm_0/kernel for lstm_0/lstm_cell/kernel:0."""
    parts = variable.removesuffix(":0").split("/")
    return f"{parts[0]}/{parts[-1]}"


def _bytes_of(path: Path) -> NDArray[np.uint8]:
    return np.frombuffer(path.read_bytes(), np.uint8)
