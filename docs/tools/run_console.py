"""Run the `console` blocks of a page that show their output, and write what they print below.

    python docs/tools/run_console.py docs/controls.md

The commands run in this tree's root and are meant to print the same each time: `chargen sample`
with the bundled model and a seed. A `text` block that follows a `console` block is replaced.
"""

import re
import shlex
import sys
from pathlib import Path

from click.testing import CliRunner

from chargen.cli import main

_LINES = r"((?:(?!```).*\n)*)"
_SHOWN = re.compile(rf"^```console\n{_LINES}```\n\n```text\n{_LINES}```\n", re.MULTILINE)


def said(block: str) -> str:
    """Return all that the commands of a block say, which are calls of chargen."""
    words = [shlex.split(line) for line in block.replace("\\\n", " ").splitlines()]
    results = [CliRunner().invoke(main, line[1:], catch_exceptions=False) for line in words]
    return "".join(result.output for result in results)


def renewed(page: str) -> str:
    """Return a page's text with what its commands say now."""
    return _SHOWN.sub(
        lambda block: f"```console\n{block[1]}```\n\n```text\n{said(block[1])}```\n", page
    )


if __name__ == "__main__":
    for name in sys.argv[1:]:
        path = Path(name)
        path.write_text(renewed(path.read_text("utf-8")), "utf-8")
