"""Without TensorFlow, everything but training works."""

import sys

import pytest


@pytest.fixture
def light(monkeypatch, workdir, labelled_file, lstm_file):
    """A model, a text and a history, in a Python that has no TensorFlow."""
    for name in ("tensorflow", "keras", "chargen.training.backend"):
        monkeypatch.setitem(sys.modules, name, None)
    (workdir / "text.txt").write_text("Ab: abc\n" * 300)
    run = workdir / "checkpoints" / "mine"
    run.mkdir(parents=True)
    (run / "resume.safetensors").write_bytes(lstm_file.read_bytes())
    return lstm_file


def test_all_but_training_works(invoke, light, labelled_file):
    for command in (
        ("sample", "Ab", "-m", light),
        ("chat", "-m", light),
        ("score", "Ab", "-m", light),
        ("evaluate", "text.txt", "-m", light, "--unknown", "skip"),
        ("classify", "Ab", "-m", labelled_file),
        ("info", "-m", light),
        ("corpus", "text.txt"),
        ("runs",),
        ("--help",),
        ("train", "--help"),
    ):
        result = invoke(*command)
        assert result.exit_code == 0, (command, result.output)


@pytest.mark.parametrize("command", [("train", "text.txt"), ("resume", "mine")], ids=" ".join)
def test_training_says_what_to_install(refused, light, command):
    told = "need TensorFlow, which is not installed: pip install 'chargen[train]'."
    assert told in refused(*command)
