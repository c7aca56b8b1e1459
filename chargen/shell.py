"""Commands for the user to copy, as they work when they are pasted into a shell."""

import os
import re
import shlex
import shutil
import sys
from pathlib import Path

_ON_WINDOWS = os.name == "nt"
_PLAIN = r"[\w.,:=+/\\-]+"  # what Windows's shells take as it is


def quoted(word: str) -> str:
    """Return a text as one word of a shell; on Windows in double quotes, which both shells know."""
    if not _ON_WINDOWS:
        return shlex.quote(word)
    return word if re.fullmatch(_PLAIN, word) else '"' + word.replace('"', r"\"") + '"'


def command(*words: str | Path) -> str:
    """Return a command line of chargen, quoted, and begun as the user began this one.

    A path among the words is written so that it is taken for a path, and not for a name or option.
    """
    return " ".join([_program(), *map(_argument, words)])


def _argument(word: str | Path) -> str:
    if isinstance(word, Path) and (len(word.parts) < 2 or str(word).startswith("-")):
        return quoted(f"{os.curdir}{os.sep}{word}")
    return quoted(str(word))


def _program() -> str:
    """Return how chargen was called; "chargen" where that is on the path, or in other programs."""
    called = Path(sys.argv[0])
    if called.name == "__main__.py" and called.parent.name == "chargen":  # python -m chargen
        found = shutil.which("python")
        is_this = found is not None and os.path.realpath(found) == os.path.realpath(sys.executable)
        return f"{'python' if is_this else quoted(sys.executable)} -m chargen"
    found = shutil.which("chargen")
    is_other = found is None or os.path.realpath(found) != os.path.realpath(called)
    return quoted(str(called)) if called.stem == "chargen" and is_other else "chargen"
