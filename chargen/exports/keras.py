"""A `.keras` file of stock layers: ids and states in, logits and states out.

    model = keras.models.load_model("novel.keras")
    out = model({"ids": ids, "h_0": zeros, "c_0": zeros})  # and "labels", of a model with labels
    out["logits"], out["h_0"], out["c_0"]

Any number of texts and of characters can be read at a time. Where a document begins, the caller
gives a state of zeros. The description is the entry `chargen.json` of the file, a zip archive.
"""

import io
import tempfile
import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chargen.checkpoint import Checkpoint, weight_shapes
from chargen.config import ModelConfig
from chargen.errors import ExportError
from chargen.exports.document import check_array, describe, missing, parse, to_text
from chargen.exports.formats import Loaded
from chargen.exports.vectors import state_names
from chargen.generation.state import STATES, Floats
from chargen.storage.arrays import Arrays
from chargen.storage.atomic import write_atomically
from chargen.text.vocabulary import Ids

_ENTRY, _LAYERS = "chargen.json", "config.json"


def write(checkpoint: Checkpoint, path: Path) -> None:
    """Write a checkpoint to a `.keras` file.

    Raises:
        MissingLibraryError: if TensorFlow is not installed.
        StorageError: if it cannot be written.
    """
    model = build(checkpoint)
    with tempfile.TemporaryDirectory() as folder:
        saved = Path(folder) / "model.keras"
        with warnings.catch_warnings():  # Keras's own, about NumPy
            warnings.simplefilter("ignore", DeprecationWarning)
            model.save(saved)
        data = io.BytesIO(saved.read_bytes())
    with zipfile.ZipFile(data, "a") as archive:
        parts = {**checkpoint.weights, _LAYERS: _bytes_of(archive)}
        archive.writestr(_ENTRY, to_text(describe(checkpoint, "keras", parts)))
    write_atomically(path, data.getvalue())


def load(path: Path) -> Loaded:
    """Load a `.keras` file in Keras, which runs no code of the file's own.

    Raises:
        ExportError: if it is damaged, or not chargen's.
        MissingLibraryError: if TensorFlow is not installed.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            if (damaged := archive.testzip()) is not None:
                raise ExportError(f"{path} is damaged: its part {damaged} has a wrong checksum.")
            if _ENTRY not in archive.namelist():
                raise missing(path, "keras")
            document = parse(archive.read(_ENTRY), path, format="keras")
            built = _bytes_of(archive)
    except KeyError:
        raise ExportError(f"{path} is no whole .keras file: it has no {_LAYERS}.") from None
    except (zipfile.BadZipFile, OSError, NotImplementedError, RuntimeError, EOFError) as error:
        raise ExportError(f"{path} is no whole .keras file: {error}.") from None
    check_array(document, _LAYERS, built, path)
    from chargen.training.backend import keras

    try:
        model = keras.models.load_model(path, compile=False, safe_mode=True)
        arrays = weights_of(model, ModelConfig.from_json(document["model"]["config"]))
    except Exception as error:  # whatever Keras makes of a file that was changed
        reason = str(error).strip().partition("\n")[0] or type(error).__name__
        raise ExportError(f"{path} cannot be loaded by Keras: {reason}.") from None

    def run(ids: Ids, label: int | None) -> tuple[Floats, Mapping[str, Floats]]:
        inputs = inputs_of(document, ids, label)
        out = {name: np.asarray(value) for name, value in model(inputs, training=False).items()}
        return out.pop("logits")[0], out

    return Loaded(document, {**arrays, _LAYERS: built}, f"Keras {keras.__version__}", run)


def _bytes_of(archive: zipfile.ZipFile) -> NDArray[np.uint8]:
    """Return the layers as Keras writes them down, in bytes."""
    return np.frombuffer(archive.read(_LAYERS), np.uint8)


def build(checkpoint: Checkpoint) -> Any:
    """Return the network as a functional Keras model with its states as inputs and outputs.

    Its inputs, by name: `ids`, [batch, steps], int32; `labels`, [batch], if there are labels; and
    the states, [batch, units], `h_0`, `c_0` and so on. Its outputs: `logits`, [batch, steps,
    vocab_size], and the states after the last step.
    """
    from chargen.training.backend import keras
    from chargen.training.model import KERAS_CELLS

    config, layers = checkpoint.config, keras.layers
    inputs = {"ids": keras.Input((None,), dtype="int32", name="ids")}
    x = layers.Embedding(config.vocab_size, config.embedding_dim, name="embedding")(inputs["ids"])
    if config.labels:
        inputs["labels"] = keras.Input((), dtype="int32", name="labels")
        label = layers.Embedding(config.labels, config.embedding_dim, name="label")
        # [batch, 1, embedding_dim], so that it is added at every step
        of_text = layers.Reshape((1, config.embedding_dim), name="every_step")(
            label(inputs["labels"])
        )
        x = layers.Add(name="sum")([x, of_text])
    outputs: dict[str, Any] = {}
    for number, units in enumerate(config.units):
        names = [f"{part}_{number}" for part in STATES[config.cell]]
        states = [keras.Input((units,), name=name) for name in names]
        layer = KERAS_CELLS[config.cell](
            units, return_sequences=True, return_state=True, name=f"{config.cell}_{number}"
        )
        x, *after = layer(x, initial_state=states)
        inputs.update(zip(names, states, strict=True))
        outputs.update(zip(names, after, strict=True))
    logits = layers.Dense(config.vocab_size, name="dense")(x)
    model = keras.Model(inputs, {"logits": logits, **outputs}, name="chargen")
    for name, variable in variables_of(model, config).items():
        variable.assign(checkpoint.weights[name])
    return model


def weights_of(model: Any, config: ModelConfig) -> Arrays:
    """Return the weights of a model that `build` made, named as in a checkpoint."""
    return {name: each.numpy() for name, each in variables_of(model, config).items()}


def variables_of(model: Any, config: ModelConfig) -> dict[str, Any]:
    """Return the variables of a model that `build` made, named as in a checkpoint."""
    variables = {}
    for name in weight_shapes(config):
        layer, part = name.split("/")
        # The layer of a cell lists its weights under the same names, in any order.
        (variables[name],) = (each for each in model.get_layer(layer).weights if each.name == part)
    return variables


def inputs_of(document: Mapping[str, Any], ids: Ids, label: int | None) -> dict[str, Any]:
    """Return the inputs of a model for one text, [n], from a zero state."""
    config = ModelConfig.from_json(document["model"]["config"])
    names = state_names(config.cell, len(config.units))
    widths = [units for units in config.units for _ in STATES[config.cell]]
    inputs: dict[str, Any] = {"ids": np.asarray(ids, np.int32)[None]}
    if label is not None:
        inputs["labels"] = np.array([label], np.int32)
    for name, width in zip(names, widths, strict=True):
        inputs[name] = np.zeros((1, width), np.float32)
    return inputs
