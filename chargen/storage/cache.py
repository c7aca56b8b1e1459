"""Where files are kept that save work the next time; any can be deleted at any time."""

import os
from pathlib import Path

FOLDER_VARIABLE = "CHARGEN_CACHE"


def cache_folder(folder: str | Path | None = None) -> Path:
    """Return where to cache: `folder`, else $CHARGEN_CACHE, else the system's cache folder."""
    if folder is not None or (folder := os.environ.get(FOLDER_VARIABLE)):
        return Path(folder)
    from platformdirs import user_cache_path

    return user_cache_path("chargen", appauthor=False)
