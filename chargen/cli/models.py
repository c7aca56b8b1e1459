"""The model that a command works with: which it is, and whether it has learned anything yet."""

import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chargen.cli.terminal import is_terminal, say
from chargen.shell import quoted

if TYPE_CHECKING:
    from chargen.config import SamplingConfig
    from chargen.language_model import LanguageModel

# A loss above this share of the blind guess's is about that of knowing how frequent characters are
# (0.8 for English); a text that is hardly predictable, such as DNA, is learned in so many steps.
_HARDLY, _ENOUGH_STEPS = 0.7, 1000
_FEW_STEPS = 200  # of a model that was never measured


def load_model(
    name: str | Path | None, *, verbose: bool, engine: Any = "numpy", threads: int | None = None
) -> "LanguageModel":
    """Load the model that a command's -m names; say which it is, at a terminal or if `verbose`.

    A warning says if it has hardly learned.

    Raises:
        CheckpointError: as `chargen.load` does.
    """
    from chargen.language_model import load
    from chargen.storage.runs import find_checkpoint, model_name

    path = find_checkpoint(name)
    model = load(path, engine=engine, threads=threads)
    if verbose or is_terminal(sys.stderr):
        say(f"Model: {describe_model(path, model)}")
    if is_new := _hardly_learned(model):
        shown = model_name(path)
        say(f"Warning: the model {shown} has hardly learned: {is_new}. {_way_out(path)}")
    return model


def describe_model(path: Path, model: "LanguageModel", label: str | None = None) -> str:
    """Return the name of a model that was loaded from `path`, and what is known of it."""
    from chargen.storage.runs import model_name

    used = "" if label is None else f", with the label {label}"
    return f"{model_name(path)}{_facts(model)}{used}"


def tell_unwritable(model: "LanguageModel", config: "SamplingConfig") -> None:
    """Say which of the texts to stop at the model cannot write."""
    from chargen.generation.stopping import unwritable_stops

    for note in unwritable_stops(config, model.checkpoint.tokenizer):
        say(note)


def _facts(model: "LanguageModel") -> str:
    """Return what is known of a model, in brackets; empty if nothing is."""
    origin, loss = model.origin, model.origin.known_loss
    facts = [f"learned from {origin.corpus}"] if origin.corpus else []
    facts += [f"{origin.step:,} steps"] if origin.step is not None else []
    facts += [f"loss {loss:.2f}"] if loss is not None else []
    return f" ({', '.join(facts)})" if facts else ""


def _hardly_learned(model: "LanguageModel") -> str:
    """Return what shows that a model has hardly learned; empty if nothing does."""
    origin, loss = model.origin, model.origin.known_loss
    if origin.step is None or origin.characters is None or origin.step >= _ENOUGH_STEPS:
        return ""
    blind = math.log(model.config.vocab_size)
    if loss is None:
        return f"it was stopped at step {origin.step:,}" if origin.step < _FEW_STEPS else ""
    if loss <= _HARDLY * blind:
        return ""
    return f"its loss after {origin.step:,} steps is {loss:.2f}, a blind guess's {blind:.2f}"


def _way_out(path: Path) -> str:
    from chargen.storage.runs import RESUME_FILE, model_name

    folder = path if path.is_dir() else path.parent
    if (folder / RESUME_FILE).exists():
        return f"Train it on with: chargen resume {quoted(model_name(folder))}"
    return "Choose another one with -m, or train it for longer."
