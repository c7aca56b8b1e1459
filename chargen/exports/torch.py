"""A state dict for PyTorch in safetensors, and a short model.py beside it that reads it.

Writing it needs no PyTorch. PyTorch stores kernels transposed, [columns, rows]; its LSTM has
Keras's order of the gates, its GRU has the reset gate before the update gate. The description is
the entry `description` of the file's metadata.
"""

from collections.abc import Mapping
from pathlib import Path
from types import ModuleType

import numpy as np

from chargen.checkpoint import Checkpoint
from chargen.errors import ExportError, MissingLibraryError
from chargen.exports.document import describe, missing, parse, to_text
from chargen.exports.formats import Loaded
from chargen.exports.vectors import state_names
from chargen.generation.state import STATES, Floats
from chargen.storage.arrays import Arrays
from chargen.storage.folders import new_folder
from chargen.text.vocabulary import Ids

_WEIGHTS, _PROGRAM, _KEY = "weights.safetensors", "model.py", "description"
_TEMPLATE = Path(__file__).parent / "programs" / "torch_model.py"
_GATES = {"lstm": (0, 1, 2, 3), "gru": (1, 0, 2), "rnn": (0,)}  # Keras's blocks in PyTorch's order


def write(checkpoint: Checkpoint, path: Path) -> None:
    """Write a checkpoint as a folder for PyTorch.

    Raises:
        StorageError: if it cannot be written.
    """
    from safetensors.numpy import save

    arrays = dict(_arrays(checkpoint))
    text = to_text(describe(checkpoint, "torch", arrays))
    with new_folder(path) as folder:
        (folder / _WEIGHTS).write_bytes(save(arrays, {_KEY: text}))
        (folder / _PROGRAM).write_bytes(_TEMPLATE.read_bytes())


def load(path: Path) -> Loaded:
    """Load a folder in PyTorch, if its program is the one that chargen writes.

    Raises:
        ExportError: if it is damaged, or not chargen's.
        MissingLibraryError: if PyTorch is not installed.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path / _WEIGHTS, framework="numpy") as file:
            text = (file.metadata() or {}).get(_KEY)
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        code = (path / _PROGRAM).read_bytes().replace(b"\r\n", b"\n")
    except (SafetensorError, OSError) as error:
        raise ExportError(f"{path} is no whole export for PyTorch: {error}.") from None
    if text is None:
        raise missing(path, "torch")
    document = parse(text, path, format="torch")
    if code != _TEMPLATE.read_bytes().replace(b"\r\n", b"\n"):
        raise ExportError(
            f"{path} is not run, as its {_PROGRAM} is not what this chargen writes; it was "
            f"changed, or written by another version ({document['chargen']})."
        )
    try:
        import torch
    except ImportError:
        raise MissingLibraryError(
            "To verify an export for PyTorch, that is needed and not installed: pip install torch."
        ) from None
    program = ModuleType("model")
    exec(compile(code, str(_TEMPLATE), "exec"), vars(program))  # noqa: S102, it is our own
    try:
        model, _ = program.load(path)
    except RuntimeError as error:
        reason = " ".join(str(error).split())
        raise ExportError(f"{path} cannot be loaded by PyTorch: {reason}.") from None

    def run(ids: Ids, label: int | None) -> tuple[Floats, Mapping[str, Floats]]:
        labels = None if label is None else torch.tensor([label])
        with torch.inference_mode():
            logits, state = model(torch.tensor(ids[None], dtype=torch.int64), None, labels)
        cell, units = (document["model"]["config"][name] for name in ("cell", "units"))
        layers = state if len(STATES[cell]) > 1 else [(each,) for each in state]
        after = [np.asarray(each) for layer in layers for each in layer]
        return np.asarray(logits)[0], dict(zip(state_names(cell, len(units)), after, strict=True))

    return Loaded(document, arrays, f"PyTorch {torch.__version__}", run)


def _arrays(checkpoint: Checkpoint) -> Arrays:
    """Return the weights under PyTorch's names and in its layout."""
    config, weights = checkpoint.config, checkpoint.weights
    arrays = {"embedding.weight": weights["embedding/embeddings"]}
    if config.labels:
        arrays["label.weight"] = weights["label/embeddings"]
    for number, units in enumerate(config.units):
        ours, theirs = f"{config.cell}_{number}", f"layers.{number}"
        order = np.concatenate([np.arange(units) + gate * units for gate in _GATES[config.cell]])
        bias = np.atleast_2d(weights[f"{ours}/bias"])[:, order]  # a GRU has two
        arrays[f"{theirs}.weight_ih_l0"] = weights[f"{ours}/kernel"].T[order]
        arrays[f"{theirs}.weight_hh_l0"] = weights[f"{ours}/recurrent_kernel"].T[order]
        arrays[f"{theirs}.bias_ih_l0"] = bias[0]
        arrays[f"{theirs}.bias_hh_l0"] = bias[1] if len(bias) > 1 else np.zeros_like(bias[0])
    arrays["dense.weight"] = weights["dense/kernel"].T
    arrays["dense.bias"] = weights["dense/bias"]
    return {name: np.ascontiguousarray(array) for name, array in arrays.items()}
