"""One rule for backslashes on the command line; what looks like an option, or like a file."""

import json

import pytest

from chargen.cli.escapes import escape, unescape
from chargen.cli.models import load_model
from chargen.config import PreparationConfig
from chargen.language_model import LanguageModel
from tests.helpers import with_tokenizer

WRITTEN = {r"\n": "\n", r"\t": "\t", r"\f": "\f", r"\\": "\\"}


@pytest.mark.parametrize("text", ["", "a\n\t\f\\n", r"C:\new", "\\"])
def test_what_is_escaped_is_read_as_it_was(text):
    assert unescape(escape(text)) == text


def test_other_backslashes_stay():
    assert unescape(r"\section \d C:\Users \\n \\\n" + "\\") == "\\section \\d C:\\Users \\n \\\n\\"


@pytest.fixture
def model(make_checkpoint, workdir):
    made = make_checkpoint(characters="\n\t\f\\ABn")
    kept = PreparationConfig(newlines="keep")  # or a form feed would be a newline
    with_tokenizer(made, preparation=kept).save(workdir / "model")
    return "model"


@pytest.mark.parametrize("written", WRITTEN)
def test_an_escape_is_the_same_in_every_text(invoke, model, written):
    character, options = WRITTEN[written], ("-m", model, "-s", "1", "--json")
    text = json.loads(invoke("sample", f"A{written}", *options).stdout)
    assert text["prompt"] == f"A{character}"
    only = json.loads(invoke("sample", "A", *options, "--only", written, "-l", 9).stdout)
    assert only["text"] == character * 9
    stopped = json.loads(invoke("sample", "A", *options, "--stop", written).stdout)
    assert stopped["finish_reason"] == "stop"
    banned = json.loads(invoke("sample", "A", *options, "--ban", written).stdout)
    assert character not in banned["text"]
    two = invoke("sample", "A", "-n", 2, "-l", 0, "-m", model, "--separator", written)
    assert two.stdout == f"A\n{character}A\n"
    assert json.loads(invoke("score", f"A{written}", "-m", model, "--json").stdout)["text"] == (
        f"A{character}"
    )
    chat = invoke("chat", "-m", model, "-l", 0, input=f"A{written}\n")
    assert chat.stdout == f"A{character}\n"
    chat = invoke("chat", "-m", model, input=f":stop {written}\n:stop '{written}'\n:stop\n")
    assert chat.stderr.count(f":stop {escape(character)!r}".replace("\\\\", "\\")) == 3
    assert chat.exit_code == 0


def test_a_separator_of_documents_has_escapes_too(invoke, workdir):
    (workdir / "text").write_text("one\n\ntwo\tthree")
    for separator, documents in ((r"\n\n", 2), (r"\t", 2), (r"\\n", 1)):
        found = invoke("corpus", "text", "--document-separator", separator, "--json").stdout
        assert json.loads(found)["documents"] == documents


def test_files_and_standard_input_are_taken_as_they_are(invoke, model, workdir):
    (workdir / "prompt").write_text(r"A\n")
    options = ("-m", model, "-l", 0)
    assert invoke("sample", "--prompt-file", "prompt", *options).stdout == "A\\n\n"
    assert invoke("sample", "-", *options, input=r"A\n").stdout == "A\\n\n"


@pytest.mark.parametrize(
    ("command", "typed", "kind"),
    [
        ("sample", "- Hello", "PROMPT"),
        ("sample", "-5 degrees", "PROMPT"),
        ("sample", "-this is", "PROMPT"),
        ("score", "- text", "TEXT"),
        ("classify", "-- x", "TEXT"),
        ("train", "-notes.txt", "CORPUS"),
    ],
)
def test_a_text_that_begins_with_a_dash(invoke, command, typed, kind):
    result = invoke(command, typed)
    assert result.exit_code == 2
    assert f"If {typed!r} is a {kind}, put -- before it" in result.stderr


def test_a_text_that_was_taken_for_a_model(invoke, refused, lstm_file):
    hint = "put -- before it, and options before --."
    assert f"If '-my dear' is a PROMPT, {hint}" in refused("sample", "-my dear")
    assert f"If '-my dear' is a TEXT, {hint}" in invoke("score", "-my dear").stderr
    assert hint not in refused("sample", "A", "-m", "nowhere")
    assert hint not in invoke("sample", f"-m{lstm_file}", "A", "--only", "Q").stderr


def test_a_misspelt_option_is_no_text(invoke):
    told = invoke("sample", "--temprature", 1).stderr
    assert "--temperature" in told
    assert "put --" not in told


