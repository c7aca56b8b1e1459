"""Commands to copy work as they are pasted."""

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from chargen import shell
from chargen.shell import command
from chargen.storage.runs import run_folder


@pytest.fixture
def called(monkeypatch, tmp_path):
    """Lets chargen seem to be called as it is given, with a chargen on the path or not."""

    def pretend(name, *, on_path=False):
        monkeypatch.setattr(sys, "argv", [str(name)])
        monkeypatch.setattr(shutil, "which", lambda program: str(on_path) if on_path else None)

    return pretend


@pytest.mark.parametrize(
    "folder",
    ["checkpoints/run", "my runs/it's", "-x", "checkpoints/-x", "a b", "$HOME/`x`", "x;y/z", "é/ü"],
)
def test_a_folder_reaches_the_program_as_one_path(called, folder):
    called("chargen")
    program, verb, word = shlex.split(command("resume", Path(folder)))
    assert (program, verb) == ("chargen", "resume")
    assert not word.startswith("-")
    assert run_folder(word) == Path(folder)


def test_it_begins_as_the_user_began(called, tmp_path):
    script = tmp_path / "my bin" / "chargen"
    script.parent.mkdir()
    script.touch()
    called(script)
    assert shlex.split(command("sample")) == [str(script), "sample"]
    called(script, on_path=script)
    assert command("sample") == "chargen sample"
    called(script, on_path=tmp_path / "another" / "chargen")
    assert shlex.split(command("sample")) == [str(script), "sample"]
    called("/usr/bin/pytest")
    assert command("sample") == "chargen sample"
    called("")
    assert command("sample") == "chargen sample"


def test_python_is_the_one_that_runs(called):
    module = Path("somewhere", "chargen", "__main__.py")
    called(module)
    assert shlex.split(command("sample")) == [sys.executable, "-m", "chargen", "sample"]
    called(module, on_path=sys.executable)
    assert command("sample") == "python -m chargen sample"


@pytest.mark.skipif(os.name == "nt", reason="runs a shell")
def test_what_is_said_can_be_run(workdir, make_checkpoint):
    folder = Path("-odd", "it's a 'run'")
    make_checkpoint().save(folder / "model.safetensors")
    python = [sys.executable, "-m", "chargen"]
    refused = subprocess.run(
        [*python, "resume", f"./{folder}"], capture_output=True, text=True, check=False
    )
    assert refused.returncode == 1
    shown = refused.stderr.partition("with ")[2].strip().removesuffix(".")
    again = shown.replace("CORPUS", "nowhere.txt")
    tried = subprocess.run(again, shell=True, capture_output=True, text=True, check=False)
    assert "nowhere.txt" in tried.stderr  # the model was found, the text is none
    assert "checkpoint" not in tried.stderr


@pytest.mark.parametrize(
    ("name", "word"),
    [(r"C:\runs\sea", r"C:\runs\sea"), ("my run", '"my run"'), ("it's", '"it\'s"'), ("", '""')],
)
def test_on_windows_a_name_is_in_double_quotes(called, monkeypatch, name, word):
    called("chargen")
    monkeypatch.setattr(shell, "_ON_WINDOWS", True)
    assert command("resume", name) == f"chargen resume {word}"
