"""Write docs/commands.md and docs/commands-train.md: every command with its help page.

    python site/commands.py
"""

from pathlib import Path

import click

from chargen.cli import main

DOCS = Path(__file__).parents[1] / "docs"
_WIDTH = 100  # characters
_HEAD = """\
# Commands

What `chargen COMMAND --help` says, for every command. Those of `train` and `resume` are on
[a page of their own](commands-train.md). These pages are generated: `make commands`.
"""
_HEAD_OF_TRAINING = """\
# Commands: train and resume

What `chargen train --help` and `chargen resume --help` say; [all other commands](commands.md). These pages are
generated: `make commands`.
"""
_OF_TRAINING = ("train", "resume")


def help_of(command: click.Command, name: str, parent: click.Context | None = None) -> str:
    """Return the help page of a command, as wide as a page is."""
    info = name if parent is None else name.split()[-1]
    context = click.Context(
        command, parent=parent, info_name=info, terminal_width=_WIDTH, max_content_width=_WIDTH,
        help_option_names=["-h", "--help"],
    )
    lines = command.get_help(context).splitlines()
    return "\n".join(line.rstrip() for line in lines)


def references() -> dict[str, str]:
    """Return the pages by their file's name: one of training, one of all else."""
    root = click.Context(main, info_name="chargen", help_option_names=["-h", "--help"])
    pages = {
        "commands.md": [_HEAD, _section("chargen", help_of(main, "chargen"))],
        "commands-train.md": [_HEAD_OF_TRAINING],
    }
    for name in main.list_commands(root):
        command = main.get_command(root, name)
        assert command is not None
        page = "commands-train.md" if name in _OF_TRAINING else "commands.md"
        said = help_of(command, f"chargen {name}", root)
        pages[page].append(_section(f"chargen {name}", said))
    return {page: "\n".join(parts) for page, parts in pages.items()}


def _section(name: str, said: str) -> str:
    return f"## {name}\n\n```text\n{said}\n```\n"


if __name__ == "__main__":
    for page, content in references().items():
        (DOCS / page).write_text(content, "utf-8")
