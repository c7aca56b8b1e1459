"""What a model's file says of how it was made: when, on what machine, by which command.

A model may be given away, so nothing here names a host, a user or a folder that leads outside the
one in which the command was given.
"""

import platform
import re
import shlex
import sys
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import numpy as np

import chargen
from chargen.checkpoint import Origin
from chargen.config import TrainingConfig
from chargen.config.presets import available_cores
from chargen.corpus.corpus import Corpus
from chargen.training.backend import keras, on_gpu, tf
from chargen.wording import count

_MAX_COMMAND = 1000  # characters
# The folders of a path that begins at a root or in a home, or goes up; the path may be a whole
# word, or what stands behind an equals sign.
_OUTSIDE = re.compile(
    r"(?<![^=])(?:~|/|\\\\|[A-Za-z]:[\\/]|(?:[^=]*[\\/])?\.\.[\\/])(?:.*[\\/])?(?=[^\\/])"
)


def origin(
    corpus: Corpus,
    config: TrainingConfig,
    *,
    base: str | None,
    step: int,
    command: str | None,
    seconds: float,
) -> Origin:
    """Return where a network comes from.

    Args:
        corpus: what it learns.
        config: how.
        base: the model that it goes on from, as the caller named it; None for none.
        step: how many steps it has learned.
        command: the command line that began the run, if there was one.
        seconds: how long it has learned.
    """
    return Origin(
        corpus=corpus.name,
        characters=corpus.characters,
        documents=corpus.documents,
        sha256=corpus.sha256,
        base=base and without_folders(base),
        step=step,
        training=config.to_json(),
        command=command,
        date=now(),
        seconds=seconds,
        machine=machine(),
        version=chargen.__version__,
        software=software(),
    )


def now() -> str:
    """Return the date and time in UTC, in ISO 8601, such as "2026-01-31T12:34:56Z"."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@cache
def software() -> dict[str, str]:
    """Return the versions of Python and of the libraries that training uses, by name."""
    return {
        "python": platform.python_version(),
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
        "numpy": np.__version__,
    }


@cache
def machine() -> str:
    """Return the processor, its cores and the system, such as "AMD EPYC, 2 cores, Linux x86_64"."""
    gpu = " and a GPU" if on_gpu() else ""
    cores = count(available_cores(), "core")
    return f"{_processor()}, {cores}{gpu}, {platform.system()} {platform.machine()}"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(errors="replace").splitlines()
        return next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration, IndexError):  # another system, or another kind of processor
        return platform.processor() or "unknown processor"


def command() -> str | None:
    """Return the command line that this process was started with; None if it is not chargen's."""
    path = Path(sys.argv[0])
    name = path.parent.name if path.name == "__main__.py" else path.stem
    if name != "chargen":
        return None
    return shlex.join(["chargen", *map(without_folders, sys.argv[1:])])[:_MAX_COMMAND]


def without_folders(word: str) -> str:
    """Return a word of a command line, with only the last part of a path that leads outside."""
    return _OUTSIDE.sub("", word)
