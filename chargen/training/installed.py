"""Whether TensorFlow is there. All but training works without."""

import importlib.util

from chargen.errors import MissingLibraryError


def check_tensorflow() -> None:
    """Check that TensorFlow is installed, without importing it.

    Raises:
        MissingLibraryError: if it is not; the message says what to install.
    """
    try:
        found = importlib.util.find_spec("tensorflow")
    except ValueError:  # it is hidden from this process
        found = None
    if found is None:
        raise MissingLibraryError(
            "Training, --adapt and --engine keras need TensorFlow, which is not installed: "
            "pip install 'chargen[train]'."
        )
