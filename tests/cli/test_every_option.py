"""Every option and argument of every command answers every bad value, in a few lines, at once.

They are found by walking the commands, so a new one is tested without being listed.
"""

import logging
import os
import shutil
import signal
import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import click
import pytest

from chargen.cli import main
from chargen.cli.options import output_file
from chargen.errors import RunError
from chargen.language_model import LanguageModel
from chargen.storage import waiting
from chargen.storage.atomic import write_atomically
from chargen.training.history import Row, write_history
from tests.helpers import save_run, tiny_checkpoint

pytestmark = pytest.mark.skipif(os.name == "nt", reason="needs pipes, devices and alarms")

VALUES = [
    "", " ", "-", "-1", "--", "0", "5", "0.5", "nan", "-inf", "1e400", f"1{'0' * 400}", "9" * 5000,
    f"-{'9' * 5000}", "\0", "\udcff\udcfe", "a\nb", "😀", "\x1b]0;x\x07", "x" * 300, "x" * 5000,
    "a,b", "[", "*", "a=b", "..", "/dev/null", "/dev/zero", "/dev/full", "loop", "dangling",
    "folder", "text.txt", "text.txt/x", "/proc/nowhere/x", "model.safetensors", "run",
]  # fmt: skip
MAX_MESSAGE = 1000  # characters
MAX_SECONDS = 30
# What each command is given besides the value, and, after it, what the value replaces if it is one
# of the command's arguments.
GIVEN = {
    "train": (["--name", "new"], ["text.txt"]),
    "resume": ([], ["run"]),
    "launch": ([], ["train", "text.txt"]),
    "sample": (["-m", "model.safetensors", "--length", "3"], ["A"]),
    "chat": (["-m", "model.safetensors", "--length", "3"], []),
    "evaluate": (["-m", "model.safetensors"], ["short.txt"]),
    "score": (["-m", "model.safetensors"], ["AB"]),
    "classify": (["-m", "model.safetensors", "-m", "run"], ["AB"]),
    "runs": ([], []),
    "info": (["-m", "model.safetensors"], []),
    "corpus": ([], ["short.txt"]),
    "plot": (["-o", "curve.svg"], ["run"]),
    "inspect": (["-m", "model.safetensors"], ["AB"]),
    "serve": (["--port", "0", "--folder", "."], []),
    "verify": ([], ["hub"]),
    "export keras": (["-m", "model.safetensors", "-o", "out.keras"], []),
    "export savedmodel": (["-m", "model.safetensors", "-o", "out"], []),
    "export onnx": (["-m", "model.safetensors", "-o", "out.onnx"], []),
    "export torch": (["-m", "model.safetensors", "-o", "out"], []),
    "export hub": (["-m", "model.safetensors", "-o", "out"], []),
    "export page": (["-m", "model.safetensors", "-o", "out.html"], []),
    "export python": (["-m", "model.safetensors", "-o", "out.py"], []),
    "export half": (["-m", "model.safetensors", "-o", "out.safetensors"], []),
}


def walk(group, before=()):
    """Yield each command that does something, by what is typed to call it."""
    for name in group.list_commands(None):
        command, typed = group.get_command(None, name), (*before, name)
        if isinstance(command, click.Group):
            yield from walk(command, typed)
        else:
            yield " ".join(typed), command


COMMANDS = dict(walk(main))
PARAMETERS = [
    pytest.param(name, each, id=f"{name}-{each.name}")
    for name, command in COMMANDS.items()
    for each in command.params
]


class TooLong(BaseException):
    """A command that does not end."""


@pytest.fixture
def limited():
    """Ends a command that takes too long; to be called before each one."""

    def stop(number, frame):
        raise TooLong

    before = signal.signal(signal.SIGALRM, stop)
    yield lambda: signal.setitimer(signal.ITIMER_REAL, MAX_SECONDS)
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """A folder with a file of every kind."""
    folder = tmp_path_factory.mktemp("prepared")
    (folder / "text.txt").write_text("To be, or not to be: that is the question.\n" * 60)
    (folder / "short.txt").write_text("AB abc\n")
    (folder / "folder").mkdir()
    (folder / "folder" / "text").write_text("Ab\n" * 700)
    (folder / "loop").symlink_to("loop")
    (folder / "dangling").symlink_to("nowhere")
    tiny_checkpoint().save(folder / "model.safetensors")
    tiny_checkpoint().save(folder / "run" / "model.safetensors")
    save_run(folder / "run", folder / "text.txt", units=(3,), embedding_dim=2)
    rows = [Row(1, 0.1, 0.1, 2.0, 2.0, 2.0, 3.0), Row(2, 0.2, 0.1, 1.0, 1.0, 1.0, 2.0)]
    write_history(folder / "run", rows)
    LanguageModel(tiny_checkpoint()).export(folder / "hub", "hub")
    return folder


