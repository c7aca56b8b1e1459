"""What cannot work is told in one line: what was received, what was expected, what to do."""

import errno
import gzip
import os
import random
import subprocess
import sys

import numpy as np
import pytest
from safetensors.numpy import save_file

from chargen.storage.arrays import write_arrays

as_root = not hasattr(os, "geteuid") or os.geteuid() == 0


# The text


@pytest.fixture
def corpus(tmp_path):
    """Writes bytes to a corpus file."""

    def write(data):
        path = tmp_path / "corpus.txt"
        path.write_bytes(data)
        return path

    return write


def test_a_missing_corpus(refused):
    assert "no file nowhere.txt; give the path" in refused("train", "nowhere.txt")


def test_a_folder_without_a_file(refused, tmp_path):
    (tmp_path / "folder").mkdir()
    assert "folder holds no file; give a text" in refused("train", tmp_path / "folder")


@pytest.mark.skipif(as_root, reason="root reads all")
def test_an_unreadable_corpus(refused, corpus):
    path = corpus(b"ab" * 5000)
    path.chmod(0)
    assert "cannot be read: Permission denied" in refused("train", path)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "corpus.txt is empty"),
        (b"\xef\xbb\xbf", "corpus.txt is empty"),
        (b"ab" * 8, "has 14 characters, and one batch of 1 streams × 16 steps needs 17"),
        (b"ab", "leaves 1 for validation at --validation-fraction 0.1, and at least 2"),
        (b"a" * 5000, "repeats one character, 'a' (U+0061)"),
        (b"ab" * 1000 + b"\xff", "not utf-8 text: byte 0xff at offset 2,000"),
        (b"Gr\xfc\xdfe " * 1000, "byte 0xfc at offset 2. It looks like cp1252: “Grüße Grüße Grüße"),
        (b"ab\0c" * 1000, "NUL characters (the first is character 2)"),
        ("Grüße".encode("utf-16-le") * 1000, "It looks like utf-16-le without a byte order mark"),
    ],
)
def test_a_corpus_that_cannot_be_learned_from(refused, corpus, data, told):
    assert told in refused("train", corpus(data))


def test_a_corpus_too_short_is_told_what_fits(refused, corpus):
    line = refused("train", corpus(b"abcd" * 100), "--batch-size", 8, "--seq-length", 64)
    assert "360 characters" in line
    assert "(here --batch-size 5 --seq-length 64 would fit)" in line


def test_an_encoding_that_is_none(refused, corpus):
    line = refused("train", corpus(b"ab" * 5000), "--encoding", "klingon")
    assert "not know the encoding 'klingon'; try utf-8" in line


def test_an_encoding_that_does_not_fit(refused, corpus):
    line = refused("train", corpus("Grüße".encode() * 1000), "--encoding", "ascii")
    assert "not ascii text: byte 0xc3 at offset 2" in line


@pytest.mark.parametrize(
    ("option", "value", "told"),
    [
        ("--normalize", "NFD", "NFC"),
        (
            "--min-count",
            "0",
            "--min-count must be a whole number from 1 to 1,000,000,000; received 0",
        ),
        ("--max-expansion", "0", "--max-expansion must be a number from 1 to"),
        (
            "--document-separator",
            "",
            "--document-separator must be a text of one character or more",
        ),
    ],
)
def test_a_reading_setting_outside_its_limits(invoke, corpus, option, value, told):
    result = invoke("train", corpus(b"ab" * 5000), option, value)
    assert result.exit_code == 2
    assert told in result.stderr


def test_a_damaged_archive(refused, corpus):
    line = refused("train", corpus(gzip.compress(b"ab" * 5000)[:-3]))
    assert "corpus.txt is a damaged gzip file: it ends at byte" in line


def test_a_run_that_exists(refused, corpus, workdir):
    (workdir / "checkpoints" / "corpus").mkdir(parents=True)
    (workdir / "checkpoints" / "corpus" / "model.safetensors").touch()
    assert "--overwrite" in refused("train", corpus(b"ab" * 5000))


def test_a_run_to_resume_that_is_not_there(refused):
    assert "There is no run nowhere; `chargen train TEXT` makes one." in refused(
        "resume", "nowhere"
    )


