"""What a model's file says of how it was made, and what it keeps to itself."""

import getpass
import re
import socket
import sys
from pathlib import Path

import pytest

from chargen.training import provenance


@pytest.mark.parametrize(
    ("word", "left"),
    [
        ("/home/anna/novel.txt", "novel.txt"),
        ("--name=/home/anna/x", "--name=x"),
        ("~/novel.txt", "novel.txt"),
        ("../anna/novel.txt", "novel.txt"),
        ("x/../../anna/y", "y"),
        ("NAME=/a/b/*.txt", "NAME=*.txt"),
        (r"C:\Users\Anna\novel.txt", "novel.txt"),
        (r"\\server\share\novel.txt", "novel.txt"),
        ("/home/an na/my novel.txt", "my novel.txt"),
        ("texts/novel.txt", "texts/novel.txt"),
        ("--minutes", "--minutes"),
        (r"\n\n", r"\n\n"),
        ("-", "-"),
        ("/", "/"),
    ],
)
def test_folders_outside_are_left_out(word, left):
    assert provenance.without_folders(word) == left


@pytest.mark.parametrize(
    "program", ["/home/anna/.venv/bin/chargen", "chargen.exe", "/x/chargen/__main__.py"]
)
def test_the_command_line_can_be_pasted(monkeypatch, program):
    words = ["train", "/home/anna/my novel.txt", "--minutes", "3"]
    monkeypatch.setattr(sys, "argv", [program, *words])
    assert provenance.command() == "chargen train 'my novel.txt' --minutes 3"


@pytest.mark.parametrize("program", ["", "-c", "ipykernel_launcher.py", "/home/anna/mine.py"])
def test_another_program_is_not_told_of(monkeypatch, program):
    monkeypatch.setattr(sys, "argv", [program, "-f", "/home/anna/kernel.json"])
    assert provenance.command() is None


def test_the_machine_has_no_name():
    told = f"{provenance.machine()} {provenance.software()}"
    assert re.search(r", \d+ cores?( and a GPU)?, \w+ \w+", provenance.machine())
    assert set(provenance.software()) == {"python", "tensorflow", "keras", "numpy"}
    for secret in (socket.gethostname(), str(Path.home()) + "/"):
        assert secret not in told
    assert getpass.getuser() not in told.split()


def test_the_date_is_in_utc_and_iso_8601():
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", provenance.now())