@pytest.fixture
def files(prepared, workdir, monkeypatch):
    """A copy of that folder, to work in.

    Training ends before TensorFlow is imported, as do the exports that need it; a server, before
    it serves.
    """

    def stop(*args, **kwargs):
        raise RunError("Training would begin now.")

    monkeypatch.setattr("chargen.training.start.build_run", stop)
    monkeypatch.setattr("chargen.training.resume.build_run", stop)
    monkeypatch.setattr("chargen.training.cluster.launcher.launch", stop)
    monkeypatch.setitem(sys.modules, "chargen.exports.savedmodel", SimpleNamespace(write=stop))
    keras = SimpleNamespace(write=lambda checkpoint, path: write_atomically(path, b""))
    monkeypatch.setitem(sys.modules, "chargen.exports.keras", keras)
    serve = "chargen.serving.server.serve"
    monkeypatch.setattr(serve, lambda app, listening, **_: listening.close())
    monkeypatch.setenv("CHARGEN_CACHE", str(workdir / "cache"))
    shutil.copytree(prepared, workdir, symlinks=True, dirs_exist_ok=True)
    return workdir


def words(command, parameter, value):
    """What to type so that a parameter has this value."""
    options, arguments = GIVEN[command]
    if isinstance(parameter, click.Argument):
        return [*command.split(), *options, "--", value]
    name = parameter.opts[-1]
    typed = [f"{name}={value}"] if name.startswith("--") else [name, value]
    return [*command.split(), *options, *typed, *arguments]


def check(result):
    """Check that a command ended as it should."""
    assert result.exception is None or isinstance(result.exception, SystemExit)
    assert result.exit_code in (0, 1, 2)
    assert len(result.stderr) <= MAX_MESSAGE


def test_every_command_is_called():
    assert GIVEN.keys() == COMMANDS.keys()


@pytest.mark.parametrize(("command", "parameter"), PARAMETERS)
def test_a_bad_value_is_told(files, invoke, limited, command, parameter):
    for value in VALUES:
        limited()
        check(invoke(*words(command, parameter, value)))


@pytest.mark.parametrize("command", GIVEN)
def test_what_is_given_besides_is_good(files, invoke, command):
    options, arguments = GIVEN[command]
    result = invoke(*command.split(), *options, *arguments)
    check(result)
    if command in ("train", "resume", "launch", "export savedmodel"):
        assert "Training would begin now." in result.stderr
    else:
        assert result.exit_code == 0


@pytest.mark.parametrize("typed", [["x" * 5000], ["sample", f"--{'x' * 5000}"], ["\0"]])
def test_what_is_no_command_or_option_is_told(invoke, typed):
    check(invoke(*typed))


class Peer(logging.Handler):
    """Is at the other end of a pipe, from when a command says that it waits for that."""

    def __init__(self, path, flags):
        super().__init__()
        self.said = ""
        self._path, self._flags = path, flags
        self._told = threading.Event()
        self._thread = threading.Thread(target=self._serve)

    def emit(self, record):
        self.said += record.getMessage()
        self._told.set()

    def _serve(self):
        self._told.wait()
        if self.said:
            with Path(self._path).open(self._flags) as file:
                file.write(b"AB abc\n" * 300) if self._flags == "wb" else file.read()

    def __enter__(self):
        logging.getLogger("chargen").addHandler(self)
        self._thread.start()
        return self

    def __exit__(self, *exception):
        logging.getLogger("chargen").removeHandler(self)
        self._told.set()
        self._thread.join()


@pytest.mark.parametrize(("command", "parameter"), PARAMETERS)
def test_a_pipe_is_refused_or_waited_for_with_a_word(
    files, invoke, limited, monkeypatch, command, parameter
):
    monkeypatch.setattr(waiting, "SECONDS", 0.01)
    os.mkfifo("pipe.svg")
    flags = "rb" if parameter.type is output_file else "wb"
    with Peer("pipe.svg", flags) as peer:
        limited()
        check(invoke(*words(command, parameter, "pipe.svg")))
    is_text = command in ("train", "corpus", "evaluate") and isinstance(parameter, click.Argument)
    assert (" pipe.svg, which is a pipe" in peer.said) or not (is_text or flags == "rb")
