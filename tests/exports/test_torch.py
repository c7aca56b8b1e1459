"""Folders for PyTorch, in PyTorch."""

import importlib.util
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

import chargen
from chargen.errors import ExportError, UnknownCharacterError
from chargen.exports.formats import export
from chargen.exports.verify import verify
from tests.exports.networks import (
    LENGTHS,
    ODD,
    SHAPES,
    assert_same,
    first,
    network,
    reading,
    with_tokenizer,
)

torch = pytest.importorskip("torch", reason="PyTorch is not installed: make test-torch")


def program(path):
    """The model.py of a folder as a module."""
    spec = importlib.util.spec_from_file_location("model", path / "model.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def load(path):
    return program(path).load(path)


def run(path, read):
    model, description = load(path)
    cell = description["model"]["config"]["cell"]
    before = [torch.tensor(array)[None] for array in read.before.values()]  # [1, batch, units]
    state = list(zip(before[::2], before[1::2], strict=True)) if cell == "lstm" else before
    labels = None if read.labels is None else torch.tensor(read.labels)
    with torch.inference_mode():
        logits, state = model(torch.tensor(read.ids), state, labels)
    after = [array for layer in state for array in layer] if cell == "lstm" else state
    names = read.after
    return logits.numpy(), {
        name: np.asarray(array).reshape(read.after[name].shape)
        for name, array in zip(names, after, strict=True)
    }


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("shape", SHAPES)
def test_pytorch_computes_the_same(tmp_path, shape, length):
    path = tmp_path / "model"
    export(network(*shape), "torch", path)
    read = reading(shape, length)
    assert_same(read, *run(path, read))
    assert_same(first(read), *run(path, first(read)))


@pytest.mark.slow
def test_model_py_writes_a_text(tmp_path, broken_pipe):
    export(network(labels=2), "torch", tmp_path / "model")
    command = [sys.executable, tmp_path / "model" / "model.py", "Ab"]
    result = subprocess.run(
        command, capture_output=True, encoding="utf-8", env={"PYTHONUTF8": "1"}, check=True
    )
    assert len(result.stdout) == 500
    wrong = subprocess.run([*command[:2], "ß"], capture_output=True, check=False)
    assert wrong.stderr == b"Error: The network never saw '\\xdf'.\n"
    unread = subprocess.run(command, stdout=broken_pipe, stderr=subprocess.PIPE, check=False)
    assert (unread.returncode, unread.stderr) == (0, b"")


VISIBLE = pytest.param(with_tokenizer(network(), start="A"), id="a start that can be seen")


@pytest.mark.parametrize("eagerness", [0, 50])
@pytest.mark.parametrize("model", [*ODD, VISIBLE])
def test_model_py_reads_and_writes_what_chargen_does(tmp_path, model, eagerness):
    """The likeliest characters are compared: PyTorch draws with random numbers of its own.

    An eager model wants to write the unknown character, and to end the document, at once.
    """
    wanted = np.isin(list(model.tokenizer.vocabulary.idx2char), ["\0", "\ufffd"])
    bias = model.weights["dense/bias"] + np.float32(eagerness) * wanted
    model = replace(model, weights={**model.weights, "dense/bias": bias.astype(np.float32)})
    export(model, "torch", tmp_path / "model")
    found, ours = program(tmp_path / "model"), chargen.LanguageModel(model)
    loaded = found.load(tmp_path / "model")
    label = next(iter(model.labels), None)
    for prompt in ("", "\n", "%", "é", "\N{SNOWMAN}", "%\0\n", "%\0"):
        try:
            given = model.tokenizer.prepare_prompt(prompt).text
        except UnknownCharacterError:
            with pytest.raises(ValueError, match="never saw"):
                list(found.write(*loaded, model.tokenizer.prepare(prompt)))
            continue
        text = ours.generate(prompt, length=20, temperature=0, no_repeat=0, label=label)
        assert "".join(found.write(*loaded, given, length=20, temperature=1e-6)) == text


def test_a_changed_program_is_not_run(tmp_path):
    export(network(), "torch", tmp_path / "model")
    program = tmp_path / "model" / "model.py"
    program.write_text(f"open({str(tmp_path / 'evil')!r}, 'w')\n{program.read_text()}")
    with pytest.raises(ExportError, match=r"is not run, as its model\.py is not what this chargen"):
        verify(tmp_path / "model")
    assert not (tmp_path / "evil").exists()
