"""chargen info: what a checkpoint is."""

from typing import TYPE_CHECKING, Any

import click

from chargen.cli.texts import put_json

if TYPE_CHECKING:
    from chargen.checkpoint import Origin


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
    from chargen.text.characters import enumerate_some
    from chargen.text.vocabulary import BOUNDARY

    path = find_checkpoint(checkpoint)
    model = Checkpoint.load(path)
    tokenizer = model.tokenizer
    weights = sum(array.size for array in model.weights.values())
    if as_json:
        facts: dict[str, Any] = {
            "path": str(path),
            "weights": weights,
            "bytes": 4 * weights,
            "config": model.config.to_json(),
            "vocabulary": tokenizer.vocabulary.idx2char,
            "start": tokenizer.start,
            "origin": model.origin.to_json(),
            "preparation": tokenizer.preparation.to_json(),
            "labels": dict(model.labels),
        }
        put_json(facts)
        return
    config, origin = model.config, model.origin
    characters, documents = origin.characters or 0, origin.documents or 1
    known = tokenizer.vocabulary.idx2char.replace(BOUNDARY, "")
    lines = {
        "checkpoint": str(path),
        "network": f"embedding {config.embedding_dim} → {config.cell} "
        f"{' → '.join(map(str, config.units))} → dense {config.vocab_size}",
        "size": f"{weights:,} weights, {4 * weights / 1e6:.1f} MB",
        "vocabulary": f"{len(known)} characters: {_shown(known)}",
        "corpus": f"{origin.corpus or 'unknown'}, {characters:,} characters"
        + (f" in {documents:,} documents" if documents > 1 else ""),
        "trained": f"{origin.step or 0:,} steps",
        "loss": _losses(origin),
    }
    if model.labels:
        counts = [f"{name} {count:,}" for name, count in model.labels.items()]
        lines["labels"] = enumerate_some(counts, most=20)
    usual = PreparationConfig().to_json()
    if done := {k: v for k, v in tokenizer.preparation.to_json().items() if v != usual[k]}:
        lines["prepared"] = ", ".join(f"{name} {value}" for name, value in done.items())
    for name, value in lines.items():
        click.echo(f"{name:<11} {value}")


def _shown(characters: str) -> str:
    """The characters on one line, what does not print as an escape; the first 120 of many."""
    shown = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in characters[:120])
    return shown + (" …" if len(characters) > 120 else "")


def _losses(origin: "Origin") -> str:
    losses = {
        "in training": origin.loss,
        "held out, carried": origin.carried,
        "held out, windowed": origin.windowed,
    }
    parts = [f"{loss:.4f} {name}" for name, loss in losses.items() if loss is not None]
    return (", ".join(parts) + " (nats per character)") if parts else "not measured"
