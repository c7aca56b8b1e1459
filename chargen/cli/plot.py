"""chargen plot: the loss curves of runs."""

from pathlib import Path

import click

from chargen.cli.options import output_file


@click.command()
@click.argument("runs", nargs=-1, required=True, metavar="RUN...")
@click.option(
    "-o",
    "--output",
    type=output_file,
    default="curves.svg",
    show_default=True,
    help="Where to draw; the ending says how: .svg, .png or .pdf.",
)
def plot(runs: tuple[str, ...], output: Path) -> None:
    """Draw how the losses of one run went, or compare several.

    RUN is a name under checkpoints/, or a folder.
    """
    from chargen.errors import RunError
    from chargen.storage.atomic import write_atomically
    from chargen.storage.runs import run_folder
    from chargen.training.history import draw_curves, read_history

    kind = output.suffix.removeprefix(".")
    if kind not in ("svg", "png", "pdf"):
        raise click.UsageError(f"--output must end in .svg, .png or .pdf; received {output}.")
    histories = {run: read_history(run_folder(run)) for run in runs}
    try:
        picture = draw_curves(histories, kind)
    except ImportError:
        raise RunError("Drawing needs matplotlib: pip install 'chargen[plot]'.") from None
    write_atomically(output, picture)
    click.echo(f"Drawn in {output}.", err=True)
