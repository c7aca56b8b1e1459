"""chargen info: describe a model."""

from typing import Any

import click

from chargen.cli.help import Command
from chargen.cli.options import json_option, model_option
from chargen.cli.texts import put_json


@click.command(cls=Command, examples=("chargen info -m novel", "chargen info -m bundled --json"))
@model_option
@json_option
def info(model: str | None, as_json: bool) -> None:
    """Describe a model: its network, vocabulary, losses and corpus."""
    from chargen.checkpoint import Checkpoint
    from chargen.config import PreparationConfig
    from chargen.storage.runs import find_checkpoint
    from chargen.text.characters import enumerate_some
    from chargen.text.vocabulary import BOUNDARY

    path = find_checkpoint(model)
    checkpoint = Checkpoint.load(path)
    weights = sum(array.size for array in checkpoint.weights.values())
    if as_json:
        facts: dict[str, Any] = {
            "path": str(path),
            "weights": weights,
            "bytes": 4 * weights,
            "config": checkpoint.config.to_json(),
            "vocabulary": checkpoint.vocabulary.idx2char,
            "start": checkpoint.start,
            "origin": dict(checkpoint.origin),
            "preparation": checkpoint.preparation.to_json(),
            "labels": dict(checkpoint.labels),
        }
        put_json(facts)
        return
    config, origin = checkpoint.config, checkpoint.origin
    characters, documents = origin.get("characters") or 0, origin.get("documents") or 1
    known = checkpoint.vocabulary.idx2char.replace(BOUNDARY, "")
    lines = {
        "checkpoint": str(path),
        "network": f"embedding {config.embedding_dim} → {config.cell} "
        f"{' → '.join(map(str, config.units))} → dense {config.vocab_size}",
        "size": f"{weights:,} weights, {4 * weights / 1e6:.1f} MB",
        "vocabulary": f"{len(known)} characters: {_shown(known)}",
        "corpus": f"{origin.get('corpus', 'unknown')}, {characters:,} characters"
        + (f" in {documents:,} documents" if documents > 1 else ""),
        "trained": f"{origin.get('step') or 0:,} steps",
        "loss": _losses(origin),
    }
    if checkpoint.labels:
        counts = [f"{name} {count:,}" for name, count in checkpoint.labels.items()]
        lines["labels"] = enumerate_some(counts, most=20)
    usual = PreparationConfig().to_json()
    if done := {k: v for k, v in checkpoint.preparation.to_json().items() if v != usual[k]}:
        lines["prepared"] = ", ".join(f"{name} {value}" for name, value in done.items())
    for name, value in lines.items():
        click.echo(f"{name:<11} {value}")


def _shown(characters: str) -> str:
    """Return the first 120 characters on one line, with escapes for what does not print."""
    shown = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in characters[:120])
    return shown + (" …" if len(characters) > 120 else "")


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
