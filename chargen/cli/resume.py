"""chargen resume: continue a run that was interrupted, or has finished."""

from functools import partial
from typing import Any

import click

from chargen.cli import options
from chargen.cli.help import command
from chargen.cli.texts import reading_bar
from chargen.cli.train import tell_saved
from chargen.config import ClusterConfig, TrainingConfig
from chargen.config.base import given

_longer = partial(options.one_setting, TrainingConfig)


@command(
    "chargen resume novel",
    "chargen resume novel --minutes 10",
    "chargen resume novel --corpus texts/novel.txt",
)
@click.argument("run", shell_complete=options.complete_run)
@options.option(
    "--corpus",
    multiple=True,
    metavar="FILE",
    group="Corpus",
    help="File or folder where the text is now, if it was moved. May be repeated.",
)
@options.cache
@_longer("minutes", "Minutes that a finished run goes on for, from its last weights.")
@_longer("epochs", "Passes over the training part that a finished run goes on for.")
@options.settings(ClusterConfig)
def resume(
    run: str,
    corpus: tuple[str, ...],
    cache: str | None,
    minutes: float | None,
    epochs: int | None,
    **workers: Any,
) -> None:
    """Continue an interrupted run, or train a finished one longer.

    RUN is a name under checkpoints/, or a folder. An interrupted run ends with the weights that it
    would have reached without the interruption. A finished one goes on for --minutes or --epochs,
    with a learning rate that rises and falls anew; its best weights so far are kept.
    """
    from chargen import api
    from chargen.storage.runs import named_run
    from chargen.training.cluster.together import leads

    workers = given(workers)
    folder = named_run(run) if leads(workers) else None
    with reading_bar() as progress:
        api.resume(
            run,
            minutes=minutes,
            epochs=epochs,
            corpus=corpus or None,
            cache=cache,
            progress=progress,
            **workers,
        )
    if folder is not None:
        tell_saved(folder)
