"""A folder as model hubs want it: model.safetensors, config.json, and README.md as model card.

The weights are chargen's own file, so `-m FOLDER` takes the folder for a run, and nothing is lost.
The description is in config.json. Nothing is uploaded; the hub's own tool does that.
"""

import json
import re
from pathlib import Path

from chargen.checkpoint import Checkpoint
from chargen.config.base import check
from chargen.errors import CheckpointError
from chargen.exports.document import describe, missing, parse, to_text
from chargen.exports.formats import Loaded
from chargen.exports.model_card import model_card
from chargen.exports.vectors import run_of
from chargen.storage.folders import new_folder
from chargen.storage.runs import MODEL_FILE

_CONFIG = "config.json"
_LICENSE = re.compile(r"[a-z0-9][a-z0-9.\-]*")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]+)*")


def write(
    checkpoint: Checkpoint, path: Path, *, license: str | None = None, language: str | None = None
) -> None:
    """Write a checkpoint as a folder for a model hub.

    Args:
        checkpoint: the model.
        path: of the folder, whose name is the model's in its card.
        license: of the model, as hubs abbreviate it, such as "cc0-1.0"; None says "unknown".
        language: of the text, as an ISO 639 code, such as "en".

    Raises:
        SettingError: if the license or the language has another form.
        StorageError: if it cannot be written.
    """
    is_license = license is None or _LICENSE.fullmatch(license) is not None
    check("license", license, is_license, "a hub's short name of a licence, such as cc0-1.0 or mit")
    is_language = language is None or _LANGUAGE.fullmatch(language) is not None
    check("language", language, is_language, "a code of ISO 639, such as en")
    document = describe(checkpoint, "hub", checkpoint.weights, {"model_type": "chargen"})
    card = model_card(checkpoint, path.absolute().name, license=license, language=language)
    with new_folder(path) as folder:
        checkpoint.save(folder / MODEL_FILE)
        (folder / _CONFIG).write_text(to_text(document, indent=1) + "\n", "ascii")
        (folder / "README.md").write_text(card, "utf-8", newline="\n")


def load(path: Path) -> Loaded:
    """Load a folder in chargen itself.

    Raises:
        CheckpointError: if its weights are damaged.
        ExportError: if something else is, or it is not chargen's.
    """
    from chargen import __version__

    try:
        document = parse((path / _CONFIG).read_bytes(), path, format="hub")
    except OSError:
        raise missing(path, "hub") from None
    checkpoint = Checkpoint.load(path / MODEL_FILE)
    if json.loads(to_text(checkpoint.to_json())) != document["model"]:
        raise CheckpointError(
            f"{path} was changed after it was written: config.json and {MODEL_FILE} describe "
            "different models; export the model again."
        )
    return Loaded(document, checkpoint.weights, f"chargen {__version__}", run_of(checkpoint))
