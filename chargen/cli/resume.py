"""chargen resume: go on with a run that was interrupted."""

import click

from chargen.cli.options import cache_option
from chargen.cli.texts import reading_bar
from chargen.cli.train import tell_saved


@click.command()
@click.argument("run")
@click.option("--corpus", multiple=True, help="Where the text is now, if it was moved.")
@cache_option
def resume(run: str, corpus: tuple[str, ...], cache: str | None) -> None:
    """Go on with RUN, a name under checkpoints/ or a folder, to where it would have ended."""
    from chargen import api
    from chargen.storage.runs import run_folder

    with reading_bar() as progress:
        api.resume(run, corpus=corpus or None, cache=cache, progress=progress)
    tell_saved(run_folder(run))
