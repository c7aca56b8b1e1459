"""chargen info: what a checkpoint is."""

from typing import Any

import click

from chargen.cli.texts import put_json

_MAX_SHOWN = 120  # characters of the vocabulary


@click.command()
@click.argument("checkpoint", required=False)
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
def info(checkpoint: str | None, as_json: bool) -> None:
    """Say what CHECKPOINT is: its network, vocabulary, losses and corpus.

    CHECKPOINT is a run's name or folder, or a file; without it, what `chargen sample` would use.
    """
    from chargen.checkpoint import Checkpoint
    from chargen.config import PreparationConfig
    from chargen.storage.runs import find_checkpoint
    from chargen.text.characters import enumerate_some, escape_hidden
    from chargen.text.vocabulary import BOUNDARY

    path = find_checkpoint(checkpoint)
    model = Checkpoint.load(path)
    weights = sum(array.size for array in model.weights.values())
    if as_json:
        facts: dict[str, Any] = {
            "path": str(path),
            "weights": weights,
            "bytes": 4 * weights,
            "config": model.config.to_json(),
            "vocabulary": model.vocabulary.idx2char,
            "start": model.start,
            "origin": dict(model.origin),
            "preparation": model.preparation.to_json(),
            "labels": dict(model.labels),
        }
        put_json(facts)
        return
    config, origin = model.config, model.origin
    characters, documents = origin.get("characters") or 0, origin.get("documents") or 1
    known = model.vocabulary.idx2char.replace(BOUNDARY, "")
    lines = {
        "checkpoint": str(path),
        "network": config.describe(),
        "size": f"{weights:,} weights, {4 * weights / 1e6:.1f} MB",
        "vocabulary": f"{len(known)} characters: {escape_hidden(known[:_MAX_SHOWN])}"
        + (" …" if len(known) > _MAX_SHOWN else ""),
        "corpus": f"{origin.get('corpus', 'unknown')}, {characters:,} characters"
        + (f" in {documents:,} documents" if documents > 1 else ""),
        "trained": f"{origin.get('step') or 0:,} steps",
        "loss": _losses(origin),
    }
    if model.labels:
        counts = [f"{name} {count:,}" for name, count in model.labels.items()]
        lines["labels"] = enumerate_some(counts, max_names=20)
    usual = PreparationConfig().to_json()
    if done := {k: v for k, v in model.preparation.to_json().items() if v != usual[k]}:
        lines["prepared"] = ", ".join(f"{name} {value}" for name, value in done.items())
    for name, value in lines.items():
        click.echo(f"{name:<11} {value}")


def _losses(origin: Any) -> str:
    parts = [
        f"{origin[key]:.4f} {name}"
        for key, name in (
            ("loss", "in training"),
            ("carried", "held out, carried"),
            ("windowed", "held out, windowed"),
        )
        if origin.get(key) is not None
    ]
    return (", ".join(parts) + " (nats per character)") if parts else "not measured"
