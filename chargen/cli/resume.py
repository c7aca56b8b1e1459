"""chargen resume: continue a run that was interrupted."""

import click

from chargen.cli import options
from chargen.cli.help import command
from chargen.cli.texts import reading_bar
from chargen.cli.train import tell_saved


@command("chargen resume novel", "chargen resume novel --corpus texts/novel.txt")
@click.argument("run", shell_complete=options.complete_run)
@options.option(
    "--corpus",
    multiple=True,
    metavar="FILE",
    group="Corpus",
    help="File or folder where the text is now, if it was moved. May be repeated.",
)
@options.cache
def resume(run: str, corpus: tuple[str, ...], cache: str | None) -> None:
    """Continue a run that was interrupted.

    RUN is a name under checkpoints/, or a folder. The run ends with the weights that it would have
    reached without the interruption.
    """
    from chargen import api
    from chargen.storage.runs import named_run

    folder = named_run(run)
    with reading_bar() as progress:
        api.resume(run, corpus=corpus or None, cache=cache, progress=progress)
    tell_saved(folder)
