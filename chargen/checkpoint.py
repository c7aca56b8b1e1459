"""A trained network: its shape, tokenizer and weights, and where they came from.

`model.safetensors` holds it: the weights in float32, under Keras's names and in its gate order
(i, f, c, o), and all else as JSON in the file's header. A file may hold weights in float16 instead;
they are float32 from when it is read.
"""

import os.path
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import numpy as np

from chargen.config import ModelConfig, PreparationConfig
from chargen.config.arguments import check_arguments, check_fields
from chargen.config.base import is_integer, shorten
from chargen.errors import CheckpointError, CorpusError, SettingError
from chargen.storage.arrays import Arrays, check_arrays, read_arrays, write_arrays
from chargen.storage.runs import MODEL_FILE
from chargen.text.characters import enumerate_some
from chargen.text.tokenizer import CharTokenizer
from chargen.text.vocabulary import Ids, Vocabulary

_MAX_LISTED = 20  # labels in a message
_BLOCKS = {"lstm": 4, "gru": 3, "rnn": 1}  # column blocks of a cell's kernels: its gates


def weight_shapes(config: ModelConfig) -> dict[str, tuple[int, ...]]:
    """Return the name and shape of every weight of a network, in Keras's order."""
    shapes: dict[str, tuple[int, ...]] = {
        "embedding/embeddings": (config.vocab_size, config.embedding_dim)
    }
    if config.labels:
        shapes["label/embeddings"] = (config.labels, config.embedding_dim)
    width = config.embedding_dim
    for layer, units in enumerate(config.units):
        columns = _BLOCKS[config.cell] * units
        name = f"{config.cell}_{layer}"
        shapes[f"{name}/kernel"] = (width, columns)
        shapes[f"{name}/recurrent_kernel"] = (units, columns)
        # Keras's GRU has two biases, one before and one after the reset gate.
        shapes[f"{name}/bias"] = (2, columns) if config.cell == "gru" else (columns,)
        width = units
    shapes["dense/kernel"] = (width, config.vocab_size)
    shapes["dense/bias"] = (config.vocab_size,)
    return shapes


@dataclass(frozen=True)
class Origin:
    """Where the weights of a network came from. Losses are in nats per character."""

    corpus: str | None = None  # its name
    characters: int | None = None
    documents: int | None = None
    sha256: str | None = None  # of the corpus
    base: str | None = None  # the model that training went on from
    step: int | None = None  # updates made
    loss: float | None = None  # in training
    carried: float | None = None  # held out, the state flowing through the whole text
    windowed: float | None = None  # held out, 256 characters at a time from a zero state
    training: Mapping[str, Any] = field(default_factory=dict)  # the settings
    command: str | None = None  # the command line; None where Python trained it
    date: str | None = None  # when these weights were reached, in UTC and ISO 8601
    seconds: float | None = None  # that the run had taken until then, interruptions left out
    machine: str | None = None  # the processor, its cores, the system
    version: str | None = None  # of chargen
    software: Mapping[str, str] = field(default_factory=dict)  # versions of Python and libraries

    @property
    def known_loss(self) -> float | None:
        """Return the loss on what was held out, or else in training; None if none is known."""
        losses = (self.carried, self.windowed, self.loss)
        return next((loss for loss in losses if loss is not None), None)

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {_JSON_NAMES.get(name, name): value for name, value in asdict(self).items()}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "Origin":
        """Return what `to_json` wrote; what is not there is None.

        Raises:
            SettingError: if a value is none of its kind.
        """
        names = {each.name: _JSON_NAMES.get(each.name, each.name) for each in fields(cls)}
        origin = cls(**{name: values[key] for name, key in names.items() if key in values})
        check_fields(origin)
        return origin


