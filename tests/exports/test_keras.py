""".keras files and SavedModels, in Keras and TensorFlow."""

import zipfile

import numpy as np
import pytest

from chargen.exports.formats import export
from chargen.training.backend import keras, tf
from tests.exports.networks import FEW_SHAPES, LENGTHS, assert_same, first, network, reading

# Keras itself does this where it turns its variables into arrays.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def inputs(read):
    given = {"ids": read.ids.astype(np.int32), **read.before}
    if read.labels is not None:
        given["labels"] = read.labels.astype(np.int32)
    return given


def run_keras(path, read):
    model = keras.models.load_model(path)
    given = inputs(read)
    out = model.predict(given, verbose=0, batch_size=len(read.ids))
    return out.pop("logits"), out


def run_tensorflow(path, read):
    call = tf.saved_model.load(path).signatures["serving_default"]
    out = {name: np.array(each) for name, each in call(**inputs(read)).items()}
    return out.pop("logits"), out


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("shape", FEW_SHAPES)
def test_keras_computes_the_same(tmp_path, shape, length):
    path = tmp_path / "model.keras"
    export(network(*shape), "keras", path)
    read = reading(shape, length)
    assert_same(read, *run_keras(path, read))
    if length > 1000:
        assert_same(first(read), *run_keras(path, first(read)))


def test_a_keras_file_has_stock_layers_alone(tmp_path):
    export(network(labels=2), "keras", tmp_path / "model.keras")
    model = keras.models.load_model(tmp_path / "model.keras", custom_objects={})
    for layer in model.layers:
        assert getattr(keras.layers, type(layer).__name__) is type(layer)
    assert "chargen.json" in zipfile.ZipFile(tmp_path / "model.keras").namelist()


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("shape", FEW_SHAPES)
def test_tensorflow_computes_the_same(tmp_path, shape, length):
    path = tmp_path / "model"
    export(network(*shape), "savedmodel", path)
    read = reading(shape, length)
    assert_same(read, *run_tensorflow(path, read))
    assert_same(first(read), *run_tensorflow(path, first(read)))
