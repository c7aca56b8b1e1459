"""Commands for the user to copy, as they work when they are pasted into a shell."""

import os
import shlex
import shutil
import sys
from pathlib import Path


def command(*words: str | Path) -> str:
    """Return a command line of chargen, quoted, and begun as the user began this one.

    A path among the words is written so that it is taken for a path, and not for a name or option.
    """
    return " ".join([_program(), *map(_quoted, words)])


def _quoted(word: str | Path) -> str:
    if isinstance(word, Path) and (len(word.parts) < 2 or str(word).startswith("-")):
        return shlex.quote(f"{os.curdir}{os.sep}{word}")
    return shlex.quote(str(word))


def _program() -> str:
    """Return how chargen was called; "chargen" where that is on the path, or in other programs."""
    called = Path(sys.argv[0])
    if called.name == "__main__.py" and called.parent.name == "chargen":  # python -m chargen
        found = shutil.which("python")
        is_this = found is not None and os.path.realpath(found) == os.path.realpath(sys.executable)
        return f"{'python' if is_this else shlex.quote(sys.executable)} -m chargen"
    found = shutil.which("chargen")
    is_other = found is None or os.path.realpath(found) != os.path.realpath(called)
    return shlex.quote(str(called)) if called.stem == "chargen" and is_other else "chargen"
