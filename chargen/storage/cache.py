"""Where files are kept that save work the next time, and that can be deleted at any time."""

import os
from pathlib import Path

FOLDER_VARIABLE = "CHARGEN_CACHE"


def cache_folder(folder: str | Path | None = None) -> Path:
    """Where long corpora are kept: `folder`, else what $CHARGEN_CACHE says, else the system's."""
    if folder is not None or (folder := os.environ.get(FOLDER_VARIABLE)):
        return Path(folder)
    from platformdirs import user_cache_path

    return user_cache_path("chargen", appauthor=False)
