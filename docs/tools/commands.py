"""Write docs/commands*.md: every command with its help page; and share/, by manual.py.

Usage: python docs/tools/commands.py [FOLDER]; with a folder, only the pages are written, there.
"""

import sys
from pathlib import Path

import click
import manual

from chargen.cli import main

DOCS = Path(__file__).parents[1]
_WIDTH = 100  # characters
_HEADS = {
    "commands.md": """\
# Commands

What `chargen COMMAND --help` says. [train, resume and launch](commands-train.md) and [sample and
chat](commands-write.md) have pages of their own. These pages are generated: `make commands`.
""",
    "commands-train.md": """\
# Commands to train

What `--help` says of `chargen train`, `chargen resume` and `chargen launch`; [all other
commands](commands.md). Generated: `make commands`.
""",
    "commands-write.md": """\
# Commands to write

What `chargen sample --help` and `chargen chat --help` say; [all other
commands](commands.md). Generated: `make commands`.
""",
}
_PAGES = {
    "train": "commands-train.md",
    "resume": "commands-train.md",
    "launch": "commands-train.md",
    "sample": "commands-write.md",
    "chat": "commands-write.md",
}


def help_of(command: click.Command, name: str, parent: click.Context | None = None) -> str:
    """Return the help page of a command, as wide as a page is."""
    info = name if parent is None else name.rsplit(maxsplit=1)[-1]
    context = click.Context(
        command,
        parent=parent,
        info_name=info,
        terminal_width=_WIDTH,
        max_content_width=_WIDTH,
        help_option_names=["-h", "--help"],
    )
    lines = command.get_help(context).splitlines()
    return "\n".join(line.rstrip() for line in lines)


def references() -> dict[str, str]:
    """Return the pages by their file's name: training, writing, and all else with the overview."""
    root = click.Context(main, info_name="chargen", help_option_names=["-h", "--help"])
    pages = {page: [head] for page, head in _HEADS.items()}
    pages["commands.md"].append(_section("chargen", help_of(main, "chargen")))
    for name in main.list_commands(root):
        command = main.get_command(root, name)
        assert command is not None
        said = help_of(command, f"chargen {name}", root)
        pages[_PAGES.get(name, "commands.md")].append(_section(f"chargen {name}", said))
    return {page: "\n".join(parts) for page, parts in pages.items()}


def _section(name: str, said: str) -> str:
    return f"## {name}\n\n```text\n{said}\n```\n"


if __name__ == "__main__":
    folder = Path(sys.argv[1]) if sys.argv[1:] else DOCS
    for page, content in references().items():
        (folder / page).write_text(content, "utf-8")
    if not sys.argv[1:]:
        manual.write()
