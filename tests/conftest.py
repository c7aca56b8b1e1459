"""Fixtures: tiny random networks, and the command line run in-process."""

import sys

import numpy as np
import pytest
from click.testing import CliRunner

from chargen.checkpoint import Checkpoint, Origin, weight_shapes
from chargen.cli import main
from chargen.config import CELLS, ModelConfig
from chargen.text.tokenizer import CharTokenizer
from chargen.text.vocabulary import Vocabulary


@pytest.fixture(params=CELLS)
def cell(request):
    return request.param


@pytest.fixture
def make_checkpoint():
    """Makes a small random network; its weights are wide enough to use the gates' curves."""

    def make(cell="lstm", *, units=(5, 3), characters="\n :ABCabc", seed=0, labels=None):
        labels = labels or {}
        config = ModelConfig(
            vocab_size=len(set(characters)),
            embedding_dim=4,
            cell=cell,
            units=units,
            labels=len(labels),
        )
        generator = np.random.default_rng(seed)
        weights = {
            name: generator.normal(0, 0.8, shape).astype(np.float32)
            for name, shape in weight_shapes(config).items()
        }
        vocabulary = Vocabulary(characters)
        start = "\n" if "\n" in vocabulary else characters[0]
        tokenizer = CharTokenizer(vocabulary, start)
        return Checkpoint(config, tokenizer, weights, Origin(corpus="tiny.txt", step=7), labels)

    return make


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
