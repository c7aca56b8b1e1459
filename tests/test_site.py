"""The site: pages of commands that are up to date, a file format that reads, links that hold."""

import importlib.util
import json
import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from typing import Literal, Unpack

import numpy as np
import pytest

import chargen
from chargen.config import SamplingConfig
from chargen.config.keywords import RunKeywords

ROOT = Path(__file__).parents[1]
MAX_BYTES = 20_000  # of a page

TOOLS = ROOT / "docs" / "tools"


def load(name):
    spec = importlib.util.spec_from_file_location(f"site_{name}", TOOLS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def kept(pattern):
    return {page.name: page.read_text("utf-8") for page in (ROOT / "docs").glob(pattern)}


def test_the_command_reference_is_up_to_date(tmp_path):
    # In a process of its own, as click keeps the help option of whoever used a command first, and
    # a class of a protocol shows other arguments once there is one.
    subprocess.run([sys.executable, TOOLS / "commands.py", tmp_path], check=True, cwd=ROOT)
    assert contents(tmp_path) == kept("commands*.md"), "make commands"


def test_the_manual_is_up_to_date(tmp_path):
    subprocess.run([sys.executable, TOOLS / "manual.py", tmp_path], check=True, cwd=ROOT)
    assert contents(tmp_path) == contents(ROOT / "share"), "make commands"


def contents(folder):
    """The text of each file in a folder, by its path there."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_text("utf-8") for path in files}


def test_the_python_reference_is_up_to_date(tmp_path):
    subprocess.run([sys.executable, TOOLS / "reference.py", tmp_path], check=True, cwd=ROOT)
    assert contents(tmp_path) == kept("reference*.md"), "make commands"


def test_the_reference_says_all_of_a_docstring():
    reference = load("reference")

    def example(path: str | Path, *, how: Literal["a", "b"] = "a", **settings: Unpack[RunKeywords]):
        """Do it.

            example("x")

        Args:
            path: of a file,
                or of a folder.

        Raises:
            CorpusError: if it is none.
        """

    call, types = reference.call_of("example", example)
    assert call == 'example(path, *, how="a", **settings)'
    assert types == {"path": "str | Path", "how": '"a" | "b"', "settings": ""}
    body = reference.body_of(example, types)
    assert '\n    example("x")\n' in body
    assert "- `path` (`str | Path`): of a file, or of a folder.\n" in body
    assert "Raises:\n\n- `CorpusError`: if it is none." in body


def test_every_control_is_shown_before_and_after():
    page = (ROOT / "docs" / "controls.md").read_text("utf-8")
    controls = {f"--{field.name.replace('_', '-')}" for field in fields(SamplingConfig)}
    used = set(re.findall(r"--[a-z-]+", "".join(re.findall(r"(?s)```console\n(.*?)```", page))))
    assert controls - used == {"--label"}  # the bundled model has no labels
    assert "`--label`" in page


def test_no_page_is_too_long(tmp_path):
    load("build").stage(tmp_path / "docs")
    sizes = {page.name: page.stat().st_size for page in (tmp_path / "docs").glob("*.md")}
    del sizes["changelog.md"]  # a list that only grows
    assert {name: size for name, size in sizes.items() if size > MAX_BYTES} == {}


def test_every_page_is_in_the_navigation():
    listed = re.findall(r"^  - .+: (\S+\.md)$", (ROOT / "mkdocs.yml").read_text("utf-8"), re.M)
    assert {page.name for page in (ROOT / "docs").glob("*.md")} <= set(listed)


@pytest.mark.parametrize("half", [False, True])
def test_the_program_of_the_format_writes_what_chargen_writes(tmp_path, monkeypatch, capsys, half):
    page = (ROOT / "docs" / "format.md").read_text("utf-8")
    (code,) = re.findall(r"^```python\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    model = chargen.load("bundled")
    file = tmp_path / "checkpoints" / "bundled" / "model.safetensors"
    file.parent.mkdir(parents=True)
    model.export(file, "half") if half else model.save(file)
    monkeypatch.chdir(tmp_path)
    names = {}
    exec(code, names)
    assert {array.dtype for array in names["weights"].values()} == {np.dtype("float32")}
    written = chargen.load(file).generate("Wick:\n", temperature=0, length=60)
    assert capsys.readouterr().out == f"Wick:\n{written}\n"
    assert json.dumps(names["document"]["origin"])


def test_staged_links_follow_their_pages(tmp_path):
    load("build").stage(tmp_path / "docs")
    staged = (tmp_path / "docs" / "training.md").read_text("utf-8")
    assert "../benchmarks" not in staged
    for page in (tmp_path / "docs").glob("*.md"):
        for path in re.findall(r"\]\((?!https?:)([^)\s#]+\.(?:md|svg))", page.read_text("utf-8")):
            assert (page.parent / path).exists(), f"{page.name}: {path}"


@pytest.mark.slow
def test_the_site_builds_and_loads_nothing_from_outside(tmp_path):
    pytest.importorskip("zensical")
    build = [sys.executable, TOOLS / "build.py", tmp_path]
    subprocess.run(build, check=True, capture_output=True)
    pages = list((tmp_path / "site").glob("*.html"))
    assert len(pages) > 10
    loaded = re.compile(
        r"<(?:script|img|iframe|source)\b[^>]*\bsrc=[\"']?((?:https?:)?//[^\"' >]+)"
    )
    styles = re.compile(
        r"<link\b(?=[^>]*stylesheet|[^>]*preconnect|[^>]*icon)[^>]*href=[\"']?(https?:[^\"' >]+)"
    )
    for page in pages:
        text = page.read_text("utf-8")
        assert not loaded.findall(text), page.name
        assert not styles.findall(text), page.name
    for sheet in (tmp_path / "site").rglob("*.css"):
        assert not re.search(r"url\([\"']?https?:|@import", sheet.read_text("utf-8")), sheet.name
