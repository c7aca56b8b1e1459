"""The formats: what their files are called, and how one is told from another.

Each format is a module of this folder with two functions. `write(checkpoint, path)` writes the
export; `load(path)` gives it back as its own program reads it, as a `Loaded`.
"""

import importlib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chargen.checkpoint import Checkpoint
from chargen.config.base import check, shorten
from chargen.errors import ExportError, SettingError, StorageError
from chargen.generation.state import Floats
from chargen.storage.arrays import Arrays
from chargen.text.vocabulary import Ids

Run = Callable[[Ids, int | None], tuple[Floats, Mapping[str, Floats]]]
"""Reads ids, [n], from a zero state, with the number of a label, if there are labels; gives the
logits after each, [n, vocab_size], and the state after the last, by name."""


@dataclass(frozen=True)
class Loaded:
    """An export as its own program has it.

    Args:
        document: what `document.describe` made.
        arrays: the weights, by the format's names.
        runtime: the program that runs it, and its version.
        run: runs it.
    """

    document: Mapping[str, Any]
    arrays: Arrays
    runtime: str
    run: Run


@dataclass(frozen=True)
class Format:
    """What an export of a format looks like on disk.

    Args:
        name: of the format and of its module.
        suffix: of its file; "" if it is a folder.
        entries: of a folder, all that may be in it; the first tells what it is.
        is_network_only: whether turning text into ids, and starting documents, is left to whoever
            runs it.
        options: names of those that only it has.
    """

    name: str
    suffix: str = ""
    entries: tuple[str, ...] = ()
    is_network_only: bool = True
    options: tuple[str, ...] = ()

    @property
    def is_folder(self) -> bool:
        """Return whether an export is a folder."""
        return not self.suffix

    @property
    def module(self) -> Any:
        """Return the module that writes and loads it, which may import its program."""
        return importlib.import_module(f"chargen.exports.{self.name}")


FORMATS = {
    each.name: each
    for each in (
        Format("keras", ".keras"),
        Format("onnx", ".onnx"),
        Format("python", ".py", is_network_only=False),
        Format("page", ".html", is_network_only=False, options=("float32",)),
        Format(
            "savedmodel",
            entries=("saved_model.pb", "assets", "assets.extra", "fingerprint.pb", "variables"),
        ),
        Format("torch", entries=("weights.safetensors", "model.py")),
        Format(
            "hub",
            entries=("config.json", "model.safetensors", "README.md"),
            is_network_only=False,
            options=("license", "language"),
        ),
        Format("half", ".safetensors", is_network_only=False),
    )
}


def format_of(path: Path) -> Format:
    """Return the format of an export, by the name of its file, or by what is in its folder.

    Raises:
        ExportError: if it is none that chargen writes, or not there.
    """
    if not os.path.exists(path):
        raise ExportError(f"There is no {path}; give the path of a model that chargen exported.")
    for each in FORMATS.values():
        if os.path.isdir(path):
            if each.is_folder and os.path.exists(path / each.entries[0]):
                return each
        elif each.suffix == path.suffix and each.suffix:
            return each
    suffixes = [each.suffix for each in FORMATS.values() if each.suffix]
    folders = [each.name for each in FORMATS.values() if each.is_folder]
    raise ExportError(
        f"{path} is no export of chargen's: that is a file whose name ends in "
        f"{', '.join(suffixes)}, or a folder of {' or '.join(folders)}."
    )


def export(
    checkpoint: Checkpoint,
    format: str,
    path: str | Path,
    *,
    overwrite: bool = False,
    **options: Any,
) -> None:
    """Write a model in the format of another program; it appears whole or not at all.

    Args:
        checkpoint: the model.
        format: one of `FORMATS`.
        path: a file to write, or the folder to make.
        overwrite: whether what is there may be replaced.
        options: of the format's own.

    Raises:
        ExportError: if the format cannot hold the model, or the name does not fit the format.
        MissingLibraryError: if writing it needs one.
        SettingError: if there is no such format, or it has no such option.
        StorageError: if there is something already, or it cannot be written.
    """
    path, found = Path(path), FORMATS.get(format)
    check("format", format, found is not None, f"one of {', '.join(FORMATS)}")
    if odd := sorted(set(options) - set(FORMATS[format].options)):
        raise SettingError(f"The format {format} has no option {shorten(odd[0])}.")
    check_target(path, FORMATS[format], overwrite)
    FORMATS[format].module.write(checkpoint, path, **options)


def check_target(path: Path, format: Format, overwrite: bool) -> None:
    """Refuse a place that an export cannot take, or may not.

    Raises:
        ExportError: if the name does not fit the format.
        StorageError: if there is something that is not to be replaced.
    """
    is_there, is_folder = os.path.exists(path), os.path.isdir(path)
    if format.suffix and is_folder:
        raise StorageError(f"{path} is a folder; give the path of a {format.suffix} file.")
    is_device = is_there and not is_folder and not os.path.isfile(path)
    if format.suffix and path.suffix != format.suffix and not is_device:
        raise ExportError(
            f"{path} must end in {format.suffix}, so that other programs take it for what it is."
        )
    if format.is_folder and is_there and not is_folder:
        raise StorageError(f"{path} is a file; {format.name} needs a folder to make.")
    entries = {each.name for each in path.iterdir()} if is_folder else set()
    if is_folder and not entries:
        return
    if is_there and not is_device and not overwrite:
        raise StorageError(
            f"{path} exists already; choose another path, or replace it with --overwrite."
        )
    if is_folder and (odd := sorted(entries - set(format.entries))):
        raise StorageError(
            f"{path} holds {odd[0]}, which is no part of an export, and replacing the folder "
            "would remove it; choose another path."
        )


def left_to_caller(checkpoint: Checkpoint) -> list[str]:
    """Return what the caller of a bare network has to do for itself, beside looking up ids."""
    tokenizer = checkpoint.tokenizer
    preparation, duties = tokenizer.preparation, []
    if preparation.newlines == "unix":
        duties.append("line ends of a prompt to line feeds")
    if preparation.normalize is not None:
        duties.append(f"a prompt to {preparation.normalize}")
    if preparation.lowercase:
        duties.append("a prompt to lower case")
    if tokenizer.unknown is not None:
        duties.append("unknown characters to U+FFFD, which is never written")
    if tokenizer.boundary_id is not None:
        duties.append(
            f"a state of zeros before each document, which begins with the id "
            f"{tokenizer.boundary_id} and ends before the next one"
        )
    return duties
