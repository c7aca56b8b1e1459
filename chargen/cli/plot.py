"""chargen plot: draw the loss curves of runs."""

from pathlib import Path

import click

from chargen.cli import options
from chargen.cli.help import command
from chargen.cli.terminal import say


@command("chargen plot novel", "chargen plot novel letters -o curves.png")
@click.argument(
    "runs", nargs=-1, required=True, metavar="RUN...", shell_complete=options.complete_run
)
@options.option(
    "-o",
    "--output",
    type=options.output_file,
    metavar="FILE",
    default="curves.svg",
    help="File to draw in; its name ends in .svg, .png or .pdf.",
)
def plot(runs: tuple[str, ...], output: Path) -> None:
    """Draw the loss curves of runs.

    RUN is a name under checkpoints/, or a folder.
    """
    from chargen.errors import RunError
    from chargen.storage.atomic import write_atomically
    from chargen.storage.runs import named_run
    from chargen.training.history import draw_curves, read_history

    kind = output.suffix.removeprefix(".")
    if kind not in ("svg", "png", "pdf"):
        raise click.UsageError(f"--output must end in .svg, .png or .pdf; received {output}.")
    histories = {run: read_history(named_run(run)) for run in runs}
    try:
        picture = draw_curves(histories, kind)
    except ImportError:
        raise RunError("Drawing needs matplotlib: pip install 'chargen[plot]'.") from None
    write_atomically(output, picture)
    say(f"Drawn in {output}.")
