"""Help pages: every option is a sentence, and every example works."""

import shlex

import click
import pytest

from chargen.cli import main

CONTEXT = click.Context(main, info_name="chargen")
COMMANDS = {name: main.get_command(CONTEXT, name) for name in main.list_commands(CONTEXT)}
FORMATS = {
    f"{name} {inner}": each
    for name, command in COMMANDS.items()
    if isinstance(command, click.Group)
    for inner, each in command.commands.items()
}
ALL = {**COMMANDS, **FORMATS}
OPTIONS = [
    pytest.param(param, id=f"{name} {param.opts[-1]}")
    for name, command in ALL.items()
    for param in command.params
    if isinstance(param, click.Option)
]
EXAMPLES = [(name, text) for name, command in ALL.items() for text in command.examples]
EXAMPLES += [(shlex.split(text)[1], text) for text in main.examples]


@pytest.mark.parametrize("option", OPTIONS)
def test_an_option_is_explained_by_sentences(option):
    assert option.help[0].isupper()
    assert option.help[-1] in ".]"
    assert ".  [" in option.help or "[" not in option.help


@pytest.mark.parametrize("name", ALL)
def test_a_page_has_all_options_and_two_or_three_examples(name, invoke):
    command = ALL[name]
    page = invoke(*name.split(), "--help").stdout
    for param in command.params:
        assert not isinstance(param, click.Option) or f"{param.opts[-1]} " in page
    assert 2 <= len(command.examples) <= 3
    assert page.endswith("Examples:\n" + "".join(f"  {text}\n" for text in command.examples))


@pytest.mark.parametrize(("name", "example"), EXAMPLES)
def test_an_example_can_be_typed(name, example, workdir):
    program, *arguments = shlex.split(example)
    assert program == "chargen"
    words = name.split()
    assert arguments[: len(words)] == words
    command, arguments = ALL[name], arguments[len(words) :]
    if isinstance(command, click.Group):  # its examples are of its commands
        command = command.commands[arguments.pop(0)]
    command.make_context(name, arguments)


def test_many_options_stand_in_groups(invoke):
    page = invoke("train", "--help").stdout
    headings = ("Corpus", "Text preparation", "Model", "Training", "Saving and output")
    places = [page.index(f"\n{heading}:\n") for heading in headings]
    assert places == sorted(places)
    assert "\nOptions:\n" in invoke("info", "--help").stdout


def test_defaults_and_limits_are_shown(invoke):
    page = " ".join(invoke("sample", "--help").stdout.split())
    for words in (
        "500, 2,000 in a document",
        "[default: 0.8; 0 or more]",
        "likely characters (0: all). [default: 0; 0 or more]",
        "[default: 1; 0 to 1, 0 excluded]",
        "[default: 1; 1 to 1,000,000]",
    ):
        assert words in page
    assert "[default: by --preset; 0 to 1, 1 excluded]" in " ".join(
        invoke("train", "--help").stdout.split()
    )


def test_the_first_page_has_each_command_in_its_section_with_its_whole_summary(invoke):
    page = invoke("--help").stdout
    for heading in ("Train:", "Write:", "Measure:", "Share:", "Look:", "Examples:"):
        assert f"\n{heading}\n" in page
    for name, command in COMMANDS.items():
        (line,) = (line for line in page.splitlines() if line.startswith(f"  {name} "))
        assert line.endswith(".")
        assert line.split(maxsplit=1)[1] == command.help.partition("\n")[0]
    assert "..." not in page.partition("Train:")[2]