def test_a_stop_text_with_a_dash_is_taken(invoke, model):
    assert invoke("sample", "A", "-m", model, "--stop", "-A", "-l", 1).exit_code == 0


def test_a_stop_text_that_cannot_be_written_is_said(invoke, model):
    told = invoke("sample", "A", "-m", model, "--stop", "A#", "-l", 5).stderr
    assert told == "No text will stop at 'A#': the model does not know '#' (U+0023).\n"
    told = invoke("sample", "A", "-m", model, "--stop", "B", "--ban", "B", "-l", 5).stderr
    assert told == "No text will stop at 'B': only or ban rule it out.\n"
    assert "stop at '#'" in invoke("chat", "-m", model, input=":stop #\n").stderr


def test_a_stop_text_is_read_as_the_corpus_was(make_checkpoint):
    made = make_checkpoint(characters="ab")
    small = with_tokenizer(made, preparation=PreparationConfig(lowercase=True))
    model = LanguageModel(small)
    assert model.generate("a", stop="AB", seed=1) == model.generate("a", stop="ab", seed=1)


@pytest.mark.parametrize(
    ("command", "option"),
    [("sample", "--prompt-file"), ("score", "--file"), ("classify", "--file")],
)
def test_a_text_that_names_a_file_is_said(invoke, labelled_file, workdir, command, option):
    (workdir / "AB").write_text("x")
    label = [] if command == "classify" else ["--label", "sea"]
    result = invoke(command, "AB", "-m", labelled_file, *label)
    assert result.exit_code == 0
    assert f"Note: AB is the name of a file; for the text in it, give {option} AB." in result.stderr


def test_unknown_characters_become_the_nearest_with_a_note(invoke, lstm_file):
    result = invoke("sample", "Á😀", "-m", lstm_file, "-l", 0)
    assert result.stdout == "A\n"
    assert "Changed 'Á' (U+00C1) to 'A'." in result.stderr
    assert "Left out '😀' (U+1F600)." in result.stderr


def test_a_document_that_does_not_end_is_cut_and_said(invoke, make_checkpoint, workdir):
    made = make_checkpoint(characters="\0ab")
    made.weights["dense/bias"][0] = -99
    with_tokenizer(made, start="\0").save(workdir / "endless")
    result = invoke("sample", "a", "-m", "endless")
    assert len(result.stdout) == 2002
    assert result.stderr == "The text was cut at 2,000 characters; --length changes that.\n"
    assert "2 texts were cut" in invoke("sample", "a", "-m", "endless", "-n", 2).stderr
    assert invoke("sample", "a", "-m", "endless", "-l", 9).stderr == ""


@pytest.mark.parametrize("word", ["exit", "quit", "/quit", ":exit"])
def test_the_words_of_other_programs_leave_the_chat(invoke, lstm_file, word):
    result = invoke("chat", "-m", lstm_file, "-l", 0, input=f"{word}\nA\n")
    assert (result.stdout, result.exit_code) == ("", 0)


def test_the_words_of_other_programs_help(invoke, lstm_file):
    result = invoke("chat", "-m", lstm_file, "-l", 0, input="help\n/help\nhelp \n")
    assert result.stderr.count("start a new text with it") == 2


def test_a_label_that_is_missing_names_the_option(refused, labelled_file):
    line = refused("score", "A", "-m", labelled_file, code=2)
    assert line.startswith("Error: --label is needed: this model must be told which label")


@pytest.mark.parametrize(
    ("facts", "is_told"),
    [
        ({"step": 0}, True),
        ({"step": 30}, True),
        ({"step": 30, "carried": 2.1}, True),
        ({"step": 30, "carried": 1.0}, False),
        ({"step": 3000, "carried": 2.1}, False),
        ({"step": 30, "characters": None}, False),  # nobody knows
    ],
)
def test_a_model_that_has_hardly_learned_is_said(make_checkpoint, workdir, capsys, facts, is_told):
    from dataclasses import replace

    made = make_checkpoint()
    origin = replace(made.origin, **{"characters": 10**6, **facts})
    replace(made, origin=origin).save(workdir / "model")
    load_model("model", verbose=True)
    first, *warnings = capsys.readouterr().err.splitlines()
    assert first.startswith(f"Model: model (learned from tiny.txt, {facts['step']:,} steps")
    assert [each.startswith("Warning: the model model has hardly") for each in warnings] == (
        [True] * is_told
    )
