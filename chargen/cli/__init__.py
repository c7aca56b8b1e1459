"""The command line: `chargen COMMAND`. Each command is a file here, loaded when it is called."""

import errno
import importlib
import io
import os
import sys
from typing import Any

import click

import chargen
from chargen.errors import ChargenError, Interrupted

_COMMANDS = (
    *("train", "resume", "sample", "chat", "evaluate", "score", "classify"),
    *("info", "corpus", "plot"),
)


class _Commands(click.Group):
    """A group that imports a command's module when the command is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in _COMMANDS:
            return None
        command: click.Command = getattr(importlib.import_module(f"chargen.cli.{name}"), name)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except ChargenError as error:
            prefix = "" if isinstance(error, Interrupted) else "Error: "
            click.echo(f"{prefix}{error}", err=True)
            ctx.exit(error.exit_code)
        except KeyboardInterrupt:
            click.echo(err=True)
            ctx.exit(130)
        except BrokenPipeError:
            # Whoever read our output has had enough. Python would complain when it flushes
            # standard output on leaving, so that is pointed elsewhere first.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            ctx.exit(0)

    def main(self, *args: Any, **kwargs: Any) -> Any:
        if sys.stderr is None:
            # It is closed. The next file to be opened could get its number, and be written to by
            # whoever writes there without Python, such as TensorFlow.
            os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
            sys.stderr = os.fdopen(2, "w", errors="backslashreplace")
        try:
            try:
                return super().main(*args, **kwargs)
            finally:
                if sys.stdout is not None:
                    sys.stdout.flush()
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            click.echo("Error: The output could not be written: the disk is full.", err=True)
            sys.exit(1)


@click.command(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(chargen.__version__, prog_name="chargen")
def main() -> None:
    """Learn the style of a text file, then write in it, character by character."""
    if sys.stdout is None:
        raise click.ClickException("Standard output is closed; send it to a file or /dev/null.")
    if isinstance(sys.stdout, io.TextIOWrapper):  # what a terminal cannot show becomes an escape
        sys.stdout.reconfigure(errors="backslashreplace")
