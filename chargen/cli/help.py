"""Help pages: options in groups, examples at the end."""

import re
from collections.abc import Callable
from typing import Any

import click

from chargen.config.base import shorten
from chargen.errors import CheckpointError
from chargen.text.controls import escape_line

_TYPED = "chargen.cli.help.typed"  # the key of what was typed, in a context
_MAX_SUMMARY = 200  # characters of a command's
_MAX_UNGROUPED = 9  # options that a help page lists under one heading


class Examples(click.Command):
    """A command whose help page ends with examples."""

    def __init__(self, *args: Any, examples: tuple[str, ...] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.examples = examples

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples, each on a line of its own."""
        with formatter.section("Examples"):
            for example in self.examples:
                formatter.write(f"  {example}\n")


class Command(Examples):
    """A command whose help page has its options in groups."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse what was typed; an error about what may be no option says how to give that."""
        typed = list(args)  # click empties the list
        ctx.meta[_TYPED] = typed
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as error:
            message = error.format_message()
            hint = self._hint(_mistaken(error, typed))
            raise click.UsageError(escape_line(f"{message}{hint}"), ctx=error.ctx) from None

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; an error about a model that may be a text says how to give that."""
        try:
            return super().invoke(ctx)
        except CheckpointError as error:
            raise CheckpointError(f"{error}{self._hint(_named(ctx, str(error)))}") from None
        except click.UsageError as error:  # such as one that there is no text
            raise click.UsageError(f"{error.message}{self._hint(_named(ctx))}", ctx) from None

    def _hint(self, dashed: str | None) -> str:
        """Return how to give a text that begins with a dash; empty where nothing shows one."""
        texts = [each for each in self.params if isinstance(each, click.Argument)]
        if not texts or dashed is None:
            return ""
        kind = texts[0].human_readable_name.strip("[].")
        return f" If {shorten(dashed)} is a {kind}, put -- before it, and options before --."

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options, a few under one heading, more under those of their groups."""
        params = [param for param in self.get_params(ctx) if isinstance(param, click.Option)]
        groups: dict[str, list[tuple[str, str]]] = {}
        for param in params:
            group = getattr(param, "group", None) or "Other options"
            if len(params) <= _MAX_UNGROUPED:
                group = "Options"
            if record := param.get_help_record(ctx):
                groups.setdefault(group, []).append(record)
        for group, records in groups.items():
            with formatter.section(group):
                formatter.write_dl(records)


class Group(Examples, click.Group):
    """A command with commands of its own, which its help page lists with their whole summaries."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands."""
        rows = [
            (name, each.get_short_help_str(_MAX_SUMMARY)) for name, each in self.commands.items()
        ]
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)  # in the order in which they are written


def _mistaken(error: click.UsageError, typed: list[str]) -> str | None:
    """Return the text that was taken for options, if the error may come from one."""
    if isinstance(error, click.NoSuchOption):
        names = [error.option_name] if not error.possibilities else []
    elif isinstance(error, click.BadParameter) and isinstance(error.param, click.Option):
        names = [name for name in error.param.opts if not name.startswith("--")]
    else:
        return None
    # A short option can have its value in the same word: -t0.5. A text has more in it than that.
    for word in typed:
        if any(word.startswith(name) for name in names) and (
            isinstance(error, click.NoSuchOption) or len(word) > 2
        ):
            return word
    return None


def _named(ctx: click.Context, message: str | None = None) -> str | None:
    """Return the word that names a model and may be a text: "-my dear" is -m with "y dear".

    With a `message`, only a word whose model is in it.
    """
    words = [word for word in ctx.meta.get(_TYPED, ()) if re.match("-m.", word)]
    return next((word for word in words if message is None or word[2:] in message), None)


def command(*examples: str) -> Callable[[Callable[..., Any]], Command]:
    """Return a decorator that makes a command of a function; its help page has the examples."""
    return click.command(cls=Command, examples=examples)


class Option(click.Option):
    """An option that a help page lists under the heading `group`, with its default."""

    def __init__(self, *args: Any, group: str | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **{"show_default": True, **kwargs})
        self.group = group
