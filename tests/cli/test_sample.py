import os
import subprocess
import sys
from pathlib import Path

import pytest

import chargen
from chargen.checkpoint import MODEL_FILE

SAMPLE = (sys.executable, "-m", "chargen", "sample")


def test_the_prompt_then_what_follows_it(invoke, checkpoint_file):
    result = invoke("sample", "Ab: ", "-c", checkpoint_file, "-n", 40, "-t", 0.7, "-s", 3)
    text = chargen.load(checkpoint_file).generate("Ab: ", length=40, temperature=0.7, seed=3)
    assert result.exit_code == 0
    assert result.stdout == f"Ab: {text}\n"
    assert result.stderr == ""


def test_long_and_short_options_are_the_same(invoke, lstm_file):
    short = invoke("sample", "A", "-c", lstm_file, "-n", 30, "-t", 0.5, "-s", 1)
    long = invoke(
        *("sample", "A", "--checkpoint", lstm_file),
        *("--length", 30, "--temperature", 0.5, "--seed", 1),
    )
    assert short.stdout == long.stdout


def test_defaults_are_those_of_python(invoke, lstm_file):
    result = invoke("sample", "-c", lstm_file, "-s", 1)
    assert result.stdout == chargen.load(lstm_file).generate(seed=1) + "\n"


def test_temperature_0_is_taken(invoke, lstm_file):
    once, again = (invoke("sample", "A", "-c", lstm_file, "-t", 0) for _ in range(2))
    assert once.stdout == again.stdout


def test_length_0_is_taken(invoke, lstm_file):
    assert invoke("sample", "Ab", "-c", lstm_file, "-n", 0).stdout == "Ab\n"


def test_without_a_checkpoint_the_newest_run_writes(invoke, workdir, make_checkpoint):
    make_checkpoint(characters="xy").save(workdir / "checkpoints" / "mine" / MODEL_FILE)
    assert set(invoke("sample", "x").stdout) <= set("xy\n")
    assert (
        invoke("sample", "x", "-s", 1).stdout == invoke("sample", "x", "-s", 1, "-c", "mine").stdout
    )


def test_output_is_utf8_with_its_own_line_endings(make_checkpoint, tmp_path):
    make_checkpoint(characters="é世😀\r\n").save(tmp_path / "file")
    result = subprocess.run(
        [*SAMPLE, "世", "-c", tmp_path / "file", "-s", "1", "-n", "200"],
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        check=True,
    )
    text = chargen.load(tmp_path / "file").generate("世", seed=1, length=200)
    assert result.stdout == f"世{text}\n".encode()
    assert result.stderr == b""


def test_help_names_every_option_and_default(invoke):
    result = invoke("sample", "--help")
    assert result.exit_code == 0
    for words in ("--checkpoint", "--length", "[default: 500]", "[default: 0.8]", "--seed"):
        assert words in result.stdout


def test_whoever_stops_listening_causes_no_fuss(lstm_file):
    with (
        subprocess.Popen(
            [*SAMPLE, "A", "-c", lstm_file, "-n", "100000"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as sample,
        subprocess.Popen(
            ["head", "-c", "100"], stdin=sample.stdout, stdout=subprocess.PIPE
        ) as head,
    ):
        sample.stdout.close()
        assert len(head.stdout.read()) == 100
        assert sample.stderr.read() == b""
        assert sample.wait() == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.parametrize("command", ["sample", "info"])
def test_a_full_disk_is_told(lstm_file, command):
    given = ["-c"] if command == "sample" else []
    with Path("/dev/full").open("wb") as full:
        result = subprocess.run(
            [sys.executable, "-m", "chargen", command, *given, lstm_file],
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert result.returncode == 1
    assert result.stderr == b"Error: The output could not be written: the disk is full.\n"


@pytest.mark.skipif(os.name == "nt", reason="needs a POSIX shell")
def test_no_standard_output_at_all_is_no_traceback(lstm_file):
    result = subprocess.run(
        ["sh", "-c", '"$@" >&-', "sh", *SAMPLE, "A", "-c", lstm_file],
        stderr=subprocess.PIPE,
        check=False,
    )
    assert b"Traceback" not in result.stderr
