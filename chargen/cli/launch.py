"""chargen launch: start the workers of one training on this machine."""

import os
import sys
from pathlib import Path

import click

from chargen.cli import options
from chargen.cli.help import Command
from chargen.cli.terminal import is_terminal, say
from chargen.config.base import shorten
from chargen.config.presets import available_cores
from chargen.text.controls import escape_controls

_MAX_WORKERS = 64
_OURS = ("--workers", "--worker-index")


@click.command(
    cls=Command,
    examples=(
        "chargen launch --local 2 -- train big.txt --minutes 60",
        "chargen launch --local 2 -- resume big",
    ),
    context_settings={"allow_interspersed_args": False},
)
@options.number(
    "Number of workers, each of which gets an equal share of the cores.",
    2,
    "--local",
    min=1,
    max=_MAX_WORKERS,
)
@click.argument("words", nargs=-1, required=True, metavar="COMMAND...", type=click.UNPROCESSED)
@click.pass_context
def launch(ctx: click.Context, local: int, words: tuple[str, ...]) -> None:
    """Train with several workers on this machine.

    COMMAND is train or resume, with its options. Each worker is a process that runs it, on cores of
    its own. Each line that a worker says is shown with the worker's number before it.

    Ctrl-C lets the workers save and end; a second one ends them at once. If one fails, the others
    end too. To train on several machines, start the command on each of them, with --workers and
    --worker-index.
    """
    from chargen.training.cluster import launcher

    name, *rest = words
    _check(ctx, name, rest)
    if local > (cores := available_cores()):
        say(f"Warning: --local {local} is more than the {cores} cores here; this will be slow.")
    addresses = launcher.addresses(local)
    where = ["--workers", ",".join(addresses), "--worker-index"]
    commands = [[*_program(), name, *where, str(place), *rest] for place in range(local)]
    ctx.exit(launcher.launch(commands, show=_show))


def _check(ctx: click.Context, name: str, rest: list[str]) -> None:
    """Refuse, once for all workers, a command that they could not run.

    Raises:
        click.UsageError: if it cannot be.
    """
    from chargen.cli.resume import resume
    from chargen.cli.train import train

    if os.name != "posix":
        raise click.UsageError(
            "launch needs Linux or macOS. Here, start each worker by itself, with --workers and "
            "--worker-index."
        )
    known = {"train": train, "resume": resume}
    if name not in known:
        raise click.UsageError(
            f"launch starts train or resume, not {shorten(name)}. Its own options stand before "
            "that word."
        )
    if given := [word for word in rest if word.split("=")[0] in _OURS]:
        raise click.UsageError(f"{given[0]} cannot be given with launch, which chooses it.")
    if "-" in rest:
        raise click.UsageError(
            "Several workers cannot read standard input; save it in a file and name that."
        )
    known[name].make_context(name, list(rest), parent=ctx.parent)


def _program() -> list[str]:
    """Return how chargen is called.

    Files of the folder that we are in must not be taken for modules, unless chargen is there.
    """
    is_here = Path(__file__).parents[2].samefile(os.curdir)
    return [sys.executable, *([] if is_here else ["-P"]), "-m", "chargen"]


def _show(place: int, line: str) -> None:
    """Write a worker's line to standard error, in one piece."""
    mark = f"[{place}]"
    if is_terminal(sys.stderr) and not os.environ.get("NO_COLOR"):
        mark = click.style(mark, dim=True)
    sys.stderr.flush()
    said = f"{mark} {escape_controls(line)}\n"
    sys.stderr.buffer.write(said.encode(sys.stderr.encoding, "backslashreplace"))
    sys.stderr.buffer.flush()
