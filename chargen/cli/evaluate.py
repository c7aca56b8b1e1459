"""chargen evaluate: how well a model predicts a text."""

import json
from pathlib import Path
from typing import Any

import click

from chargen.cli.options import label_option, unknown_option
from chargen.cli.texts import progress_bar, read_text


@click.command()
@click.argument("checkpoint")
@click.argument("text", type=click.Path(path_type=Path, allow_dash=True, readable=False))
@click.option("--encoding", default="utf-8", show_default=True, help="Encoding of the text.")
@label_option
@unknown_option
@click.option("--adapt", is_flag=True, help="Also let the model go on learning as it reads (slow).")
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
def evaluate(
    checkpoint: str,
    text: Path,
    encoding: str,
    label: str | None,
    unknown: Any,
    adapt: bool,
    as_json: bool,
) -> None:
    """Measure how well CHECKPOINT predicts TEXT, a file, or - for standard input.

    CHECKPOINT is a run's name or folder, or a file. Every character but the first is predicted
    from those before it: with the state carried through the whole text, and in windows of 256
    characters that each start from nothing. With --adapt, dynamic evaluation: each 20 characters
    are counted and then learned from. The checkpoint itself is never changed.
    """
    from chargen.generation.log_probs import bits, perplexity
    from chargen.language_model import load

    model = load(checkpoint)
    model.checkpoint.label_ids(label)  # told before anything is read
    prepared = model.checkpoint.tokenizer.prepare_prompt(read_text(text, encoding), unknown)
    for note in prepared.notes:
        click.echo(note, err=True)
    with progress_bar((3 if adapt else 2) * (len(prepared.text) - 1)) as progress:
        result = model.evaluate(prepared, label=label, adapt=adapt, progress=progress)
    if as_json:
        click.echo(json.dumps(result.to_json(), indent=2))
        return
    click.echo(f"{result.characters:,} characters predicted")
    click.echo(f"{'':<9}{'nats/char':>10}{'bits/char':>11}{'perplexity':>12}")
    for name in ("carried", "windowed", "adapted"):
        if (loss := getattr(result, name)) is not None:
            click.echo(f"{name:<9}{loss:>10.4f}{bits(loss):>11.4f}{perplexity(loss):>12.4f}")
