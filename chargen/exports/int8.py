"""Weights in a quarter of the bytes: int8 numbers, with one scale for each column.

A matrix w becomes q = round(w / s), from -127 to 127, where s is a 127th of the largest absolute
weight of the column: symmetric quantization, after training. Vectors and embeddings stay float32.
"""

import numpy as np

from chargen.storage.arrays import Arrays

SCALE = "/scale"  # after the name of a matrix
_HIGHEST = 127


def is_matrix(name: str) -> bool:
    """Return whether a weight is a matrix that vectors are multiplied with."""
    return name.endswith("kernel")


def quantize(weights: Arrays) -> dict[str, np.ndarray]:
    """Return weights with each matrix [inputs, columns] as int8, and its scales, [columns]."""
    made: dict[str, np.ndarray] = {}
    for name, array in weights.items():
        if not is_matrix(name):
            made[name] = array
            continue
        scale = (np.abs(array).max(axis=0) / _HIGHEST).astype(np.float32)
        scale[scale == 0] = 1  # a column of zeros
        made[name] = np.rint(array / scale).clip(-_HIGHEST, _HIGHEST).astype(np.int8)
        made[name + SCALE] = scale
    return made


def dequantize(arrays: Arrays) -> dict[str, np.ndarray]:
    """Return the float32 weights that arrays from `quantize` stand for."""
    return {
        name: array * arrays[name + SCALE] if name + SCALE in arrays else array
        for name, array in arrays.items()
        if not name.endswith(SCALE)
    }
