"""Ctrl-C at any moment of the start ends in one line or none, with exit code 130."""

import subprocess
import sys

import pytest

# Ctrl-C at the moment when a module is looked for.
PROGRAM = """
import os, signal, sys

module = sys.argv.pop(1)

class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == module:
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Finder())
from chargen.__main__ import main
main()
"""
TRAIN = ["train", "sea.txt", "--epochs", "1", "--units", "8"]


def run(module, *args):
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, module, *args], capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    "module",
    ["click", "chargen.cli", "chargen.errors", "chargen.cli.sample", "chargen.checkpoint", "numpy"],
)
def test_while_a_command_is_loaded_nothing_is_said(module, workdir):
    result = run(module, "sample", "All: ", "-m", "bundled")
    assert result.returncode == 130
    assert result.stdout.strip() == ""
    assert result.stderr.strip() == ""


def test_while_a_help_page_is_made_nothing_is_said(workdir):
    result = run("chargen.cli.plot", "--help")
    assert (result.returncode, result.stderr) == (130, "")


@pytest.mark.parametrize(
    "module",
    [
        "chargen.training.run",
        "keras",
        "tensorflow",
        pytest.param("tensorflow.python.framework.ops", marks=pytest.mark.slow),
        pytest.param("tensorflow.lite", marks=pytest.mark.slow),
        pytest.param("chargen.training.prefetch", marks=pytest.mark.slow),
    ],
)
def test_while_tensorflow_is_loaded_one_line_is_said_and_nothing_is_left(module, workdir):
    (workdir / "sea.txt").write_text("the sea is under the town\n" * 200)
    result = run(module, *TRAIN)
    assert result.returncode == 130
    said = result.stderr.splitlines()
    assert said[-1] == "Stopped before the first step; nothing was changed."
    assert module == "tensorflow" or said[-2].startswith("Preset auto")  # looked for at first
    assert [path.name for path in workdir.iterdir()] == ["sea.txt"]


def test_ctrl_c_that_is_ignored_stays_so(workdir):
    ignoring = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)\n" + PROGRAM
    result = subprocess.run(
        [sys.executable, "-c", ignoring, "click", "--version"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (result.returncode, result.stderr) == (0, "")
