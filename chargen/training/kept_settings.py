"""The settings of a run that is there already, read without its arrays."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chargen.config import RunConfig, TrainingConfig
from chargen.errors import CheckpointError, SettingError
from chargen.storage.arrays import read_document
from chargen.storage.runs import MODEL_FILE, RESUME_FILE


@dataclass(frozen=True)
class KeptSettings:
    """The settings of a run that is there already."""

    values: dict[str, Any]  # by name
    chosen: tuple[str, ...] = ()  # the names of those that were left to the preset
    are_all: bool = False  # whether they are all that the run had


def kept_settings(path: Path) -> KeptSettings:
    """Return the settings of the run that a model is of.

    A run keeps all of them. A model without the rest of its run knows its network, how it was
    trained, and what was done to its text, but not how files became that text.

    Args:
        path: a run's folder, or a model's file.

    Raises:
        CheckpointError: if the model is missing, or holds no settings.
    """
    folder = path if os.path.isdir(path) else path.parent
    model = folder / MODEL_FILE if os.path.isdir(path) else path
    if model.name == MODEL_FILE and os.path.exists(resume := folder / RESUME_FILE):
        try:
            document = read_document(resume)
            values = RunConfig.from_json(document["config"]).settings()
            return KeptSettings(values, tuple(document["state"]["chosen"]), True)
        except (CheckpointError, SettingError, LookupError, TypeError, AttributeError):
            pass  # damaged, or of a version that resume cannot read
    try:
        return KeptSettings(_known_by_model(read_document(model)))
    except (SettingError, LookupError, TypeError, AttributeError):
        raise CheckpointError(f"{model} holds no settings that this chargen knows.") from None


def _training(held: Mapping[str, Any]) -> dict[str, Any]:
    """Return how a model was trained, with what is not written where it is the default."""
    return {**TrainingConfig.added(), **held} if held else {}


def _known_by_model(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings that a model's document holds, those of earlier versions left out."""
    held = {
        **document["config"],
        **document.get("preparation", {"newlines": "keep"}),
        **_training(document["origin"].get("training", {})),
        "label": document.get("label_rules", ()),
        "document_separator": document.get("document_separator"),
    }
    known = {name: held[name] for name in RunConfig.described() if name in held}
    checked = RunConfig.of(known).settings()
    return {name: checked[name] for name in known}
