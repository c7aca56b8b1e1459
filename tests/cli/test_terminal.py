"""Strangers' control characters: shown, never obeyed, on standard error and at a terminal."""

import io
import json
import os
import re
import subprocess
import sys
from dataclasses import replace

import pytest

from chargen.checkpoint import Origin
from chargen.cli.terminal import Escaping, TextOutput
from chargen.training.report import Terminal

HOSTILE = "e\x1b]0;title\x07\x9b31m\u202e\u2066\u2028\x7f\rv\nError: fake"
SHOWN = r"e\x1b]0;title\x07\x9b31m\u202e\u2066\u2028\x7f\rv\nError: fake"
CORPUS = f"text {HOSTILE}"
OBEYED = re.compile("[\0-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")


@pytest.fixture
def hostile(labelled, workdir):
    """A model, a run of it and a corpus file, whose names, label and characters are all hostile."""
    label = {HOSTILE: 10, "sea": 30, "sky": 0}
    made = replace(labelled, labels=label, origin=Origin(corpus=HOSTILE, step=9, characters=9))
    folder = workdir / "checkpoints" / HOSTILE
    folder.mkdir(parents=True)
    made.save(folder / "model.safetensors")
    (workdir / CORPUS).write_text(f"{HOSTILE}\n" * 9)
    return HOSTILE


COMMANDS = [
    ("runs",),
    ("info",),
    ("corpus", CORPUS),
    ("sample", "A", "-l", "5", "--label", HOSTILE, "--report-copies", CORPUS),
    ("sample", HOSTILE, "-n", "2", "-l", "5", "-m", HOSTILE, "-v"),
    ("sample", "-m", f"no{HOSTILE}"),
    ("sample", "--label", f"no{HOSTILE}"),
    ("sample", "--stop", HOSTILE, "-l", "1"),
    (f"--no{HOSTILE}",),
    ("sample", f"--no{HOSTILE}"),
    ("sample", "-t", HOSTILE),
    ("score", "ABC", "-v", "--label", HOSTILE),
    ("score", CORPUS, "--label", "sea"),
    ("evaluate", f"no{HOSTILE}", "--label", "sea"),
    ("classify", "ABC", "-m", HOSTILE),
    ("plot", f"no{HOSTILE}"),
    ("plot", HOSTILE),
    ("resume", f"no{HOSTILE}"),
    ("train", f"no{HOSTILE}"),
    ("train", "--label", CORPUS),
]


@pytest.mark.parametrize("command", COMMANDS)
def test_no_command_says_them(invoke, hostile, command):
    result = invoke(*command, env={"NO_COLOR": ""})
    assert isinstance(result.exception, SystemExit | None), repr(result.exception)
    assert not OBEYED.search(result.stderr)
    assert "\nError: fake" not in result.stderr
    if command[0] not in ("sample",):  # which writes text, raw into pipes
        assert not OBEYED.search(result.stdout)
        assert "\nError: fake" not in result.stdout


def test_the_lines_of_training_say_none(capsys):
    report = Terminal()
    report.say(HOSTILE)
    report.close()
    assert capsys.readouterr().err == f"{SHOWN}\n"


def test_in_json_they_are_escapes_for_the_same_value(invoke, hostile):
    printed = invoke("runs", "--json").stdout
    assert not OBEYED.search(printed)
    (run,) = json.loads(printed)
    assert run["name"] == HOSTILE
    assert json.loads(invoke("info", "--json").stdout)["origin"]["corpus"] == HOSTILE


@pytest.fixture
def raw(make_checkpoint, workdir):
    """A model that writes control characters."""
    make_checkpoint(characters="A\n\x1b\x9b\r").save(workdir / "raw")
    return ("-m", "raw", "-l", "200", "-s", "1")


def test_generated_text_is_raw_in_a_pipe_and_shown_at_a_terminal(invoke, raw):
    pty = pytest.importorskip("pty", reason="no pseudo-terminals here")
    piped = invoke("sample", "A", *raw).stdout_bytes.decode()
    assert "\x1b" in piped
    assert "\r" in piped
    for command, given in (("sample", ["A"]), ("chat", [])):
        reader, writer = pty.openpty()
        subprocess.run(
            [sys.executable, "-m", "chargen", command, *given, *raw],
            input=b"A\n",
            stdout=writer,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "NO_COLOR": "1"},
            check=True,
        )
        os.close(writer)
        shown = os.read(reader, 65536).decode().replace("\r\n", "\n")
        os.close(reader)
        expected = piped.replace("\r\n", "\n")
        for character, escape in (("\x1b", r"\x1b"), ("\x9b", r"\x9b"), ("\r", r"\r")):
            expected = expected.replace(character, escape)
        assert shown == expected


def test_a_line_end_of_two_characters_is_one_however_it_comes(monkeypatch):
    class Screen:
        buffer = io.BytesIO()

        def isatty(self):
            return True

    monkeypatch.setattr(sys, "stdout", Screen())
    output = TextOutput()
    for piece in ("a\r", "\nb\r", "c", "\r\n"):
        output.put(piece)
    assert Screen.buffer.getvalue() == b"a\nb\\rc\n"


def test_a_progress_bar_still_moves():
    stream = io.StringIO(newline="")
    Escaping(stream).write("\rhalf\r")
    Escaping(stream).write("a\rb\n")
    assert stream.getvalue() == "\rhalf\ra\\rb\n"
