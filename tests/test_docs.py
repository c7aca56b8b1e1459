"""What the README and docs/ say is held to the tree, the command line and the bundled model."""

import importlib
import re
import shlex
import shutil
from pathlib import Path

import click
import pytest

import chargen

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
PAGES = [
    README,
    *sorted((ROOT / "docs").glob("*.md")),
    *(ROOT / folder / "README.md" for folder in ("benchmarks", "corpora", "checkpoints/bundled")),
    ROOT / "CONTRIBUTING.md",
    ROOT / "SECURITY.md",
]
MAX_LINES = 120
_BLOCK = re.compile(r"^(<!-- run -->\n)?```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^)\s]+)\)")


def name_of(page):
    return page.relative_to(ROOT).as_posix()


def blocks(page, language):
    """The fenced blocks of a page in a language, and whether each is marked to run."""
    for run, kind, body in _BLOCK.findall(page.read_text("utf-8")):
        if kind == language:
            yield body, bool(run)


def anchors(page):
    """The anchors that GitHub gives the headings of a page."""
    text = re.sub(r"^```.*?^```$", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    for heading in re.findall(r"^#+ (.+)$", text, re.MULTILINE):
        yield re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def commands(line):
    """The arguments of each chargen command in a line of a shell, without redirections."""
    words = shlex.shlex(re.sub(r"\$(?=')", "", line), posix=True, punctuation_chars="|<>")
    words.whitespace_split = True
    command = []
    left = iter([*words, "|"])
    for word in left:
        if word == "|":
            if command[:1] == ["chargen"]:
                yield command[1:]
            command = []
        elif word in ("<", ">"):
            next(left)  # the file
        else:
            command.append(word)


def shown_lines(page):
    """Lines of a shell: those of fenced blocks, and those of the README's table of commands."""
    for body, _ in blocks(page, "console"):
        yield from body.splitlines()
    if page == README:
        for row in re.findall(r"^\| `chargen .*$", page.read_text("utf-8"), re.MULTILINE):
            yield from re.findall(r"`([^`]+)`", row.split(" | ")[0])


def shown_commands():
    for page in PAGES:
        for line in shown_lines(page):
            for arguments in commands(line):
                yield pytest.param(arguments, id=f"{name_of(page)}: {shlex.join(arguments)}")


def shown_python():
    for page in PAGES:
        for number, (body, run) in enumerate(blocks(page, "python"), 1):
            yield pytest.param(body, run, id=f"{name_of(page)}: block {number}")


def finding_rows():
    page = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    return re.findall(r"^\| ([^|]+) \| `([^`|]+\.py)` \| `([^`|]+)` \|$", page, re.MULTILINE)


def test_the_readme_fits_on_a_page():
    assert len(README.read_text("utf-8").splitlines()) <= MAX_LINES


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_somewhere(page):
    for link in _LINK.findall(page.read_text("utf-8")):
        if re.match(r"https?:", link):
            continue
        path, _, anchor = link.partition("#")
        target = page.parent / path if path else page
        assert target.exists(), link
        if anchor:
            assert anchor in anchors(target), link


def test_every_page_of_docs_is_linked_from_the_readme_or_the_contents():
    readme = README.read_text("utf-8")
    contents = (ROOT / "docs" / "index.md").read_text("utf-8")
    for page in (ROOT / "docs").glob("*.md"):
        assert f"(docs/{page.name}" in readme or f"({page.name}" in contents, page.name


def test_the_citation_is_of_this_version():
    cited = re.findall("^version: (.+)$", (ROOT / "CITATION.cff").read_text("utf-8"), re.MULTILINE)
    assert cited == [chargen.__version__]


def test_words_of_a_shell_line_are_told_apart():
    (found,) = commands("cat a.gz | chargen sample - $'Wick:\\n' -n 2 < prompt.txt > out.txt")
    assert found == ["sample", "-", r"Wick:\n", "-n", "2"]
    assert not list(commands("make demo"))


@pytest.mark.parametrize("arguments", list(shown_commands()))
def test_commands_that_are_shown_are_understood(arguments):
    name, *rest = arguments
    command: click.Command = getattr(importlib.import_module(f"chargen.cli.{name}"), name)
    if isinstance(command, click.Group):
        command = command.commands[rest.pop(0)]
    command.make_context(name, rest)


@pytest.mark.parametrize(("body", "run"), list(shown_python()))
def test_python_that_is_shown_runs(body, run, tmp_path, monkeypatch):
    code = compile(body, "example", "exec")
    if run:
        for folder in ("checkpoints/bundled", "corpora"):
            shutil.copytree(ROOT / folder, tmp_path / folder)
        monkeypatch.chdir(tmp_path)
        exec(code, {"__name__": "example"})


def test_things_are_found_where_the_docs_say():
    rows = finding_rows()
    assert len(rows) >= 20
    sources = {
        path: (ROOT / path).read_text("utf-8") for _, path, _ in rows if (ROOT / path).is_file()
    }
    wrong = [
        row for row in rows if not re.search(rf"\b{re.escape(row[2])}\b", sources.get(row[1], ""))
    ]
    assert not wrong
