"""The file format: safetensors with a JSON header, written atomically and checked when read.

`model.safetensors` holds the weights a network needs to generate, in float32 under Keras's names
and in its gate order; `resume.safetensors` holds what continuing the run needs. Both carry, as
the entry "chargen" of their metadata, a JSON object: the format version, a document of their own,
and a SHA-256 over that document and every array, so that damage is noticed before any of it is
used.
"""

import os.path
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import numpy as np

from chargen.config import ModelConfig, PreparationConfig
from chargen.errors import CheckpointError, CorpusError, SettingError
from chargen.storage.arrays import Arrays, check_arrays, read_arrays, write_arrays
from chargen.storage.runs import MODEL_FILE
from chargen.text.characters import code_points, enumerate_some, refuse_surrogates
from chargen.text.preparation import fold_unknown, prepare
from chargen.text.unknown import PreparedText, Unknown, check_unknown, replace_unknown
from chargen.text.vocabulary import BOUNDARY, RARE, Ids, Vocabulary

_MAX_LISTED = 20  # labels in a message
_BLOCKS = {"lstm": 4, "gru": 3, "rnn": 1}  # column blocks of a cell's kernels: its gates


def weight_shapes(config: ModelConfig) -> dict[str, tuple[int, ...]]:
    """The name and shape of every weight of a network, in Keras's order."""
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
class Checkpoint:
    """A trained network: all that generating needs, and where it came from."""

    config: ModelConfig
    vocabulary: Vocabulary
    weights: Arrays  # by name, float32, as `weight_shapes` says
    start: str  # the character to start from when there is no prompt
    origin: Mapping[str, Any] = field(default_factory=dict)  # corpus, losses, steps, ...
    preparation: PreparationConfig = PreparationConfig()  # what was done to the text
    # The characters that were learned with each label, by name, in the order of their vectors.
    labels: Mapping[str, int] = field(default_factory=dict)

    @property
    def end(self) -> str | None:
        """The character that ends a document, and begins the next; None where there are none."""
        return BOUNDARY if BOUNDARY in self.vocabulary else None

    @property
    def boundary(self) -> int | None:
        """The id of that character."""
        return None if self.end is None else self.vocabulary.char2idx[self.end]

    @property
    def unknown(self) -> str | None:
        """The character that all rare ones were folded into; it must never be written."""
        folded = self.preparation.min_count > 1 and RARE in self.vocabulary
        return RARE if folded else None

    def prepare(self, text: str) -> str:
        """A text, with done to it what was done to the corpus; rare characters are left in it."""
        return prepare(text, self.preparation)

    def fit(self, text: str, unknown: Unknown = "error") -> PreparedText:
        """A text that `encode` takes: prepared, and with what to do with unknown characters done.

        Where one character stands for all rare ones, nothing is unknown.

        Raises:
            CorpusError: if it holds half of a character, and rare ones are left in it.
            SettingError, UnknownCharacterError: as `chargen.text.unknown.replace_unknown` does.
        """
        text = self.prepare(text)
        if self.unknown is None:
            return replace_unknown(text, self.vocabulary, unknown)
        check_unknown(unknown)
        refuse_surrogates(code_points(text))
        return PreparedText(text)

    def encode(self, text: str) -> Ids:
        """The ids of a fitted text, shape [len(text)].

        Raises:
            UnknownCharacterError: if it holds what the network never saw.
        """
        if self.unknown is not None:
            text = fold_unknown(text, self.vocabulary)
        return self.vocabulary.encode(text)

    def label_ids(self, label: str | None, texts: int = 1) -> Ids | None:
        """The label of each of so many texts as the network reads it; None where it has none.

        Raises:
            SettingError: if it has no such label, or has labels and `label` is None.
        """
        names = list(self.labels)
        if label in names:
            return np.full(texts, names.index(label), np.int32)
        if not names and label is None:
            return None
        if not names:
            raise SettingError(f"This model has no labels; received {label!r}. Leave it out.")
        listed = f"its labels are {enumerate_some(names, max_names=_MAX_LISTED)}"
        if label is None:
            raise SettingError(f"This model must be told which label a text has; {listed}.")
        nearest = get_close_matches(label, names, n=1)
        hint = f" (did you mean {nearest[0]!r}?)" if nearest else ""
        raise SettingError(f"This model has no label {label!r}{hint}; {listed}.")

    def save(self, path: str | Path) -> None:
        """Write to `path`, atomically.

        Raises:
            StorageError: if it cannot be written; what was there before is untouched.
        """
        document: dict[str, Any] = {
            "config": self.config.to_json(),
            "vocabulary": self.vocabulary.idx2char,
            "start": self.start,
            "origin": dict(self.origin),
            "preparation": self.preparation.to_json(),
        }
        if self.labels:
            document["labels"] = list(self.labels.items())
        write_arrays(path, self.weights, document)

    @classmethod
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
        try:
            config = ModelConfig.from_json(document["config"])
            vocabulary = Vocabulary(document["vocabulary"])
            start, origin = str(document["start"]), dict(document["origin"])
            preparation = PreparationConfig.from_json(
                document.get("preparation", PreparationConfig().to_json())
            )
            labels = {str(name): int(count) for name, count in document.get("labels", ())}
        except (KeyError, TypeError, AttributeError, ValueError, CorpusError) as error:
            raise CheckpointError(f"{path} holds a header that makes no sense: {error}.") from None
        if config.vocab_size != vocabulary.vocab_size or start not in vocabulary:
            raise CheckpointError(
                f"{path} has a vocabulary of {vocabulary.vocab_size} characters that does not fit "
                f"its vocab_size of {config.vocab_size}."
            )
        if config.labels != len(labels) or min(labels.values(), default=0) < 0:
            raise CheckpointError(
                f"{path} has {len(labels)} labels that do not fit its configuration, which has "
                f"{config.labels}."
            )
        shapes = weight_shapes(config)
        check_arrays(path, weights, {name: (shape, "float32") for name, shape in shapes.items()})
        return cls(config, vocabulary, weights, start, origin, preparation, labels)
