"""chargen sample: write in the style of a trained model."""

import sys
from typing import Any

import click

from chargen.cli.options import setting_options
from chargen.config import SamplingConfig


@click.command()
@click.argument("prompt", default="")
@click.option(
    "-c",
    "--checkpoint",
    help="A run's name or folder, or a file.  [default: the newest run, else the bundled model]",
)
@setting_options(SamplingConfig, short={"length": "n", "temperature": "t", "seed": "s"})
@click.option(
    "--engine",
    type=click.Choice(["numpy", "keras"]),
    default="numpy",
    show_default=True,
    help="What computes; keras is the slow reference.",
)
def sample(prompt: str, checkpoint: str | None, engine: Any, **settings: Any) -> None:
    """Write what might follow PROMPT, the prompt first, on standard output."""
    from chargen.language_model import load

    model = load(checkpoint, engine=engine)
    given = {key: value for key, value in settings.items() if value is not None}
    pieces = model.stream(prompt, **given)
    # Bytes, so that neither the locale nor the platform's line endings change the text.
    output = sys.stdout.buffer
    output.write(prompt.encode())
    for piece in pieces:
        output.write(piece.encode())
        output.flush()
    output.write(b"\n")
    output.flush()
