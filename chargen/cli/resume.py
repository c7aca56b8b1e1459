"""chargen resume: go on with a run that was interrupted."""

import click


@click.command()
@click.argument("run")
@click.option("--corpus", help="Where the text is now, if it was moved.")
def resume(run: str, corpus: str | None) -> None:
    """Go on with RUN, a name under checkpoints/ or a folder, to where it would have ended."""
    from chargen import api

    api.resume(run, corpus=corpus)
    click.echo(f'Saved in {api.run_folder(run)}. Now: chargen sample "a prompt"', err=True)
