"""Every example of the pages is run: lines of a shell and blocks of Python, in a page's order."""

import contextlib
import io
import os
import re
import shutil

import pytest

from tests import test_pages
from tests.examples import (
    NOT_RUN,
    OPTIONAL_MODULES,
    OPTIONAL_PROGRAMS,
    PAGES,
    ROOT,
    World,
    blocks,
    name_of,
    shorter,
    table_lines,
)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.name == "nt", reason="the pages show lines of a POSIX shell"),
]
# Their Python is run by test_pages.py, which holds what it prints to what the page shows.
NOTEBOOKS = {
    name
    for mark in test_pages.test_a_page_shows_what_its_code_prints.pytestmark
    if mark.name == "parametrize"
    for name in mark.args[1]
}
LACKS = re.compile(f"needed and not installed: pip install ({'|'.join(OPTIONAL_MODULES)})")
_DECIMAL = re.compile(r"\d+\.\d{3,}")
LANGUAGES = ("console", "python")


@pytest.fixture(scope="session")
def furnished(tmp_path_factory):
    """A folder with stand-ins for all that the pages name, and runs that were trained a moment."""
    world = World(tmp_path_factory.mktemp("world"))
    with contextlib.chdir(world.folder):
        world.furnish()
    return world.folder


@pytest.fixture
def world(furnished, tmp_path, monkeypatch):
    """A copy of it to be in."""
    folder = tmp_path / "world"
    shutil.copytree(furnished, folder)
    monkeypatch.chdir(folder)
    monkeypatch.syspath_prepend(folder)
    world = World(folder)
    yield world
    world.close()


def is_shown(output, said):
    """Whether a page shows what was said.

    A line `...` stands for any lines. Decimals may differ a little, as on another processor.
    """
    parts = re.split(r"^\.\.\.\n", _DECIMAL.sub("#", output), flags=re.MULTILINE)
    pattern = "(?:.*\n)*?".join(re.escape(part) for part in parts)
    decimals = [[float(each) for each in _DECIMAL.findall(text)] for text in (output, said)]
    are_close = len(parts) > 1 or decimals[0] == pytest.approx(decimals[1], rel=1e-3)
    return re.fullmatch(pattern, _DECIMAL.sub("#", said)) and are_close


def lacks_a_program(line):
    return any(name in line.split() and not shutil.which(name) for name in OPTIONAL_PROGRAMS)


def shell_faults(world, lines, status=0, output=None):
    """What is wrong with lines of a shell: another exit status, or another output."""
    heard = ""
    for line in lines:
        if not line.strip() or line.split()[0] in NOT_RUN or lacks_a_program(line):
            continue
        left, said = world.run(line)
        heard += said
        if LACKS.search(said):
            continue
        if left != status or "Traceback" in said:
            yield f"{line}\nleft with {left}, not {status}:\n{said}"
    if output and not is_shown(output, heard):
        yield f"{lines} said:\n{heard}\nThe page shows:\n{output}"


def python_faults(world, block, names):
    """What is wrong with a block of Python: an exception."""
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            world.execute(block, names)
    except Exception as error:
        if getattr(error, "name", None) not in OPTIONAL_MODULES:
            yield f"{block.body}\nraised {error!r}"


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page, *LANGUAGES)], ids=name_of)
def test_examples_run(page, world):
    names, faults = {"__name__": "example"}, []
    for block in blocks(page, *LANGUAGES):
        if not block.is_run:
            continue
        if block.language == "console":
            # Other models learned for a moment only; they write something else.
            is_exact = all("-m bundled" in line for line in block.lines)
            output = block.output if is_exact else None
            faults += shell_faults(world, block.lines, block.status, output)
        elif page.stem not in NOTEBOOKS:
            faults += python_faults(world, block, names)
    if page == ROOT / "README.md":
        faults += shell_faults(world, table_lines(page))
    assert not faults, "\n\n".join(faults)


def test_what_fails_is_seen(world):
    assert list(shell_faults(world, ["chargen sample -m bundled --temperature hot"]))
    assert list(shell_faults(world, ["chargen sample 'A' -m bundled | grep -q nothing-like-it"]))
    shown = ["chargen sample 'Wick:\\n' -m bundled --seed 1 --length 20"]
    assert list(shell_faults(world, shown, output="Wick:\nNothing.\n"))
    assert not list(shell_faults(world, shown, output="Wick:\n...\n"))
    assert is_shown("loss 1.1040\n", "loss 1.1041\n")
    assert not is_shown("loss 1.1040\n", "loss 1.2040\n")
    assert list(shell_faults(world, ["chargen evaluate corpora/missing.txt -m bundled"]))
    assert list(shell_faults(world, ["no-such-program"]))


def test_examples_are_shortened_for_training_only():
    assert shorter("chargen sample 'All: ' --length 500") == "chargen sample 'All: ' --length 500"
    assert shorter("cat a | chargen train - --minutes 30") == (
        "cat a | chargen train --overwrite --units 8 - --minutes 0.02"
    )
