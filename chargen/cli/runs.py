"""chargen runs: list the runs under checkpoints/."""

import time
from pathlib import Path
from typing import Any

import click

from chargen.cli import options
from chargen.cli.help import command
from chargen.cli.terminal import say
from chargen.cli.texts import put_json


@command("chargen runs", "chargen runs --json")
@options.json
def runs(as_json: bool) -> None:
    """List the runs under checkpoints/, the newest first.

    Of each: its name for -m, when its model was written, how many steps that has learned, its
    held-out loss in nats per character, the state of the run, and the text.
    """
    from chargen.storage.runs import RUNS_FOLDER, run_names

    found = [_described(RUNS_FOLDER / name) for name in run_names()]
    if as_json:
        put_json(found)
    elif not found:
        say(f"There are no runs in {RUNS_FOLDER}/ here; `chargen train my-text.txt` makes one.")
    else:
        for line in _table(found):
            click.echo(line)


def _described(folder: Path) -> dict[str, Any]:
    """Return what is known of a run; of a damaged one, what is wrong."""
    from chargen.errors import ChargenError
    from chargen.storage.arrays import read_document
    from chargen.storage.runs import MODEL_FILE

    model = folder / MODEL_FILE
    described: dict[str, Any] = {"name": folder.name, "written": _when(model)}
    try:
        origin = read_document(model)["origin"]
        described["steps"] = origin.get("step")
        losses = (origin.get("carried"), origin.get("windowed"))
        described["loss"] = next((loss for loss in losses if loss is not None), None)
        described["corpus"] = origin.get("corpus")
        return {**described, "state": _state(folder)}
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


def _table(runs: list[dict[str, Any]]) -> list[str]:
    """Return a header and a line for each run."""
    from chargen.text.controls import escape_line

    rows = [("name", "written", "steps", "loss", "state", "text")]
    for run in runs:
        steps, loss = run.get("steps"), run.get("loss")
        rows.append(
            (
                escape_line(run["name"]),
                run["written"],
                f"{steps:,}" if isinstance(steps, int) else "",
                f"{loss:.3f}" if isinstance(loss, float) else "",
                run["state"],
                escape_line(str(run.get("corpus") or run.get("error") or "")),
            )
        )
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
