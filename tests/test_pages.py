"""The pages that show what their code prints are run, as their notebooks are."""

import importlib.util
import re
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = ["state", "memory", "inside"]
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


def load(name):
    spec = importlib.util.spec_from_file_location(name, ROOT / "docs" / "tools" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


run_page = load("run_page")


@pytest.fixture
def tree(tmp_path):
    """A copy of what the pages read."""
    for folder in ("docs", "corpora", "checkpoints/bundled"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    shutil.copyfile(ROOT / "CONTRIBUTING.md", tmp_path / "CONTRIBUTING.md")
    return tmp_path


def test_an_output_is_put_below_its_block():
    text = "a\n\n```python\nprint(1)\n```\n\n```text\nold\n```\n\n```python\nx = 2\n```\nb\n"
    renewed = run_page.with_outputs(text, ["1\n", ""])
    assert "```\n\n```text\n1\n```\n" in renewed
    assert "old" not in renewed
    assert run_page.with_outputs(renewed, ["1\n", ""]) == renewed


@pytest.mark.slow
@pytest.mark.parametrize("name", PAGES)
def test_a_page_shows_what_its_code_prints(name, tree):
    page = tree / "docs" / f"{name}.md"
    pictures = re.findall(r"!\[.+\]\((state/\S+)\)", page.read_text("utf-8"))
    shutil.rmtree(tree / "docs" / "state")
    (tree / "docs" / "state").mkdir()
    shown = [output for _, output in run_page.code_and_output(page)]
    for expected, printed in zip(shown, run_page.run(page), strict=True):
        assert _NUMBER.sub("#", printed) == _NUMBER.sub("#", expected)
        # Another processor adds up in another order, and training makes more of that.
        numbers = [[float(each) for each in _NUMBER.findall(x)] for x in (printed, expected)]
        assert numbers[0] == pytest.approx(numbers[1], rel=0.3, abs=0.1)
    assert pictures
    for picture in pictures:
        assert (tree / "docs" / picture).read_text("utf-8").startswith("<svg")
        assert (ROOT / "docs" / picture).exists()


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_a_notebook(name):
    jupytext = pytest.importorskip("jupytext")
    page = ROOT / "docs" / f"{name}.md"
    cells = [cell for cell in jupytext.read(page).cells if cell.cell_type == "code"]
    blocks = [code.strip() for code, _ in run_page.code_and_output(page)]
    assert [cell.source.strip() for cell in cells] == blocks
