"""Run the Python blocks of a page, in order, as a notebook does, and write what they print below.

    python docs/tools/run_page.py docs/state.md

A `text` block that follows a Python block is what that block printed; it is replaced. Pictures are
written by the blocks themselves, beside the page.
"""

import contextlib
import io
import os
import re
import sys
from pathlib import Path

_CODE = re.compile(r"^```python\n(.*?)^```\n(?:\n```text\n(.*?)^```\n)?", re.MULTILINE | re.DOTALL)


def code_and_output(page: Path) -> list[tuple[str, str]]:
    """Return the Python blocks of a page, each with what it printed when the page was made."""
    return [(code, output or "") for code, output in _CODE.findall(page.read_text("utf-8"))]


def run(page: Path) -> list[str]:
    """Run the blocks in the page's folder, sharing their names; return what each printed."""
    outputs, names = [], {"__name__": "page"}
    before = Path.cwd()
    os.chdir(page.parent)
    try:
        for number, (code, _) in enumerate(code_and_output(page), 1):
            printed = io.StringIO()
            with contextlib.redirect_stdout(printed):
                exec(compile(code, f"{page.name}, block {number}", "exec"), names)
            outputs.append(printed.getvalue())
    finally:
        os.chdir(before)
    return outputs


def with_outputs(text: str, outputs: list[str]) -> str:
    """Return a page's text with other outputs below its blocks."""
    following = iter(outputs)

    def replaced(match: re.Match[str]) -> str:
        output = next(following)
        shown = f"\n```text\n{output}```\n" if output else ""
        return f"```python\n{match[1]}```\n{shown}"

    return _CODE.sub(replaced, text)


if __name__ == "__main__":
    for name in sys.argv[1:]:
        path = Path(name).resolve()
        path.write_text(with_outputs(path.read_text("utf-8"), run(path)), "utf-8")
