"""chargen plot: draw the loss curves of runs."""

from pathlib import Path

import click

from chargen.cli import options
from chargen.cli.help import command
from chargen.cli.terminal import say


@command("chargen plot novel", "chargen plot novel letters -o curves.svg")
@click.argument(
    "runs", nargs=-1, required=True, metavar="RUN...", shell_complete=options.complete_run
)
@options.option(
    "-o",
    "--output",
    type=options.output_file,
    metavar="FILE",
    default="curves.svg",
    help="File to draw in, an SVG picture, which every browser shows.",
)
def plot(runs: tuple[str, ...], output: Path) -> None:
    """Draw the loss curves of runs.

    RUN is a name under checkpoints/, or a folder. Of a single run, all its losses are drawn; of
    several, the carried held-out losses.
    """
    from chargen.errors import RunError
    from chargen.storage.atomic import write_atomically
    from chargen.storage.runs import named_run
    from chargen.training.curves import draw_curves
    from chargen.training.history import read_history

    if output.suffix != ".svg":
        raise click.UsageError(
            f"--output must end in .svg, which a browser can print as PDF; received {output}."
        )
    histories = {run: read_history(named_run(run)) for run in runs}
    for run in [run for run, rows in histories.items() if not rows]:
        del histories[run]
        say(f"{run} has no evaluation yet, and is left out.")
    if not histories:
        raise RunError("No run has an evaluation yet, so there is nothing to draw.")
    write_atomically(output, draw_curves(histories))
    say(f"Drawn in {output}.")