# The settings


@pytest.mark.parametrize(
    ("option", "value", "told"),
    [
        ("--units", "0", "--units must be 1 to 64 whole numbers from 1"),
        ("--units", "8,0", "received (8, 0)"),
        ("--units", "-8", "received (-8,)"),
        ("--batch-size", "0", "--batch-size must be a whole number from 1 to 65,536; received 0"),
        ("--seq-length", "-1", "--seq-length must be"),
        (
            "--minutes",
            "0",
            "--minutes must be a number from 0 to 1,000,000,000, 0 excluded; received 0.0",
        ),
        ("--minutes", "nan", "excluded; received nan"),
        ("--epochs", "0", "--epochs must be"),
        ("--learning-rate", "inf", "--learning-rate must be"),
        ("--dropout", "1", "--dropout must be a number from 0 to 1, 1 excluded; received 1.0"),
        (
            "--validation-fraction",
            "0.9",
            "--validation-fraction must be a number from 0 to 0.5; received 0.9",
        ),
        ("--seed", "-1", "--seed must be"),
        ("--epochs", "9" * 400, f"received {'9' * 50}...{'9' * 50}."),
        ("--units", "9" * 400, "..."),
    ],
)
def test_a_training_setting_outside_its_limits(refused, corpus, option, value, told):
    assert told in refused("train", corpus(b"ab" * 5000), option, value, code=2)


@pytest.mark.parametrize(
    ("option", "value", "told"),
    [
        (
            "--temperature",
            "-1",
            "--temperature must be a number from 0 to 1,000,000,000; received -1.0",
        ),
        ("--temperature", "nan", "received nan"),
        ("--temperature", "inf", "received inf"),
        ("--temperature", "-inf", "received -inf"),
        (
            "--length",
            "-1",
            "--length must be a whole number from 0 to 1,000,000,000; received -1",
        ),
        ("--seed", "-1", "--seed must be a whole number from 0 to 2^64 - 1; received -1"),
        ("--samples", "0", "--samples must be a whole number from 1 to 1,000,000; received 0"),
        (
            "-n",
            f"1{'0' * 30}",
            f"--samples must be a whole number from 1 to 1,000,000; received 1{'0' * 30}",
        ),
        ("--length", f"1{'0' * 30}", "--length must be"),
        ("--stop", "", "--stop must be texts that are not empty; received ('',)"),
        ("--only", "Q", "leave none of the model's characters"),
        ("--ban", "z-a", "--ban must be characters as in a regular expression's brackets"),
    ],
)
def test_a_sampling_setting_outside_its_limits(refused, lstm_file, option, value, told):
    assert told in refused("sample", "A", "-m", lstm_file, option, value, code=2)


def test_minutes_and_epochs_together(refused, corpus):
    path = corpus(b"ab" * 5000)
    assert "received both" in refused("train", path, "--minutes", 1, "--epochs", 1, code=2)


@pytest.mark.parametrize(
    "args",
    [
        ("train",),
        ("train", "x", "--units", "wide"),
        ("train", "x", "--units", "8,"),
        ("train", "x", "--cell", "transformer"),
        ("train", "x", "--minutes", "soon"),
        ("train", "x", "--resume", "--overwrite"),
        ("train", "x", "--resume", "--from", "y"),
        ("train", "x", "--vocabulary", "shrink"),
        ("sample", "--length", "1.5"),
        ("sample", "--engine", "jax"),
        ("sample", "--samples", "many"),
        ("sample", "--samples", "9" * 9999),
        ("train", "x", "--epochs", "9" * 9999),
        ("train", "x", "--units", "9" * 9999),
        ("train", "x", "--dropout", "x" * 9999),
        ("sample", "--unknown", "guess"),
        ("sample", "--top", "3"),
        ("sample", "--max-copy", "3"),
        ("sample", "--column", "text"),
        ("score", "A", "--column", "text"),
        ("inspect", "A", "--column", "text"),
        ("classify", "A", "-m", "a", "-m", "b", "--column", "text"),
        ("write",),
    ],
)
def test_wrong_usage(invoke, args):
    result = invoke(*args)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.startswith("Usage: ")
    assert result.stderr.splitlines()[-1].startswith("Error: ")
    assert len(result.stderr) < 500


