"""chargen evaluate: measure how well a model predicts a text."""

from pathlib import Path
from typing import Any

import click

from chargen.cli import options
from chargen.cli.help import command
from chargen.cli.models import load_model
from chargen.cli.terminal import say
from chargen.cli.texts import progress_bar, put_json, read_text


@command("chargen evaluate other.txt -m novel", "chargen evaluate other.txt --unknown skip --json")
@click.argument("text", type=click.Path(path_type=Path, allow_dash=True, readable=False))
@options.model
@options.verbose
@options.label
@options.encoding("the text")
@options.unknown("error")
@options.option(
    "--adapt",
    is_flag=True,
    help="Also measure the loss while the model goes on learning from the text (slow).",
)
@options.json
def evaluate(
    text: Path,
    model: str | None,
    verbose: bool,
    label: str | None,
    encoding: str,
    unknown: Any,
    adapt: bool,
    as_json: bool,
) -> None:
    """Measure how well a model predicts a text.

    TEXT is a file, or - for standard input. Every character but the first is predicted from those
    before it, in two ways. Carried: the state flows through the whole text. Windowed: each window
    of 256 characters starts from a zero state. With --adapt there is a third way, dynamic
    evaluation: the model predicts 20 characters, then learns from them, and so on. The model's
    file is never changed.
    """
    from chargen.generation.log_probs import bits, perplexity

    loaded = load_model(model, verbose=verbose)
    loaded.checkpoint.label_ids(label)  # told before anything is read
    prepared = loaded.checkpoint.tokenizer.prepare_prompt(read_text(text, encoding), unknown)
    for note in prepared.notes:
        say(note)
    with progress_bar((3 if adapt else 2) * (len(prepared.text) - 1)) as progress:
        result = loaded.evaluate(prepared, label=label, adapt=adapt, progress=progress)
    if as_json:
        put_json(result.to_json())
        return
    click.echo(f"{result.characters:,} characters predicted")
    click.echo(f"{'':<9}{'nats/char':>10}{'bits/char':>11}{'perplexity':>12}")
    for name in ("carried", "windowed", "adapted"):
        if (loss := getattr(result, name)) is not None:
            click.echo(f"{name:<9}{loss:>10.4f}{bits(loss):>11.4f}{perplexity(loss):>12.4f}")
