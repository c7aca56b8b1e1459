"""Fixtures: tiny random networks, the command line run in-process, and a browser."""

import os
import shutil
import signal
import sys
from importlib.util import find_spec

import pytest
from click.testing import CliRunner

from chargen.cli import main
from chargen.config import CELLS
from tests.helpers import tiny_checkpoint


def pytest_configure():
    """Lets the programs that tests start be interrupted.

    `nohup` and a shell's `&` start pytest with signals ignored, and whatever it starts inherits
    that. A signal with a handler, even one that does nothing, has its default action there.
    """
    for name in ("SIGINT", "SIGHUP"):
        number = getattr(signal, name, None)  # Windows has no SIGHUP
        if number is not None and signal.getsignal(number) == signal.SIG_IGN:
            signal.signal(number, lambda *_: None)


@pytest.fixture(params=CELLS)
def cell(request):
    return request.param


@pytest.fixture
def make_checkpoint():
    """Makes a small random network; its weights are wide enough to use the gates' curves."""
    return tiny_checkpoint


@pytest.fixture
def labelled(make_checkpoint):
    """A network with three labels."""
    return make_checkpoint(labels={"land": 10, "sea": 30, "sky": 0})


@pytest.fixture
def labelled_file(labelled, tmp_path):
    path = tmp_path / "labelled.safetensors"
    labelled.save(path)
    return path


@pytest.fixture
def checkpoint(make_checkpoint, cell):
    """A network of each cell."""
    return make_checkpoint(cell)


@pytest.fixture
def checkpoint_file(checkpoint, tmp_path):
    """A network of each cell, in a file."""
    path = tmp_path / "tiny.safetensors"
    checkpoint.save(path)
    return path


@pytest.fixture
def lstm_file(make_checkpoint, tmp_path):
    path = tmp_path / "lstm.safetensors"
    make_checkpoint("lstm").save(path)
    return path


@pytest.fixture
def no_training(monkeypatch):
    """Whoever gets as far as to import training's modules fails."""
    for name in ("backend", "model", "run"):
        monkeypatch.setitem(sys.modules, f"chargen.training.{name}", None)


@pytest.fixture
def workdir(tmp_path, monkeypatch):
    """An empty folder to be in, so that no run in the real checkpoints/ is found."""
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def broken_pipe():
    """A pipe to write to that nobody reads any more."""
    reader, writer = os.pipe()
    os.close(reader)
    yield writer
    os.close(writer)


@pytest.fixture
def invoke(workdir):
    """Runs the command line: invoke("sample", "All: ")."""
    return lambda *args, **more: CliRunner().invoke(main, [str(arg) for arg in args], **more)


@pytest.fixture
def refused(invoke, no_training):
    """Runs a command that must be refused in one line; gives that line."""

    def run(*args, code=1):
        result = invoke(*args)
        assert isinstance(result.exception, SystemExit), repr(result.exception)
        assert result.exit_code == code
        assert result.stdout == ""
        (line,) = result.stderr.splitlines()
        assert line.startswith("Error: ")
        return line

    return run


@pytest.fixture(scope="session")
def browser():
    """One browser for all tests of pages, where there is one."""
    programs = [name for name in ("chromium", "chromedriver") if shutil.which(name) is None]
    libraries = [name for name in ("selenium", "axe_core_python") if find_spec(name) is None]
    if missing := programs + libraries:
        pytest.skip(f"Pages are tested in Chromium; missing: {', '.join(missing)}.")
    from tests.browsing import start_browser

    driver = start_browser()
    yield driver
    driver.quit()