# The prompt


@pytest.mark.parametrize(
    "given", [("-", "-"), ("-", "--prompt-file", "-"), ("-", "--report-copies", "-")]
)
def test_standard_input_for_two_things(refused, lstm_file, given):
    assert "can be read once only" in refused("sample", "-m", lstm_file, *given)


def test_several_files_for_one_prompt(refused, lstm_file, tmp_path):
    for name in "ab":
        (tmp_path / name).write_text("abc")
    pattern = tmp_path / "[ab]"
    told = f"{pattern} matches 2 files; give the path of one text file"
    assert told in refused("sample", "-m", lstm_file, "--prompt-file", pattern)


@pytest.mark.parametrize(
    ("prompt", "named"),
    [
        ("é", "'é' (U+00E9)"),
        ("A😀", "'😀' (U+1F600)"),
        ("A\tz", "U+0009 (CHARACTER TABULATION), 'z' (U+007A)"),
        ("A\ud83d", "U+D83D"),
        ("A\udcff", "U+DCFF"),
        ("A\0", "U+0000"),
    ],
)
def test_a_prompt_with_characters_that_the_model_never_saw(refused, lstm_file, prompt, named):
    line = refused("sample", prompt, "-m", lstm_file, "--unknown", "error")
    assert f"never saw {named}; it knows 9 characters (`chargen info` lists them)" in line


@pytest.mark.skipif(as_root, reason="root reads all")
def test_an_unreadable_prompt(refused, lstm_file, tmp_path):
    (tmp_path / "prompt").touch(mode=0)
    told = refused("sample", "--prompt-file", tmp_path / "prompt", "-m", lstm_file)
    assert "cannot be read: Permission denied" in told


# The checkpoint


@pytest.fixture(params=[("info", "-m"), ("sample", "A", "-m")], ids=["info", "sample"])
def refused_checkpoint(request, refused):
    return lambda path: refused(*request.param, path)


def test_a_missing_checkpoint(refused_checkpoint):
    assert "There is no checkpoint nowhere; try bundled." in refused_checkpoint("nowhere")


def test_a_folder_without_a_model(refused_checkpoint, tmp_path):
    assert "There is no checkpoint" in refused_checkpoint(tmp_path)


@pytest.mark.skipif(as_root, reason="root reads all")
def test_an_unreadable_checkpoint(refused_checkpoint, lstm_file):
    lstm_file.chmod(0)
    assert "cannot be read: Permission denied" in refused_checkpoint(lstm_file)


@pytest.mark.parametrize("length", [0, 1, 8, 9, 200, -1000, -1])
def test_a_truncated_checkpoint(refused_checkpoint, lstm_file, length):
    lstm_file.write_bytes(lstm_file.read_bytes()[:length])
    assert "not a complete safetensors file" in refused_checkpoint(lstm_file)


def test_a_foreign_safetensors_file(refused_checkpoint, tmp_path):
    save_file({"weight": np.ones(3, np.float32)}, tmp_path / "foreign")
    assert "not one that chargen wrote" in refused_checkpoint(tmp_path / "foreign")


def test_a_flipped_bit_in_the_weights(refused_checkpoint, lstm_file):
    data = bytearray(lstm_file.read_bytes())
    data[-random.Random(0).randrange(1, 1000)] ^= 16
    lstm_file.write_bytes(data)
    assert "its SHA-256 does not match" in refused_checkpoint(lstm_file)


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (b"tiny.txt", b"tidy.txt", "its SHA-256 does not match"),
        (rb"\"format_version\": 1", rb"\"format_version\": 9", "has format version 9"),
    ],
)
def test_a_changed_header(refused_checkpoint, lstm_file, before, after, told):
    data = lstm_file.read_bytes()
    assert before in data
    lstm_file.write_bytes(data.replace(before, after))
    assert told in refused_checkpoint(lstm_file)


