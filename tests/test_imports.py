"""Start-up stays quick because heavy libraries are imported only where they are needed."""

import subprocess
import sys

import pytest


def imported_by(program):
    """The top-level names of all modules that a program has imported when it ends."""
    result = subprocess.run(
        [sys.executable, "-c", f"{program}\nimport sys\nsys.stderr.write(' '.join(sys.modules))"],
        capture_output=True,
        text=True,
        check=True,
    )
    return {name.partition(".")[0] for name in result.stderr.split()}


def imported_by_command(*args):
    return imported_by(f"from chargen.cli import main\nmain({list(args)}, standalone_mode=False)")


def test_import_chargen_is_light():
    assert not imported_by("import chargen") & {"numpy", "click", "safetensors", "tensorflow"}


def test_loading_a_model_imports_no_tensorflow(lstm_file):
    modules = imported_by(f"import chargen\nchargen.load({str(lstm_file)!r}).generate('A')")
    assert "numpy" in modules
    assert not modules & {"tensorflow", "keras", "click", "tqdm"}


def test_writing_a_text_imports_no_tensorflow(lstm_file):
    modules = imported_by_command("sample", "A", "-m", str(lstm_file), "-n", "10")
    assert "numpy" in modules
    assert not modules & {"tensorflow", "keras", "tqdm"}


@pytest.mark.parametrize(
    ("command", "args"),
    [
        ("evaluate", ["-m", "{0}", "{1}"]),
        ("score", ["A", "-m", "{0}"]),
        ("inspect", ["A", "-m", "{0}"]),
        ("classify", ["A", "-m", "{0}", "-m", "{2}"]),
    ],
)
def test_measuring_a_text_imports_no_tensorflow(lstm_file, tmp_path, command, args):
    (tmp_path / "text").write_text("ABC")
    (tmp_path / "other").write_bytes(lstm_file.read_bytes())
    paths = lstm_file, tmp_path / "text", tmp_path / "other"
    modules = imported_by_command(command, *(arg.format(*paths) for arg in args))
    assert "numpy" in modules
    assert not modules & {"tensorflow", "keras", "tqdm"}


def test_the_launcher_imports_no_arithmetic():
    assert not imported_by("import chargen.training.cluster.launcher") & {"tensorflow", "numpy"}


def test_info_imports_no_tensorflow(lstm_file):
    assert not imported_by_command("info", "-m", str(lstm_file)) & {"tensorflow", "keras", "tqdm"}


@pytest.mark.parametrize(
    "command",
    [
        [],
        ["train"],
        ["resume"],
        ["launch"],
        ["sample"],
        ["chat"],
        ["evaluate"],
        ["score"],
        ["inspect"],
        ["classify"],
        ["export"],
        ["export", "onnx"],
        ["verify"],
        ["info"],
        ["corpus"],
    ],
)
def test_help_imports_no_arithmetic(command):
    modules = imported_by_command(*command, "--help")
    assert "click" in modules
    assert not modules & {"tensorflow", "keras", "numpy", "prompt_toolkit"}
