"""The array format: safetensors with a JSON header, written atomically and checked when read.

The header is the entry "chargen" of the file's metadata, a JSON object with three parts: the format
version; a document, which is whatever the writer wants to keep; and a SHA-256 over that document
and every array, so that damage is noticed before any of it is used.
"""

import hashlib
import json
import os.path
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open

from chargen.errors import CheckpointError
from chargen.storage.atomic import write_atomically

FORMAT = "chargen"
FORMAT_VERSION = 1
MAX_NUMBER = 1e9  # in an array; products of such numbers are still finite
_WAY = "restore it or train again."
_MAX_HEADER = 100_000_000  # bytes, as in safetensors

Arrays = Mapping[str, NDArray[Any]]


def check_arrays(
    path: Path, arrays: Arrays, expected: Mapping[str, tuple[tuple[int, ...], str]]
) -> None:
    """Check that arrays have the expected names, shapes and dtypes, and are finite.

    Raises:
        CheckpointError: if they have not; the message names the first array that is wrong.
    """
    if odd := sorted(set(expected).symmetric_difference(arrays)):
        verb = "lacks" if odd[0] in expected else "has an unexpected"
        raise CheckpointError(f"{path} {verb} array {odd[0]}; {_WAY}")
    for name, (shape, dtype) in expected.items():
        array = arrays[name]
        if array.shape != shape or array.dtype != dtype:
            raise CheckpointError(
                f"{path}: array {name} is {array.dtype} {array.shape}, expected {dtype} {shape}; "
                + _WAY
            )
        if not (np.abs(array) <= MAX_NUMBER).all():  # so neither NaN nor infinity
            raise CheckpointError(
                f"{path}: array {name} holds numbers that are not finite, or beyond all use; {_WAY}"
            )


def write_arrays(path: str | Path, arrays: Arrays, document: Mapping[str, Any]) -> None:
    """Write arrays and one JSON document to `path`, atomically.

    Raises:
        StorageError: if it cannot be written; what was there before is untouched.
    """
    from safetensors.numpy import save

    arrays = {name: np.asarray(array, order="C") for name, array in arrays.items()}
    sha256 = _digest(document, arrays)
    header = {"format_version": FORMAT_VERSION, "sha256": sha256, "document": document}
    # There is one entry only: safetensors writes several in random order, and the same run should
    # write the same bytes.
    write_atomically(path, save(dict(arrays), {FORMAT: json.dumps(header, sort_keys=True)}))


def read_arrays(path: Path) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """Read what `write_arrays` wrote: the arrays by name, and the document.

    Raises:
        CheckpointError: if the file is missing, unreadable, damaged, not chargen's or newer.
    """
    _refuse_pipe(path)
    try:
        # Opened first without safetensors, which has words of its own for a missing file.
        path.open("rb").close()
        with safe_open(path, framework="numpy") as file:
            metadata = file.metadata() or {}
            if FORMAT not in metadata:
                raise CheckpointError(
                    f"{path} is a safetensors file, but not one that chargen wrote."
                )
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except FileNotFoundError:
        raise CheckpointError(f"There is no checkpoint {path}.") from None
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read: {error.strerror or error}.") from None
    except (SafetensorError, ValueError, TypeError, AttributeError) as error:
        raise CheckpointError(
            f"{path} is not a complete safetensors file ({error}); {_WAY}"
        ) from None
    try:
        header = json.loads(metadata[FORMAT])
        version, written, document = (header[k] for k in ("format_version", "sha256", "document"))
        if not isinstance(document, dict) or isinstance(version, bool):
            raise ValueError
    except (ValueError, KeyError, TypeError, RecursionError):
        raise CheckpointError(f"{path} has a damaged header; {_WAY}") from None
    if version != FORMAT_VERSION:
        raise CheckpointError(
            f"{path} has format version {version}, and this chargen reads version "
            f"{FORMAT_VERSION}; a newer chargen may read it."
        )
    if written != _digest(document, arrays):
        raise CheckpointError(
            f"{path} was changed or damaged after it was written (its SHA-256 does not match); "
            + _WAY
        )
    return arrays, document


def read_document(path: Path) -> dict[str, Any]:
    """Return the document of what `write_arrays` wrote, unchecked: the arrays are not read.

    Raises:
        CheckpointError: if the file is missing, unreadable, or not chargen's.
    """
    _refuse_pipe(path)
    try:
        with path.open("rb") as file:
            size = int.from_bytes(file.read(8), "little")
            if size > _MAX_HEADER:
                raise ValueError("its header is too long")
            document = json.loads(json.loads(file.read(size))["__metadata__"][FORMAT])["document"]
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read: {error.strerror or error}.") from None
    except (ValueError, KeyError, TypeError, RecursionError):
        raise CheckpointError(f"{path} is damaged, or no file of chargen's; {_WAY}") from None
    if not isinstance(document, dict):
        raise CheckpointError(f"{path} has a damaged header; {_WAY}")
    return document


def _refuse_pipe(path: Path) -> None:
    """Raise CheckpointError for a pipe or a device, which could keep us waiting for ever."""
    if os.path.exists(path) and not os.path.isfile(path) and not os.path.isdir(path):
        raise CheckpointError(
            f"{path} cannot be read: it is a pipe or a device; copy what it gives to a file."
        )


def _digest(document: Mapping[str, Any], arrays: Arrays) -> str:
    digest = hashlib.sha256(json.dumps(document, sort_keys=True).encode())
    for name in sorted(arrays):
        array = arrays[name]
        digest.update(f"\n{name} {array.dtype.str} {array.shape}\n".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()
