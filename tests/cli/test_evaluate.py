import json
import os
import subprocess
import sys

import pytest

import chargen

TEXT = "ABC: cab\nA" * 30


@pytest.fixture
def text_file(tmp_path):
    path = tmp_path / "text.txt"
    path.write_bytes(TEXT.encode())
    return path


def test_a_table_of_losses(invoke, checkpoint_file, text_file):
    result = invoke("evaluate", "-m", checkpoint_file, text_file)
    measured = chargen.load(checkpoint_file).evaluate(TEXT)
    counted, _, carried, windowed = result.stdout.splitlines()
    assert counted == "299 characters predicted, 299 bytes in UTF-8"
    assert carried.split() == [
        "carried",
        f"{measured.carried:.4f}",
        f"{measured.bits_per_char:.4f}",
        f"{measured.perplexity:.4f}",
        f"{measured.bits_per_byte:.4f}",
    ]
    assert windowed.split()[:2] == ["windowed", f"{measured.windowed:.4f}"]
    assert result.stderr == ""


def test_json(invoke, lstm_file, text_file):
    values = json.loads(invoke("evaluate", "-m", lstm_file, text_file, "--json").stdout)
    assert values == chargen.load(lstm_file).evaluate(TEXT).to_json()


def test_adapted_stands_beside_carried(invoke, lstm_file, text_file):
    before = lstm_file.read_bytes()
    values = json.loads(invoke("evaluate", "-m", lstm_file, text_file, "--adapt", "--json").stdout)
    assert set(values) == {"characters", "bytes", "carried", "windowed", "adapted"}
    assert values["adapted"]["nats_per_char"] != values["carried"]["nats_per_char"]
    assert lstm_file.read_bytes() == before


def test_standard_input_and_another_encoding(make_checkpoint, tmp_path):
    make_checkpoint(characters="é世\n").save(tmp_path / "model")
    text = "é世\n世é" * 9
    (tmp_path / "text").write_bytes(text.encode("utf-16"))
    command = [sys.executable, "-m", "chargen", "evaluate", "-m", tmp_path / "model"]
    from_file, from_input = (
        subprocess.run(
            [*command, source, "--json", "--encoding", encoding],
            input=data,
            capture_output=True,
            check=True,
            cwd=tmp_path,
            env={**os.environ, "PYTHONIOENCODING": "latin-1"},
        )
        for source, data, encoding in (
            ("text", b"", "utf-16"),
            ("-", b"\xef\xbb\xbf" + text.encode(), "utf-8"),
        )
    )
    assert json.loads(from_file.stdout) == json.loads(from_input.stdout)
    told = b"The byte order mark at the start was removed.\n"
    assert from_file.stderr == from_input.stderr == told


def test_unknown_characters_are_left_out_with_a_note(invoke, lstm_file, text_file, tmp_path):
    other = tmp_path / "other.txt"
    other.write_bytes(TEXT.replace("ABC", "AéBC").encode())
    result = invoke("evaluate", "-m", lstm_file, other, "--unknown", "skip")
    assert result.stdout == invoke("evaluate", "-m", lstm_file, text_file).stdout
    assert "'é' (U+00E9), 30 times" in result.stderr


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "this one has 0"),
        (b"A", "this one has 1"),
        (b"AB\xff", "not utf-8 text: byte 0xff at offset 2"),
        (b"AB\0", "holds NUL characters"),
        ("ABé".encode(), "never saw 'é'"),
    ],
)
def test_a_text_that_cannot_be_measured(refused, lstm_file, tmp_path, data, told):
    (tmp_path / "bad.txt").write_bytes(data)
    assert told in refused("evaluate", "-m", lstm_file, tmp_path / "bad.txt")


def test_a_missing_text_or_model(refused, lstm_file, text_file, tmp_path):
    assert "There is no file nowhere.txt" in refused("evaluate", "-m", lstm_file, "nowhere.txt")
    assert "There is no checkpoint nowhere" in refused("evaluate", "-m", "nowhere", text_file)
