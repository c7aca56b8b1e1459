"""What a run keeps for whoever continues it: resume.safetensors, checked as a whole when read."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self, TypeVar

from chargen.checkpoint import weight_shapes
from chargen.config import ModelConfig, RunConfig, TrainingConfig
from chargen.config.arguments import check_fields
from chargen.errors import CheckpointError, CorpusError
from chargen.generation.state import STATES
from chargen.storage.arrays import Arrays, check_arrays, read_arrays, write_arrays
from chargen.training.run_state import RunState
from chargen.training.source import Source

Value = TypeVar("Value")
_MOMENTS = 2  # that the optimizer keeps of each weight's gradient
_BASIS_SHARE = 32  # of the directions of a recurrent kernel's rows, one in so many is followed


@dataclass(frozen=True, eq=False)
class SavedRun:
    """A run as it was when it was saved last.

    Args:
        config: its settings.
        source: where its text is.
        sha256: the fingerprint of the text.
        state: counters, losses and plans.
        arrays: what a step changes, by name: weights, the optimizer's moments, carried states; all
            float32, of the shapes that `array_shapes` says.
    """

    config: RunConfig
    source: Source
    sha256: str
    state: RunState
    arrays: Arrays

    def save(self, path: Path) -> None:
        """Write to `path`, atomically.

        Raises:
            StorageError: if it cannot be written; what was there before is untouched.
        """
        document = {
            "config": self.config.to_json(),
            "corpus": {**self.source.to_json(), "sha256": self.sha256},
            "state": asdict(self.state),
        }
        write_arrays(path, self.arrays, document)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a file that `save` wrote.

        Raises:
            CheckpointError: if it is missing, damaged, of another version, or holds anything that
                `save` would not have written.
        """
        arrays, document = read_arrays(path)
        try:
            saved = cls(arrays=arrays, **_parts(document))
            check_fields(saved)
        except (KeyError, TypeError, AttributeError, ValueError, CorpusError) as error:
            reason = f"it lacks {error}" if isinstance(error, KeyError) else str(error)
            raise CheckpointError(
                f"{path} holds no run that this chargen can resume: {reason.rstrip('.')}. Start "
                "anew under another --name, or with --overwrite."
            ) from None
        shapes = array_shapes(saved.config.model, saved.config.training)
        check_arrays(path, arrays, {name: (shape, "float32") for name, shape in shapes.items()})
        return saved


def basis_size(name: str, shape: Sequence[int]) -> int:
    """Return how many directions of a weight's rows soap follows, by its name; often none."""
    return shape[0] // _BASIS_SHARE if name.endswith("recurrent_kernel") else 0


def without_optimizer(values: Mapping[str, Value]) -> dict[str, Value]:
    """Return, of arrays or shapes by the names of `array_shapes`, those not of the optimizer."""
    return {name: value for name, value in values.items() if not name.startswith("optimizer/")}


def array_shapes(model: ModelConfig, training: TrainingConfig) -> dict[str, tuple[int, ...]]:
    """Return the name and shape of every array that a step changes."""
    weights = weight_shapes(model)
    moments = [shape for shape in weights.values() for _ in range(_MOMENTS)]
    for name, shape in weights.items() if training.optimizer == "soap" else ():
        if size := basis_size(name, shape):
            rows, columns = shape
            moments += [(rows, size)] * 2 + [(size, columns)] * _MOMENTS
    states = [(training.batch_size, units) for units in model.units for _ in STATES[model.cell]]
    return {
        **{f"weights/{name}": shape for name, shape in weights.items()},
        **{f"optimizer/{number:03}": shape for number, shape in enumerate(moments)},
        **{f"states/{number:03}": shape for number, shape in enumerate(states)},
    }


def _parts(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a `SavedRun` that a document holds."""
    corpus = document["corpus"]
    return {
        "config": RunConfig.from_json(document["config"]),
        "source": Source.from_json(corpus),
        "sha256": corpus["sha256"],
        "state": RunState.from_json(document["state"]),
    }
