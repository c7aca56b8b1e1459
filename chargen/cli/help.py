"""Help pages: options in groups, examples at the end."""

from collections.abc import Callable
from typing import Any

import click

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


def command(*examples: str) -> Callable[[Callable[..., Any]], Command]:
    """Return a decorator that makes a command of a function; its help page has the examples."""
    return click.command(cls=Command, examples=examples)


class Option(click.Option):
    """An option that a help page lists under the heading `group`, with its default."""

    def __init__(self, *args: Any, group: str | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **{"show_default": True, **kwargs})
        self.group = group
