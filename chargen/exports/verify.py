"""Check an exported model: that it was not changed, and that its own program computes the same."""

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from chargen.config.arguments import check_arguments
from chargen.errors import ExportError
from chargen.exports.document import check_arrays, label_names
from chargen.exports.formats import format_of
from chargen.exports.vectors import TOLERANCE, Difference, compare
from chargen.wording import about


@dataclass(frozen=True)
class Verification:
    """What running an export showed.

    Args:
        path: of the export.
        format: of it.
        runtime: the program that ran it.
        characters: how long the text was.
        difference: the largest of its logits, and of the state after it, from chargen's own.
    """

    path: Path
    format: str
    runtime: str
    characters: int
    difference: Difference


@check_arguments
def verify(path: str | Path) -> Verification:
    """Load an exported model in its own program, and run the test vectors that it carries.

    No code of the file's own is run: a script that is not as chargen writes it is refused.

    Args:
        path: a file or folder that `chargen export` wrote.

    Raises:
        ExportError: if it is none, was changed, or computes something else; the message names what.
        MissingLibraryError: if its program is not installed.
    """
    path = Path(path)
    format = format_of(path)
    if os.path.isfile(path) and not os.access(path, os.R_OK):
        raise ExportError(f"{path} cannot be read: permission denied.")
    loaded = format.module.load(path)
    check_arrays(loaded.document, loaded.arrays, path)
    vectors = loaded.document["vectors"]
    labels = label_names(loaded.document)
    label = labels.index(vectors["label"]) if labels else None
    ids = np.array(vectors["ids"], np.int32)
    try:
        difference = compare(vectors, *loaded.run(ids, label))
    except Exception as error:  # of whatever its program is
        reason = " ".join(str(error).split()) or type(error).__name__
        raise ExportError(
            f"{path} does not give logits and states as it did when it was written: {reason}."
        ) from None
    if not difference.is_small:
        raise ExportError(
            f"{path} computes something else in {loaded.runtime}: its logits differ by up to "
            f"{about(difference.logits)} and its state by up to {about(difference.state)}; up to "
            f"{TOLERANCE} is rounding."
        )
    return Verification(path, format.name, loaded.runtime, len(ids), difference)
