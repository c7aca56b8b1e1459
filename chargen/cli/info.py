"""chargen info: describe a model."""

from pathlib import Path

import click

from chargen.cli import options
from chargen.cli.help import command
from chargen.cli.terminal import say
from chargen.cli.texts import put_json, put_toml

_MAX_SHOWN = 120  # characters of the vocabulary


@command(
    "chargen info -m novel",
    "chargen info -m novel --config",
    "chargen info -m bundled --json",
)
@options.model
@options.output(
    "--config",
    "as_config",
    is_flag=True,
    help="Print the settings of its run as a file for `chargen train --config`.",
)
@options.json
def info(model: str | None, as_config: bool, as_json: bool) -> None:
    """Describe a model: its network, vocabulary, losses and corpus."""
    if as_config and as_json:
        raise click.UsageError("--config prints TOML; --json prints JSON: choose one.")
    from chargen.checkpoint import Checkpoint
    from chargen.config import PreparationConfig
    from chargen.storage.runs import BUNDLED, MODEL_FILE, find_checkpoint
    from chargen.text.characters import enumerate_some, escape_hidden
    from chargen.text.controls import escape_line
    from chargen.text.vocabulary import BOUNDARY
    from chargen.wording import about, count, duration

    path = find_checkpoint(model)
    if as_config:
        _put_settings(path)
        return
    checkpoint = Checkpoint.load(path)
    tokenizer = checkpoint.tokenizer
    weights = sum(array.size for array in checkpoint.weights.values())
    size = (path / MODEL_FILE if path.is_dir() else path).stat().st_size
    config, origin = checkpoint.config, checkpoint.origin
    preparation = tokenizer.preparation.to_json()
    if as_json:
        put_json(
            {
                "path": str(path),
                "weights": weights,
                "bytes": size,
                "config": config.to_json(),
                "vocabulary": tokenizer.vocabulary.idx2char,
                "start": tokenizer.start,
                "origin": origin.to_json(),
                "preparation": preparation,
                "document_separator": tokenizer.separator,
                "labels": dict(checkpoint.labels),
            }
        )
        return
    characters, documents = origin.characters or 0, origin.documents or 1
    known = tokenizer.vocabulary.idx2char.replace(BOUNDARY, "")
    losses = {
        "in training": origin.loss,
        "held out, carried": origin.carried,
        "held out, windowed": origin.windowed,
    }
    measured = [f"{loss:.4f} {name}" for name, loss in losses.items() if loss is not None]
    begun = origin.base
    if origin.training.get("initial_weights") == BUNDLED:
        begun = "the bundled model's weights"
    lines = {
        "checkpoint": str(path),
        "network": config.describe(),
        "size": f"{count(weights, 'weight')}, {about(size / 1e6)} MB",
        "vocabulary": f"{count(len(known), 'character')}: {escape_hidden(known[:_MAX_SHOWN])}"
        + (" …" if len(known) > _MAX_SHOWN else ""),
        "corpus": f"{origin.corpus or 'unknown'}, {count(characters, 'character')}"
        + (f" in {documents:,} documents" if documents > 1 else ""),
        "trained": count(origin.step or 0, "step") + (f", from {begun}" if begun else ""),
        "loss": f"{', '.join(measured)} (nats per character)" if measured else "not measured",
    }
    if checkpoint.labels:
        counts = [f"{name} {count:,}" for name, count in checkpoint.labels.items()]
        lines["labels"] = enumerate_some(counts, max_names=20)
    if tokenizer.separator is not None:
        lines["documents"] = f"separated by {tokenizer.separator!r}"
    usual = {**PreparationConfig().to_json(), "newlines": None}  # those are always told
    done = {name: value for name, value in preparation.items() if value != usual[name]}
    lines["prepared"] = ", ".join(f"{name} {value}" for name, value in done.items())
    if origin.seconds is not None:
        lines["duration"] = duration(origin.seconds)
    if origin.date is not None:
        lines["date"] = f"{origin.date.replace('T', ' ').replace('Z', ' UTC')}"
    if origin.version is not None:
        with_versions = [f"{name} {number}" for name, number in origin.software.items()]
        lines["version"] = ", ".join([f"chargen {origin.version}", *with_versions])
    if origin.machine is not None:
        lines["machine"] = origin.machine
    if origin.command is not None:
        lines["command"] = origin.command
    for name, value in lines.items():
        click.echo(escape_line(f"{name:<11} {value}"))


def _put_settings(path: Path) -> None:
    """Print the settings of a model's run as TOML; say so where the model does not know all."""
    from chargen.checkpoint import Checkpoint
    from chargen.config.settings_file import settings_text
    from chargen.storage.runs import RESUME_FILE, model_name
    from chargen.text.controls import escape_line
    from chargen.training.kept_settings import kept_settings

    settings = kept_settings(path)
    origin = Checkpoint.load(path).origin
    heads = [f"Settings of {model_name(path)}, which learned {origin.corpus or 'an unknown text'}."]
    if origin.base is not None:
        heads.append(f"It went on from another model: give --from {origin.base} too.")
    if settings.values.get("minutes") is not None:
        heads.append("How many steps fit into minutes depends on the machine; epochs do not.")
    if not settings.are_all:
        say(
            f"{model_name(path)} is without the {RESUME_FILE} of its run: what the model does not "
            "know of itself, such as how files were read, is left out."
        )
    put_toml(
        "".join(f"# {escape_line(head)}\n" for head in heads)
        + "\n"
        + settings_text(settings.values)
    )
