"""Write share/: manual pages made of every command's help, and the shells' completions.

Usage: python docs/tools/manual.py [FOLDER]; the folder is share/ unless given. What is in share/
is installed with chargen, where `man` and the shells look for it. The library click-man knows
neither groups of options nor examples, so the pages are made here.
"""

import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import click

from chargen.cli import main

SHARE = Path(__file__).parents[2] / "share"
# They ask chargen itself, so that they fit the click that is installed.
_COMPLETIONS = {
    "bash-completion/completions/chargen": 'eval "$(_CHARGEN_COMPLETE=bash_source chargen)"\n',
    "fish/vendor_completions.d/chargen.fish": "_CHARGEN_COMPLETE=fish_source chargen | source\n",
    "zsh/site-functions/_chargen": (
        '#compdef chargen\neval "$(_CHARGEN_COMPLETE=zsh_source chargen)"\n'
        '_chargen_completion "$@"\n'
    ),
}
# What roff would obey, or print as another character.
_ESCAPES = {"\\": r"\e", "-": r"\-", "'": r"\(aq", "`": r"\(ga", "^": r"\(ha", "~": r"\(ti"}


class _Formatter(click.HelpFormatter):
    """Writes a help page in the language of `man`."""

    def write(self, string: str) -> None:
        """Write lines as they are; examples come so."""
        lines = (f"{_escaped(line.strip())}\n" for line in string.splitlines())
        self.buffer += [".nf\n", *lines, ".fi\n"]

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        self.buffer.append(f".SH SYNOPSIS\n.B {_escaped(prog)}\n{_escaped(args)}\n")

    def write_heading(self, heading: str) -> None:
        self.buffer.append(f".SH {_escaped(heading.upper())}\n")

    def write_paragraph(self) -> None:
        """Write nothing: headings make room before them."""

    def write_text(self, text: str) -> None:
        paragraphs = text.split("\n\n")
        self.buffer += [".SH DESCRIPTION\n", *(f".PP\n{_marked(each)}\n" for each in paragraphs)]

    def write_dl(
        self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2
    ) -> None:
        for term, text in rows:
            self.buffer.append(f".TP\n.B {_escaped(term.strip())}\n{_marked(text)}\n")


class _Context(click.Context):
    formatter_class = _Formatter


def _escaped(text: str) -> str:
    text = "".join(_ESCAPES.get(each, each) for each in text)
    return re.sub(r"^\.", r"\\&.", text, flags=re.MULTILINE)


def _marked(text: str) -> str:
    """Return a paragraph with what is in backticks in bold."""
    parts = re.split("`([^`]+)`", " ".join(text.split()))
    parts[1::2] = (rf"\fB{_escaped(each)}\fR" for each in parts[1::2])
    parts[::2] = map(_escaped, parts[::2])
    return "".join(parts)


def pages() -> dict[str, str]:
    """Return every manual page by its name, such as chargen-train."""
    found = dict(_pages(main, _context(main, "chargen", None)))
    for name, page in found.items():
        parent = name.rpartition("-")[0]
        others = [each for each in found if each == parent or each.rpartition("-")[0] == name]
        related = ", ".join(rf"\fB{_escaped(each)}\fR(1)" for each in others)
        found[name] = f"{page}.SH SEE ALSO\n{related}\n"
    return found


def _pages(command: click.Command, context: click.Context) -> Iterator[tuple[str, str]]:
    """Yield the page of a command, then those of its own commands."""
    name = context.command_path.replace(" ", "-")
    summary = _marked(command.get_short_help_str(1000).rstrip("."))
    yield (
        name,
        f'.TH {_escaped(name.upper())} 1 "" chargen "chargen manual"\n.ad l\n.nh\n'
        f".SH NAME\n{_escaped(name)} \\- {summary}\n{command.get_help(context)}\n",
    )
    if isinstance(command, click.Group):
        for each in command.list_commands(context):
            inner = command.get_command(context, each)
            assert inner is not None
            yield from _pages(inner, _context(inner, each, context))


def _context(command: click.Command, name: str, parent: click.Context | None) -> click.Context:
    return _Context(command, parent=parent, info_name=name, help_option_names=["-h", "--help"])


def files() -> dict[str, str]:
    """Return what is in share/, by its path there."""
    return {f"man/man1/{name}.1": page for name, page in pages().items()} | _COMPLETIONS


def write(folder: Path = SHARE) -> None:
    """Write all of it."""
    for path, content in files().items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(content, "utf-8")


if __name__ == "__main__":
    write(*map(Path, sys.argv[1:]))