@pytest.mark.parametrize(
    ("name", "array", "told"),
    [
        ("dense/bias", np.zeros(8, np.float32), "array dense/bias is float32 (8,), expected"),
        ("dense/bias", np.zeros(9), "array dense/bias is float64 (9,), expected float32 (9,)"),
        ("dense/bias", None, "lacks array dense/bias"),
        ("dense/gain", np.zeros(9, np.float32), "has an unexpected array dense/gain"),
    ],
)
def test_a_wrong_array(refused_checkpoint, make_checkpoint, tmp_path, name, array, told):
    checkpoint = make_checkpoint()
    weights = {**checkpoint.weights, name: array}
    document = {
        "config": checkpoint.config.to_json(),
        "vocabulary": checkpoint.tokenizer.vocabulary.idx2char,
        "start": checkpoint.tokenizer.start,
        "origin": {},
    }
    kept = {name: array for name, array in weights.items() if array is not None}
    write_arrays(tmp_path / "file", kept, document)
    assert told in refused_checkpoint(tmp_path / "file")


def test_a_name_longer_than_any_file_name(refused_checkpoint):
    refused_checkpoint("a" * 300)


def test_a_run_name_longer_than_any_file_name(refused, corpus, workdir):
    (workdir / "checkpoints").mkdir()
    refused("train", corpus(b"ab" * 5000), "--name", "a" * 300)


# A file to write


@pytest.mark.parametrize(
    "command", [("corpus", "text", "--html"), ("score", "A", "--html"), ("plot", "run", "-o")]
)
@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("new/page.svg", "new/page.svg cannot be written: there is no folder new; make it first."),
        ("text/page.svg", "there is no folder text;"),
        ("folder.svg", "folder.svg is a folder; give the path of a file to write."),
        (".", ". is a folder"),
        ("", ". is a folder"),
    ],
)
def test_a_place_that_no_file_can_be_written_to(refused, workdir, monkeypatch, command, path, told):
    for work in (
        "corpus.corpus.read_corpus",
        "language_model.load",
        "training.history.read_history",
    ):
        monkeypatch.setattr(f"chargen.{work}", None)  # it is told before any work
    (workdir / "text").write_text("ab")
    (workdir / "folder.svg").mkdir()
    assert told in refused(*command, path)
    assert sorted(each.name for each in workdir.rglob("*")) == ["folder.svg", "text"]


# The outside world


def test_an_interrupt_is_no_traceback(invoke, lstm_file, monkeypatch):
    def interrupted(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr("chargen.language_model.load", interrupted)
    result = invoke("sample", "A", "-m", lstm_file)
    assert result.exit_code == 130
    assert result.output == "\n"


@pytest.fixture(params=["closed", "pipe", "terminal"])
def unheard(request):
    """Runs the command line where standard error is closed, here or at its other end."""
    here, there = os.openpty() if request.param == "terminal" else os.pipe()
    os.close(here)
    command = [sys.executable, "-m", "chargen"]
    if request.param == "closed":
        command = ["sh", "-c", '"$@" 2>&-', "sh", *command]
    given = {"stdout": subprocess.PIPE, "stderr": there}
    yield lambda *args: subprocess.run([*command, *args], check=False, **given)
    os.close(there)


@pytest.mark.skipif(os.name == "nt", reason="needs a shell that closes files")
def test_messages_that_nobody_reads_are_lost_and_nothing_else(unheard, lstm_file):
    scored = unheard("score", "AB", "-v", "-m", lstm_file)
    assert scored.returncode == 0
    assert len(scored.stdout.splitlines()) == 3
    wrong = unheard("write")
    assert (wrong.returncode, wrong.stdout) == (2, b"")


@pytest.mark.parametrize("args", [("--help",), ("--version",), ("sample", "--help")])
def test_help_that_nobody_reads_causes_no_fuss(broken_pipe, args):
    command = [sys.executable, "-m", "chargen", *args]
    result = subprocess.run(command, stdout=broken_pipe, stderr=subprocess.PIPE, check=False)
    assert (result.returncode, result.stderr) == (0, b"")


def test_an_unforeseen_error_is_not_hidden(invoke, lstm_file, monkeypatch):
    def broken(*args, **kwargs):
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr("chargen.language_model.load", broken)
    assert isinstance(invoke("sample", "A", "-m", lstm_file).exception, OSError)
