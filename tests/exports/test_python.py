"""A program of one file: short, and it writes what chargen writes."""

import ast
import base64
import io
import signal
import subprocess
import sys
from dataclasses import replace
from types import ModuleType

import numpy as np
import pytest

import chargen
from chargen.errors import ExportError
from chargen.exports.formats import export
from chargen.exports.verify import verify
from tests.exports.networks import (
    LENGTHS,
    ODD,
    SHAPES,
    arrays_of,
    network,
    reading,
    with_tokenizer,
)
from tests.helpers import decoder_of

MAX_LINES = 160


def load(path):
    """The program as a module."""
    program = ModuleType("writer")
    exec(compile(path.read_text("utf-8"), str(path), "exec"), vars(program))
    return program


def exported(tmp_path, checkpoint):
    path = tmp_path / "writer.py"
    export(checkpoint, "python", path)
    return path


@pytest.fixture(scope="module")
def bundled(tmp_path_factory):
    path = tmp_path_factory.mktemp("program") / "writer.py"
    export(chargen.load("bundled").checkpoint, "python", path)
    return path


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("shape", SHAPES)
def test_the_network_is_the_same(tmp_path, shape, length):
    program, checkpoint = load(exported(tmp_path, network(*shape))), network(*shape)
    ids = reading(shape, length).ids[0]
    label = 1 if shape[2] else None
    ours = decoder_of(checkpoint, 1, None if label is None else np.array([label]))
    theirs = program.Network(label)
    logits = [(theirs.read(index), ours.step(np.array([index]))[0].copy()) for index in ids]
    np.testing.assert_allclose(*map(np.array, zip(*logits, strict=True)), atol=1e-4, rtol=0)
    for state, array in zip(theirs.states, arrays_of(ours.state).values(), strict=False):
        assert state[0].dtype == array.dtype == np.float32


def test_it_is_short_and_readable(bundled):
    program = bundled.read_text("utf-8").partition("WEIGHTS = ")[0]
    after = bundled.read_text("utf-8").rpartition('"""')[2]
    lines = [*program.splitlines(), *after.splitlines()]
    assert len(lines) < MAX_LINES
    assert max(map(len, bundled.read_text("utf-8").splitlines())) <= 100


def test_it_imports_nothing_but_numpy(bundled):
    tree = ast.parse(bundled.read_text("utf-8"))
    names = {each.name for node in tree.body if isinstance(node, ast.Import) for each in node.names}
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    assert names - set(sys.stdlib_module_names) == {"numpy"}


def test_the_bundled_model_writes_the_same_text(bundled):
    """A thousand characters of several seeds: none of these draws falls within rounding."""
    program, model = load(bundled), chargen.load("bundled")
    for seed in range(3):
        given = {"length": 1000, "seed": seed, "temperature": 0.8}
        assert "".join(program.write("All: ", **given)) == model.generate("All: ", **given)
    given = {"length": 300, "temperature": 0}
    assert "".join(program.write(**given)) == model.generate(**given, no_repeat=0)


PROMPTS = ["", "A", "Ab\r\nc: ", "\n", "É’a\u0301", "  "]


@pytest.mark.parametrize("model", [*ODD, pytest.param(network("gru", (7,)), id="gru")])
def test_every_text_is_prepared_and_written_the_same(tmp_path, model):
    program, ours = load(exported(tmp_path, model)), chargen.LanguageModel(model)
    separator = model.tokenizer.separator
    prompts = [*PROMPTS, f"s{separator}rip", f"t{separator}"] if separator else PROMPTS
    written = 0
    for prompt in prompts:
        for seed in range(5):
            try:
                text = ours.generate(prompt, length=60, seed=seed)
            except chargen.UnknownCharacterError:
                with pytest.raises(ValueError, match="never saw"):
                    list(program.write(prompt, length=60, seed=seed))
                continue
            assert "".join(program.write(prompt, length=60, seed=seed)) == text
            written += len(text)
    assert written > 100