_JSON_NAMES = {"base": "from"}


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """A trained network: all that generating needs, and where it came from.

    Args:
        config: the network's shape.
        tokenizer: from text to ids and back.
        weights: by name, float32, as `weight_shapes` says.
        origin: where the weights came from.
        labels: how many characters were learned with each label, by name, in the order of their
            vectors.
        label_rules: how the files of the corpus were labelled; see `ReadingConfig.label`.
    """

    config: ModelConfig
    tokenizer: CharTokenizer
    weights: Arrays
    origin: Origin = Origin()
    labels: Mapping[str, int] = field(default_factory=dict)
    label_rules: tuple[str, ...] = ()

    def label_ids(self, label: str | None, texts: int = 1) -> Ids | None:
        """Return the number of a label, once for each of so many texts, shape [texts].

        None where the network has no labels.

        Raises:
            SettingError: if it has no such label, or has labels and `label` is None.
        """
        names = list(self.labels)
        if label in names:
            return np.full(texts, names.index(label), np.int32)
        if not names and label is None:
            return None
        if not names:
            raise SettingError(
                f"This model has no labels; received {label!r}. Leave the label out."
            )
        listed = f"its labels are {enumerate_some(names, max_names=_MAX_LISTED)}"
        if label is None:
            raise SettingError(
                f"label is needed: this model must be told which label a text has; {listed}.",
                setting="label",
            )
        nearest = get_close_matches(label, names, n=1)
        hint = f" (did you mean {nearest[0]!r}?)" if nearest else ""
        raise SettingError(f"This model has no label {label!r}{hint}; {listed}.")

    def save(self, path: str | Path) -> None:
        """Write to `path`, atomically.

        Raises:
            StorageError: if it cannot be written; what was there before is untouched.
        """
        write_arrays(path, self.weights, self.to_json())

    def to_json(self) -> dict[str, Any]:
        """Return all but the weights as plain values."""
        document: dict[str, Any] = {
            "config": self.config.to_json(),
            "vocabulary": self.tokenizer.vocabulary.idx2char,
            "start": self.tokenizer.start,
            "origin": self.origin.to_json(),
            "preparation": self.tokenizer.preparation.to_json(),
            "document_separator": self.tokenizer.separator,
            "line_end": self.tokenizer.line_end,
            "label_rules": list(self.label_rules),
        }
        if self.labels:
            document["labels"] = list(self.labels.items())
        return document

    @classmethod
    @check_arguments
    def load(cls, path: str | Path) -> "Checkpoint":
        """Read a run's folder, or a file.

        Raises:
            CheckpointError: if it is missing, damaged, not chargen's, of a newer format, or its
                weights do not fit its configuration.
        """
        path = Path(path)
        if os.path.isdir(path):
            path = path / MODEL_FILE
        weights, document = read_arrays(path)
        return cls.from_json(document, weights, path)

    @classmethod
    def from_json(cls, document: Mapping[str, Any], weights: Arrays, path: Path) -> "Checkpoint":
        """Return the checkpoint of weights and of what `to_json` returned, both checked.

        Weights in float16 become float32.

        Raises:
            CheckpointError: if they do not fit together, naming `path`.
        """
        try:
            config = ModelConfig.from_json(document["config"])
            tokenizer = CharTokenizer(
                Vocabulary(document["vocabulary"]),
                _text(document["start"]),
                PreparationConfig.from_json(
                    document.get("preparation", PreparationConfig(newlines="keep").to_json())
                ),
                *map(_optional_text, map(document.get, ("document_separator", "line_end"))),
            )
            label_rules = tuple(map(_text, document.get("label_rules", ())))
            origin = Origin.from_json(dict(document["origin"]))
            labels = {_text(name): count for name, count in document.get("labels", ())}
        except (KeyError, TypeError, AttributeError, ValueError, CorpusError) as error:
            raise CheckpointError(
                f"{path} has a header that cannot be understood: {error}."
            ) from None
        vocabulary = tokenizer.vocabulary
        if config.vocab_size != vocabulary.vocab_size or tokenizer.start not in vocabulary:
            raise CheckpointError(
                f"{path} has a vocabulary of {vocabulary.vocab_size} characters that does not fit "
                f"its vocab_size of {config.vocab_size}."
            )
        if config.labels != len(labels) or not all(is_integer(each, 0) for each in labels.values()):
            raise CheckpointError(
                f"{path} has {len(labels)} labels that do not fit its configuration, which has "
                f"{config.labels}."
            )
        shapes = weight_shapes(config)
        weights = {
            name: array.astype(np.float32) if array.dtype == np.float16 else array
            for name, array in weights.items()
        }
        check_arrays(path, weights, {name: (shape, "float32") for name, shape in shapes.items()})
        return cls(config, tokenizer, weights, origin, labels, label_rules)


def _text(value: object) -> str:
    """Return a text that a file gives.

    Raises:
        ValueError: if it is something else, or empty.
    """
    if not (isinstance(value, str) and value):
        raise ValueError(f"it has {shorten(value)} where a text should be")
    return value


def _optional_text(value: object) -> str | None:
    """Return a text that older files do not have."""
    return None if value is None else _text(value)
