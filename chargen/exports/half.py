"""A model file of half the size, for chargen itself: the weights rounded to float16.

It is `model.safetensors` as docs/format.md describes it, so `-m FILE` reads it. The description is
the entry `export` of the file's document, and leaves out the model, which the document is already.
The test vectors are those of the rounded weights.
"""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np

from chargen.checkpoint import Checkpoint
from chargen.errors import ExportError
from chargen.exports.document import describe, parse
from chargen.exports.formats import Loaded
from chargen.exports.vectors import compare, make_vectors, run_of
from chargen.storage.arrays import Arrays, read_arrays, write_arrays

_KEY, _MODEL = "export", "model"


def write(checkpoint: Checkpoint, path: Path) -> None:
    """Write a checkpoint to a .safetensors file, its weights in float16.

    Raises:
        ExportError: if a weight is too large for float16.
        StorageError: if it cannot be written.
    """
    arrays = _round(checkpoint.weights)
    description = describe(_with_weights(checkpoint, arrays), "half", arrays)
    write_arrays(path, arrays, {**description.pop(_MODEL), _KEY: description})


def load(path: Path) -> Loaded:
    """Load a file in chargen itself.

    Raises:
        CheckpointError: if it is damaged, or no model of chargen's.
        ExportError: if it is a model that no export wrote.
    """
    from chargen import __version__

    arrays, model = read_arrays(path)
    description = model.pop(_KEY, None)
    described = {**description, _MODEL: model} if isinstance(description, dict) else None
    document = parse(json.dumps(described), path, format="half")
    checkpoint = Checkpoint.from_json(model, arrays, path)
    return Loaded(document, arrays, f"chargen {__version__}", run_of(checkpoint))


def rounding(checkpoint: Checkpoint) -> float:
    """Return by how much float16 weights change the logits of the test vectors, at most.

    Raises:
        ExportError: if a weight is too large for float16.
    """
    exact = make_vectors(checkpoint)
    run = run_of(_with_weights(checkpoint, _round(checkpoint.weights)))
    label = 0 if checkpoint.labels else None  # the vectors have the first
    return compare(exact, *run(np.array(exact["ids"], np.int32), label)).logits


def _round(weights: Arrays) -> Arrays:
    """Return weights in float16.

    Raises:
        ExportError: if one is too large.
    """
    with np.errstate(over="ignore"):
        rounded = {name: array.astype(np.float16) for name, array in weights.items()}
    for name, array in rounded.items():
        if not np.isfinite(array).all():
            raise ExportError(
                f"float16 holds numbers up to 65,504, and {name} of this model has larger ones; "
                "give its model.safetensors instead, which is exact."
            )
    return rounded


def _with_weights(checkpoint: Checkpoint, arrays: Arrays) -> Checkpoint:
    weights = {name: array.astype(np.float32) for name, array in arrays.items()}
    return replace(checkpoint, weights=weights)
