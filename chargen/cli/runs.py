"""chargen runs: list the runs under checkpoints/."""

import math
import os
import shutil
import sys
import time
from pathlib import Path
from typing import Any

import click

from chargen import shell
from chargen.cli import options
from chargen.cli.help import command
from chargen.cli.runs_table import table
from chargen.cli.terminal import is_terminal, say
from chargen.cli.texts import put_json


@command("chargen runs", "chargen runs --sort loss", "chargen runs sweep/ --json")
@click.argument("folder", required=False, type=options.input_path)
@options.output(
    "--sort",
    type=click.Choice(["written", "loss"]),
    default="written",
    help="Which to list first: those whose model was written last (written), or those with the "
    "lowest held-out loss (loss).",
)
@options.json
def runs(folder: Path | None, sort: str, as_json: bool) -> None:
    """List the runs under checkpoints/ or in FOLDER, the newest first.

    Of each: its name for -m, when its model was written, how many steps that has learned, its
    held-out loss in nats per character, the state of the run, the settings in which these runs
    differ, and the text. With --json, all settings.
    """
    from chargen.errors import SettingError
    from chargen.storage.runs import RUNS_FOLDER, holds_run, run_folders

    if folder is not None and not os.path.isdir(folder):
        raise SettingError(f"{folder} is no folder; give the path of one that has runs in it.")
    folder = folder if folder is not None else RUNS_FOLDER
    found = [_described(each) for each in run_folders(folder)]
    if sort == "loss":
        found.sort(key=_loss)
    if as_json:
        put_json(found)
    elif not found and folder == RUNS_FOLDER:
        say(f"There are no runs in {RUNS_FOLDER}/ here; `chargen train my-text.txt` makes one.")
    elif not found:
        itself = f", which is one itself: {shell.command('info', '-m', folder)}"
        say(f"There are no runs in {folder}/{itself if holds_run(folder) else '.'}")
    else:
        width = shutil.get_terminal_size().columns if is_terminal(sys.stdout) else None
        lines, left_out = table(found, width)
        for line in lines:
            click.echo(line)
        if left_out:
            say(f"No room here for {', '.join(left_out)}; a wider terminal or --json shows all.")


def _loss(run: dict[str, Any]) -> float:
    loss = run.get("loss")
    return loss if isinstance(loss, float) else math.inf


def _described(folder: Path) -> dict[str, Any]:
    """Return what is known of a run; of a damaged one, what is wrong."""
    from chargen.errors import ChargenError
    from chargen.storage.arrays import read_document
    from chargen.storage.runs import MODEL_FILE, model_name
    from chargen.training.kept_settings import kept_settings

    model = folder / MODEL_FILE
    described: dict[str, Any] = {"name": model_name(folder), "written": _when(model)}
    try:
        origin = read_document(model)["origin"]
        described["steps"] = origin.get("step")
        losses = (origin.get("carried"), origin.get("windowed"))
        described["loss"] = next((loss for loss in losses if loss is not None), None)
        described["corpus"] = origin.get("corpus")
        described["state"] = _state(folder)
        kept = kept_settings(folder)
        return {**described, "settings": kept.values, "chosen_by_preset": kept.chosen}
    except (ChargenError, KeyError, TypeError, AttributeError) as error:
        what = str(error) if isinstance(error, ChargenError) else "it has a damaged header"
        return {**described, "state": "damaged", "error": what}


def _when(path: Path) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(path.stat().st_mtime))


def _state(folder: Path) -> str:
    """Return whether a run is being trained, was interrupted, or is over."""
    from chargen.errors import ChargenError
    from chargen.storage.arrays import read_document
    from chargen.storage.runs import RESUME_FILE, is_locked

    if is_locked(folder):
        return "training"
    if not (folder / RESUME_FILE).exists():
        return "model only"
    try:
        finished = read_document(folder / RESUME_FILE)["state"]["finished"]
    except (ChargenError, KeyError, TypeError):  # damaged, or of a version that resume cannot read
        return "model only"
    return "finished" if finished else "interrupted"
