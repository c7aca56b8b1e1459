"""The command line: `chargen COMMAND`. Each command is a file here, loaded when it is called.

Commands hold options and a few lines of wiring. They may import every other folder, but heavy
libraries only inside functions, so that `chargen --help` starts at once.
"""

import errno
import importlib
import io
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click

import chargen
from chargen.cli.help import Examples
from chargen.cli.terminal import controls_shown, discard, say
from chargen.errors import ChargenError, Interrupted, bounded

_SECTIONS = {
    "Train": ("train", "resume", "launch"),
    "Write": ("sample", "chat"),
    "Measure": ("evaluate", "score", "classify"),
    "Share": ("serve", "export", "verify"),
    "Look": ("runs", "info", "inspect", "corpus", "plot"),
}
_COMMANDS = [name for names in _SECTIONS.values() for name in names]
_MAX_SUMMARY = 200  # characters
_FULL = {errno.ENOSPC: "the disk is full", errno.EDQUOT: "the disk quota is used up"}


class _Commands(Examples, click.Group):
    """A group that imports a command's module when the command is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return _COMMANDS

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        return _command(name) if name in _COMMANDS else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands in sections, each with its whole summary."""
        for section, names in _SECTIONS.items():
            rows = [
                (name.ljust(8), _command(name).get_short_help_str(_MAX_SUMMARY)) for name in names
            ]
            with formatter.section(section):
                formatter.write_dl(rows)

    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:
        with _while_it_is_read():  # --help and --version are answered here
            return super().make_context(*args, **kwargs)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            with _while_it_is_read():
                return super().invoke(ctx)
        except click.UsageError as error:
            message = error.format_message()
            if message == bounded(message):
                raise
            raise click.UsageError(bounded(message), error.ctx) from None
        except ChargenError as error:
            prefix = "" if isinstance(error, Interrupted) else "Error: "
            say(f"{prefix}{error.told('--')}")
            ctx.exit(error.exit_code)
        except KeyboardInterrupt:
            click.echo(err=True)
            ctx.exit(130)

    def main(self, *args: Any, **kwargs: Any) -> Any:
        if sys.stderr is None:
            # It is closed. The next file to be opened could get its number, and be written to by
            # whoever writes there without Python, such as TensorFlow.
            discard(2)
            sys.stderr = os.fdopen(2, "w", errors="backslashreplace")
        if isinstance(sys.stdout, io.TextIOWrapper):  # what it cannot encode becomes an escape
            sys.stdout.reconfigure(errors="backslashreplace")
        try:
            try:
                with controls_shown():
                    return super().main(*args, **kwargs)
            finally:
                if sys.stdout is not None:
                    sys.stdout.flush()
        except OSError as error:
            if error.errno not in _FULL:
                raise
            discard(sys.stdout.fileno())
            reason = _FULL[error.errno]
            click.echo(f"Error: The output could not be written: {reason}.", err=True)
            sys.exit(1)


@contextmanager
def _while_it_is_read() -> Iterator[None]:
    """End the process where whoever read our output has had enough."""
    try:
        yield
    except BrokenPipeError:
        # Python would complain when it flushes standard output on leaving, so that is pointed
        # elsewhere first.
        discard(sys.stdout.fileno())
        sys.exit(0)


def _command(name: str) -> click.Command:
    command: click.Command = getattr(importlib.import_module(f"chargen.cli.{name}"), name)
    return command


@click.command(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"]},
    examples=(
        'chargen sample "Once upon a time"',
        "chargen train my.txt --minutes 10",
        "chargen chat -m bundled",
    ),
)
@click.version_option(chargen.__version__, prog_name="chargen", help="Print the version and exit.")
@click.pass_obj
def main(on_loaded: Callable[[], object] | None) -> None:
    """Learn the style of a text, then write in it, character by character."""
    if on_loaded is not None:
        on_loaded()
    if sys.stdout is None:
        raise click.ClickException("Standard output is closed; send it to a file or /dev/null.")
