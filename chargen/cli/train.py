"""chargen train: train a model on text files."""

from functools import partial
from pathlib import Path
from typing import Any

import click

from chargen.cli import options
from chargen.cli.help import command
from chargen.cli.terminal import say
from chargen.cli.texts import reading_bar
from chargen.config import (
    ClusterConfig,
    ModelConfig,
    PreparationConfig,
    ReadingConfig,
    TrainingConfig,
)
from chargen.config.base import given

_saving_option = partial(options.option, group="Saving and output")


@command(
    "chargen train novel.txt --minutes 10",
    "chargen train poems/ --include '*.txt' --name poems",
    "chargen train letters.txt --from bundled --minutes 5",
)
@click.argument("corpus", nargs=-1, required=True, metavar="CORPUS...")
@options.settings(ReadingConfig)
@options.cache
@options.settings(PreparationConfig)
@options.option(
    "--from",
    "base",
    metavar="MODEL",
    shell_complete=options.complete_run,
    group="Model",
    help=f"Model to start from: {options.MODEL_HELP}",
)
@options.option(
    "--vocabulary",
    type=click.Choice(["grow", "keep"]),
    default="grow",
    group="Model",
    help="With --from: add characters that the model does not know to its vocabulary (grow), or "
    "keep the vocabulary as it is (keep).",
)
@options.option(
    "--config",
    type=options.settings_file,
    metavar="FILE",
    group="Training",
    help="Read settings from this TOML file, such as `chargen info --config` prints. Options have "
    "priority over it.",
)
@options.settings(ModelConfig, TrainingConfig, without=("vocab_size", "labels"))
@_saving_option(
    "--name",
    help="Name of the run under checkpoints/, or the path of its folder.  "
    "[default: the name of the corpus]",
)
@_saving_option("--overwrite", is_flag=True, help="Replace a run of the same name.")
@_saving_option("--resume", is_flag=True, help="Continue the run of the same name.")
@_saving_option(
    "--dry-run",
    is_flag=True,
    help="Take some steps to measure, say what the training would take and reach, and save "
    "nothing.",
)
@options.settings(ClusterConfig)
def train(
    corpus: tuple[str, ...], name: str | None, resume: bool, dry_run: bool, **settings: Any
) -> None:
    """Train a model on text files.

    CORPUS is one or more text files or folders of them, or - for standard input. Files may be
    compressed (.gz, .bz2, .xz, .zst). Each file is a document of its own.

    The best weights are saved in checkpoints/NAME, with all that is needed to continue after an
    interruption: chargen resume NAME.
    """
    from chargen import api
    from chargen.config.settings_file import read_settings, with_options
    from chargen.corpus.sources import run_name
    from chargen.storage.runs import run_folder
    from chargen.storage.waiting import told
    from chargen.training.cluster.together import leads
    from chargen.training.resume import resume_run

    settings = given(settings)
    if (config := settings.pop("config", None)) is not None:
        with told(f"Waiting for {config}, which is a pipe or a device."):
            settings = with_options(read_settings(config), settings)
    if resume and settings["overwrite"]:
        raise click.UsageError("--resume continues a run; --overwrite replaces it: choose one.")
    if resume and "base" in settings:
        raise click.UsageError("--resume continues a run; --from starts a new one: choose one.")
    if dry_run and resume:
        raise click.UsageError("--dry-run is about a new run; --resume continues one: choose one.")
    name = name if name is not None else run_name(corpus)
    with reading_bar() as progress:
        if dry_run:
            _rehearse(corpus, settings, progress)
            return
        if resume:
            del settings["overwrite"], settings["vocabulary"]  # they are for new runs
            cache = settings.pop("cache", None)
            more: dict[str, Any] = {"corpus": corpus, "cache": cache, "progress": progress}
            resume_run(name, settings, **more, reporter=None)
        else:
            api.train(corpus, name=name, progress=progress, **settings)
    if leads(settings):
        tell_saved(run_folder(name))


def _rehearse(corpus: tuple[str, ...], settings: dict[str, Any], progress: Any) -> None:
    """Say what the run would take and reach."""
    from chargen.training.start import rehearse

    if several := [each for each in ClusterConfig.described() if settings.get(each)]:
        option = several[0].replace("_", "-")
        raise click.UsageError(
            f"--dry-run measures this machine, and says what others would bring; leave --{option} "
            "out."
        )
    del settings["overwrite"]
    settings.pop("trusted_network", None)
    how = {name: settings.pop(name, None) for name in ("cache", "base")}
    rehearse(corpus, settings, progress=progress, vocabulary=settings.pop("vocabulary"), **how)


def tell_saved(folder: Path) -> None:
    """Say where the run is and how to write with it."""
    from chargen.shell import command
    from chargen.storage.runs import MODEL_FILE, find_checkpoint

    is_found = find_checkpoint() == folder / MODEL_FILE  # without being named
    sample = command("sample") if is_found else command("sample", "-m", folder)
    say(f'Saved in {folder}. Now: {sample} "a prompt"')
