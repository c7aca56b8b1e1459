"""chargen train: learn the style of a text file."""

import shlex
from pathlib import Path
from typing import Any

import click

from chargen.cli.options import cache_option, setting_options
from chargen.cli.texts import reading_bar
from chargen.config import ModelConfig, PreparationConfig, ReadingConfig, TrainingConfig
from chargen.config.base import given


@click.command()
@click.argument("corpus", nargs=-1, required=True, metavar="CORPUS...")
@click.option("--name", help="Name of the run under checkpoints/, or a path; else the file's.")
@cache_option
@click.option("--from", "base", metavar="CHECKPOINT", help="A trained model to go on from.")
@click.option(
    "--vocabulary",
    type=click.Choice(["grow", "keep"]),
    default="grow",
    show_default=True,
    help="With --from, whether characters that it never saw are added to those it knows.",
)
@click.option("--overwrite", is_flag=True, help="Replace a run of that name.")
@click.option("--resume", is_flag=True, help="Go on with the run of that name.")
@setting_options(
    TrainingConfig, ModelConfig, ReadingConfig, PreparationConfig, short={"minutes": "m"}
)
def train(
    corpus: tuple[str, ...],
    name: str | None,
    cache: str | None,
    base: str | None,
    vocabulary: Any,
    overwrite: bool,
    resume: bool,
    **settings: Any,
) -> None:
    """Learn the style of CORPUS: text files, folders of them, or - for standard input.

    Files may be compressed (.gz, .bz2, .xz, .zst). Several are as many documents.

    The best weights are kept in checkpoints/NAME, with all that is needed to go on after an
    interrupt: chargen resume NAME.
    """
    from chargen import api
    from chargen.corpus.sources import run_name
    from chargen.storage.runs import run_folder

    settings = given(settings)
    if resume and overwrite:
        raise click.UsageError(
            "--resume goes on with a run and --overwrite replaces it: choose one."
        )
    if resume and base is not None:
        raise click.UsageError("--resume goes on with a run; --from starts a new one: choose one.")
    name = name if name is not None else run_name(corpus)
    with reading_bar() as progress:
        reading: dict[str, Any] = {"cache": cache, "progress": progress}
        if resume:
            api.resume(run_folder(name), corpus=corpus, **reading, **settings)
        else:
            api.train(
                corpus,
                name=name,
                overwrite=overwrite,
                base=base,
                vocabulary=vocabulary,
                **reading,
                **settings,
            )
    tell_saved(run_folder(name))


def tell_saved(folder: Path) -> None:
    """Say where the run is, and how to write with it."""
    from chargen.storage.runs import MODEL_FILE, find_checkpoint

    is_found = find_checkpoint() == folder / MODEL_FILE  # without being named
    named = "" if is_found else f"-c {shlex.quote(str(folder))} "
    click.echo(f'Saved in {folder}. Now: chargen sample {named}"a prompt"', err=True)
