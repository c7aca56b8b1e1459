"""What the README and docs/ say is held to the tree, the command line and the bundled model."""

import importlib
import re
import shlex

import click
import pytest

import chargen
from chargen.cli import main
from tests.examples import PAGES, ROOT, blocks, name_of, table_lines

README = ROOT / "README.md"
MAX_LINES = 120
OTHER_OPTIONS = {"--format", "--local-dir", "--requeue", "--seconds"}  # of pip, hf, sbatch, scripts
_LINK = re.compile(r"\]\(([^)\s]+)\)")


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
    for block in blocks(page, "console"):
        yield from block.lines
    if page == README:
        yield from table_lines(page)


def shown_commands():
    for page in PAGES:
        for line in shown_lines(page):
            for arguments in commands(line):
                yield pytest.param(arguments, id=f"{name_of(page)}: {shlex.join(arguments)}")


def shown_python():
    for page in PAGES:
        for number, block in enumerate(blocks(page, "python"), 1):
            yield pytest.param(block.body, id=f"{name_of(page)}: block {number}")


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


def all_options(command, context):
    for parameter in command.params:
        yield from parameter.opts
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            yield from all_options(command.get_command(context, name), context)


@pytest.mark.parametrize(
    "page", [page for page in PAGES if page.parent.name != "benchmarks"], ids=name_of
)
def test_options_that_the_text_names_exist(page):
    known = {*all_options(main, click.Context(main)), *OTHER_OPTIONS, "--help"}
    text = re.sub(r"^```.*?^```$", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    for code in re.findall(r"`([^`]+)`", text):
        assert set(re.findall(r"(?<![\w-])--[a-z][\w-]*", code)) <= known, code


@pytest.mark.parametrize("body", list(shown_python()))
def test_python_that_is_shown_compiles(body):
    compile(body, "example", "exec")


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
