"""What an export carries beside its weights: how text becomes ids, and vectors to test it with.

It is one JSON object, in ASCII, so that any format can hold it and any program can read it:

    version     of this form
    format      which export it is of, such as "onnx"
    chargen     the version that wrote it
    model       as in `model.safetensors`: network, vocabulary, preparation, labels, origin
    boundary    the id before which a text's state is set to zero; null without documents
    vectors     a short text, its logits at a few places, and the state after it
    arrays      the SHA-256 of each array of weights, by the name that the format gives it
    sha256      of all the rest
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from chargen.checkpoint import Checkpoint
from chargen.config import ModelConfig
from chargen.errors import ExportError
from chargen.exports.vectors import check_vectors, make_vectors
from chargen.storage.arrays import Arrays

VERSION = 1
_WAY = "export the model again"


def describe(
    checkpoint: Checkpoint, format: str, arrays: Arrays, more: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return the document of an export.

    Args:
        checkpoint: the network.
        format: the export's.
        arrays: the weights under the format's own names, in its own layout.
        more: what only this format has, at the beginning.
    """
    from chargen import __version__

    document = {
        **(more or {}),
        "version": VERSION,
        "format": format,
        "chargen": __version__,
        "model": checkpoint.to_json(),
        "boundary": checkpoint.tokenizer.boundary_id,
        "vectors": make_vectors(checkpoint),
        "arrays": {name: _digest(array) for name, array in arrays.items()},
    }
    return {**document, "sha256": _seal(document)}


def to_text(document: Mapping[str, Any], indent: int | None = None) -> str:
    """Return a document as ASCII: whatever is in the vocabulary, no format can stumble over it."""
    return json.dumps(document, indent=indent)


def parse(text: str | bytes, path: Path, *, format: str) -> dict[str, Any]:
    """Return the document that an export holds.

    Raises:
        ExportError: if it is none, of another version, was changed, or is odd.
    """
    try:
        document = json.loads(text)
        version, seal = document["version"], document["sha256"]
        rest = {name: value for name, value in document.items() if name != "sha256"}
        is_ours = document["format"] == format and isinstance(document["arrays"], dict)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        is_ours = False
    if not is_ours:
        raise missing(path, format)
    if version != VERSION:
        raise ExportError(
            f"{path} has version {version!r} of the description, and this chargen reads version "
            f"{VERSION}; {_WAY}, or use the chargen that wrote it."
        )
    if seal != _seal(rest):
        raise ExportError(
            f"{path} was changed after it was written: its description, which holds the "
            f"vocabulary and the test vectors, does not match its SHA-256; {_WAY}."
        )
    try:
        config = ModelConfig.from_json(document["model"]["config"])
        check_vectors(document["vectors"], config, label_names(document))
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise ExportError(
            f"{path} has a description that cannot be understood: {error}; {_WAY}."
        ) from None
    return dict(document)


def label_names(document: Mapping[str, Any]) -> list[str]:
    """Return the labels of the model that a document describes, in the order of their vectors."""
    return [name for name, _ in document["model"].get("labels", ())]


def missing(path: Path, format: str) -> ExportError:
    """Return the error of a file without a description."""
    return ExportError(
        f"{path} holds no description by chargen, so there is nothing to check it against; "
        f"`chargen export {format}` writes one."
    )


def check_arrays(document: Mapping[str, Any], arrays: Arrays, path: Path) -> None:
    """Check that the weights are those that were exported.

    Raises:
        ExportError: naming the first array that is not.
    """
    written: Mapping[str, str] = document["arrays"]
    if odd := sorted(set(written).symmetric_difference(arrays)):
        verb = "lacks" if odd[0] in written else "has an unexpected"
        raise ExportError(f"{path} {verb} array {odd[0]}; {_WAY}.")
    for name, array in arrays.items():
        check_array(document, name, array, path)


def check_array(document: Mapping[str, Any], name: str, array: Any, path: Path) -> None:
    """Check that one array of weights, or another part, is as it was exported.

    Raises:
        ExportError: if it is not.
    """
    if _digest(array) != document["arrays"].get(name):
        raise ExportError(
            f"{path} was changed after it was written: its {name} does not match its SHA-256; "
            f"{_WAY}."
        )


def _digest(array: Any) -> str:
    array = np.ascontiguousarray(array)
    data = f"{array.dtype.str} {array.shape}\n".encode() + array.tobytes()
    return hashlib.sha256(data).hexdigest()


def _seal(document: Mapping[str, Any]) -> str:
    # Read back first: JSON turns tuples into lists and keys into texts.
    plain = json.loads(json.dumps(document))
    return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()
