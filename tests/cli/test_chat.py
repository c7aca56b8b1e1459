"""The command, with lines from a pipe and at a terminal of its own; see test_conversation.py."""

import os
import select
import subprocess
import sys
import time

import pytest
from click.testing import CliRunner

import chargen
from chargen.cli import main

PROMPT = b"\x1b[?2004h"  # which the line editor sends before each: paste is to be bracketed


@pytest.fixture
def chat(workdir, lstm_file):
    """Runs `chargen chat` with lines from a pipe."""

    def run(text, *options):
        options = [str(option) for option in options]
        return CliRunner().invoke(main, ["chat", "-m", str(lstm_file), *options], input=text)

    return run


def test_texts_and_nothing_else_go_to_standard_output(chat, lstm_file):
    result = chat(":settings\nA\n:seed 4\nxyz\nB", "-l", 30, "-s", 3)
    model = chargen.load(lstm_file)
    texts = [
        prompt + model.generate(prompt, length=30, seed=seed)
        for prompt, seed in (("A", 3), ("B", 4))
    ]
    assert result.stdout == "\n".join(texts) + "\n"
    assert ":temperature 0.8" in result.stderr


def test_a_text_that_is_carried_on_is_whole_there(chat, lstm_file):
    result = chat("A\n:more\n\n", "-l", 30, "-s", 3)
    text = chargen.load(lstm_file).generate("A", length=90, seed=3)
    assert result.stdout == f"A{text}\n"
    assert result.stderr == ""
    assert result.exit_code == 0


def test_windows_line_endings_are_no_part_of_prompts(chat):
    assert chat(b"A\r\n:more\r\n", "-s", 3).stdout == chat(b"A\n:more\n", "-s", 3).stdout


def test_what_cannot_be_followed_does_not_end_it_but_shows_in_the_exit_code(chat):
    result = chat(b":frob\n\xff\n:temperature x\n:top-p 2\nA\n", "-l", 5)
    assert result.exit_code == 1
    assert [line.partition(" ")[0] for line in result.stderr.splitlines()] == ["Error:"] * 4
    assert "Error: :temperature: 'x' is not a number." in result.stderr
    assert "Error: :top-p must be a number from 0 to 1, 0 excluded; received 2.0." in result.stderr
    assert "A line is not UTF-8 text: byte 0xff at offset 0." in result.stderr
    assert len(result.stdout) == 7


def test_quit_ends_it(chat):
    result = chat("A\n:quit\nB\n", "-l", 5)
    assert len(result.stdout) == 7
    assert result.exit_code == 0


def test_no_lines_at_all(chat):
    result = chat("")
    assert (result.stdout, result.stderr, result.exit_code) == ("", "", 0)


def test_a_bad_setting_is_told_before_the_first_line(refused):
    assert "temperature must be" in refused("chat", "-t", "-1", code=2)


def test_closed_standard_input_is_no_traceback(lstm_file):
    result = subprocess.run(
        ["sh", "-c", '"$@" <&-', "sh", sys.executable, "-m", "chargen", "chat", "-m", lstm_file],
        capture_output=True,
        check=True,
    )
    assert result.stderr == b""


# At a terminal


class Terminal:
    """A program at a pseudo-terminal which it is in control of."""

    START = (
        "import fcntl, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0);"
        "from chargen.cli import main; main(sys.argv[1:])"
    )

    def __init__(self, *arguments, **environment):
        pty = pytest.importorskip("pty", reason="no pseudo-terminals here")
        self._ours, theirs = pty.openpty()
        self._process = subprocess.Popen(
            [sys.executable, "-c", self.START, *map(str, arguments)],
            **dict.fromkeys(("stdin", "stdout", "stderr"), theirs),
            env={**os.environ, "TERM": "xterm", "PROMPT_TOOLKIT_NO_CPR": "1", **environment},
            start_new_session=True,
        )
        os.close(theirs)

    def type(self, text):
        os.write(self._ours, text.encode())

    def read_until(self, enough, seconds=30):
        """What is shown, until `enough` says so; it must come within some seconds."""
        shown = b""
        deadline = time.monotonic() + seconds
        while not enough(shown):
            ready, _, _ = select.select([self._ours], [], [], max(0, deadline - time.monotonic()))
            assert ready, f"nothing more came after {shown[-300:]!r}"
            shown += os.read(self._ours, 65536)
        return shown

    def ask(self, keys):
        """Type; gives what is shown from then to the next prompt."""
        self.type(keys)
        return self.read_until(lambda shown: PROMPT in shown)

    def wait(self):
        return self._process.wait(timeout=30)

    def close(self):
        self._process.kill()
        self._process.wait()
        os.close(self._ours)


@pytest.fixture
def terminal(lstm_file, tmp_path, workdir):
    """A chat at a terminal, after its first prompt."""
    started = []

    def start(*options, **environment):
        state = {"XDG_STATE_HOME": str(tmp_path / "state")}
        it = Terminal("chat", "-m", lstm_file, *options, **{**state, **environment})
        started.append(it)
        it.read_until(lambda shown: PROMPT in shown)
        return it

    yield start
    for it in started:
        it.close()


def test_ctrl_c_stops_the_text_and_the_line_but_not_the_program(terminal, workdir):
    it = terminal("-l", 10**9, "-s", 3)
    it.type("A\r")
    it.read_until(lambda shown: len(shown) > 2000)
    it.ask("\x03")
    it.ask("never sent\x03")
    it.ask(":length 50\r")
    it.ask(":more\r")
    assert b"Saved in tale.txt" in it.ask(":save tale.txt\r")
    it.type("\x04")
    assert it.wait() == 0
    text = (workdir / "tale.txt").read_text()
    model = chargen.load(workdir.parent / "lstm.safetensors")
    assert text[:-1] == "A" + model.generate("A", length=len(text) - 2, seed=3)


def test_lines_are_edited_completed_and_remembered(terminal, tmp_path):
    it = terminal("-s", 3)
    assert b":length 60 " in it.ask(":leng\t 60\r")
    it.ask("bc\x01A\x05\x7f\r")  # home, A, end, backspace
    it.type(":quit\r")
    assert it.wait() == 0
    history = next((tmp_path / "state").rglob("chat-history"))
    lines = [line for line in history.read_text().splitlines() if line.startswith("+")]
    assert lines == ["+:length 60", "+Ab", "+:quit"]
    assert history.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(("no_color", "is_bold"), [("", True), ("1", False)])
def test_the_prompt_stands_out_unless_colours_are_not_wanted(terminal, no_color, is_bold):
    it = terminal("-l", 1, NO_COLOR=no_color)
    assert (b"\x1b[1mAb" in it.ask("Ab\r")) == is_bold


def test_a_history_that_cannot_be_kept_is_done_without(terminal, tmp_path):
    (tmp_path / "state").write_text("a file where a folder should be")
    it = terminal("-l", 1)
    it.ask("A\r")
    it.type(":quit\r")
    assert it.wait() == 0