def test_a_text_without_spaces_begins_with_its_start(tmp_path):
    model = with_tokenizer(network(), start="A")
    program, ours = load(exported(tmp_path, model)), chargen.LanguageModel(model)
    assert "".join(program.write(seed=1, length=20)) == ours.generate(seed=1, length=20)


def test_labels_are_asked_for_or_drawn(tmp_path):
    model = replace(network(labels=3), labels={"a": 10, "b": 3, "c": 0})
    program, ours = load(exported(tmp_path, model)), chargen.LanguageModel(model)
    for label in (None, "a", "c"):
        for seed in range(4):
            given = {"seed": seed, "length": 30, "label": label}
            assert "".join(program.write("A", **given)) == ours.generate("A", **given)
    with pytest.raises(ValueError, match=r"The labels are \['a', 'b', 'c'\]; received 'd'"):
        list(program.write("A", label="d"))


def run(path, *args):
    return subprocess.run(
        [sys.executable, "-I", path, *args], capture_output=True, encoding="utf-8", check=False
    )


def test_it_runs_from_the_command_line(bundled):
    result = run(bundled, "All: ", "--length", "50", "--seed", "1", "--temperature", "0.5")
    assert result.returncode == 0, result.stderr
    expected = chargen.load("bundled").generate("All: ", length=50, seed=1, temperature=0.5)
    assert result.stdout == expected
    assert "--temperature" in run(bundled, "--help").stdout


def test_whoever_stops_listening_causes_no_fuss(bundled, broken_pipe):
    result = subprocess.run(
        [sys.executable, "-I", bundled], stdout=broken_pipe, stderr=subprocess.PIPE, check=False
    )
    assert (result.returncode, result.stderr) == (0, b"")


def test_ctrl_c_causes_no_fuss(bundled):
    command = [sys.executable, "-I", bundled, "--length", "1000000"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe) as process:
        assert process.stdout.read(1)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate()
    assert (process.returncode, said) == (130, b"")


def test_an_unknown_character_is_told_in_a_line(bundled):
    result = run(bundled, "Grüße")
    assert result.returncode == 1
    assert result.stderr == "Error: The network never saw '\\xdf', '\\xfc'.\n"


def test_a_changed_line_is_named_and_not_run(tmp_path):
    path = exported(tmp_path, network())
    text = path.read_text("utf-8")
    evil = text.replace("import re\n", f"import re; open({str(tmp_path / 'evil')!r}, 'w')\n", 1)
    path.write_text(evil, "utf-8")
    number = next(i for i, line in enumerate(evil.splitlines(), 1) if "evil" in line)
    with pytest.raises(ExportError, match=f"is not run, as its line {number} is not what"):
        verify(path)
    assert not (tmp_path / "evil").exists()


def test_another_vocabulary_in_the_code_is_noticed(tmp_path):
    path = exported(tmp_path, network())
    path.write_text(path.read_text("utf-8").replace("ABCabc", "ABCacb"), "utf-8")
    with pytest.raises(ExportError, match=r"writer.py is not run, as its line \d+"):
        verify(path)


def test_changed_weights_are_named(tmp_path):
    path = exported(tmp_path, network())
    text = path.read_text("utf-8")
    before, data, after = text.partition('b64decode("""\n')[0], *text.split('"""')[-2:]
    arrays = dict(np.load(io.BytesIO(base64.b64decode(data))))
    arrays["dense/bias"] = arrays["dense/bias"] + np.float32(0.01)
    changed = io.BytesIO()
    np.savez(changed, **arrays)
    encoded = base64.b64encode(changed.getvalue()).decode()
    path.write_text(f'{before}b64decode("""\n{encoded}\n"""{after}', "utf-8")
    with pytest.raises(ExportError, match="its dense/bias does not match its SHA-256"):
        verify(path)


def test_a_model_too_large_for_a_program_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("chargen.exports.python._MAX_BYTES", 1000)
    with pytest.raises(ExportError, match=r"holds up to 0.001 MB of weights; this model has"):
        exported(tmp_path, network())
    assert not list(tmp_path.iterdir())
