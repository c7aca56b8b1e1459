"""chargen train, from the text file to the sample."""

import gzip
import os
import subprocess
import sys
import tomllib

import pytest
from click.testing import CliRunner

import chargen
from chargen.cli import main
from chargen.storage.runs import MODEL_FILE

SMALL = ["--epochs", "1", "--units", "8", "--batch-size", "4", "--seq-length", "16"]


@pytest.fixture
def corpus(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "sea.txt"
    path.write_text("the sea is under the town\r\n" * 60, newline="")
    return path


def test_train_then_sample_then_refuse_to_overwrite(corpus):
    run = CliRunner().invoke
    trained = run(main, ["train", str(corpus), *SMALL, "--tensorboard"])
    assert trained.exit_code == 0, trained.output
    assert trained.stdout == ""
    for told in (
        "1,560 characters",
        "line endings: CRLF 60×",
        "held-out",
        "carried",
        "windowed",
        "chargen sample",
    ):
        assert told in trained.stderr
    folder = corpus.parent / "checkpoints" / "sea"
    assert {"model.safetensors", "resume.safetensors", "history.csv"} <= {
        path.name for path in folder.iterdir()
    }
    assert b"loss/carried" in next((folder / "tensorboard").iterdir()).read_bytes()

    sampled = run(main, ["sample", "the ", "--length", "20"])
    assert sampled.exit_code == 0
    assert len(sampled.stdout_bytes) == len("the ") + 20 + 1

    again = run(main, ["train", str(corpus), *SMALL])
    assert again.exit_code == 1
    assert "--overwrite" in again.stderr
    resumed = run(main, ["train", str(corpus), "--resume", *SMALL])
    assert resumed.exit_code == 0
    assert "already finished" in resumed.stderr
    replaced = run(main, ["train", str(corpus), *SMALL, "--overwrite", "--cell", "gru"])
    assert replaced.exit_code == 0
    assert "gru 8" in run(main, ["info"]).stdout


@pytest.mark.parametrize(
    ("run", "named"),
    [
        ("new", ""),
        ("old", "-m checkpoints/old "),
        ("other place/run", "-m 'other place/run' "),
    ],
)
def test_what_to_do_next_names_the_run_unless_it_is_the_newest(
    workdir, invoke, make_checkpoint, monkeypatch, run, named
):
    for age, folder in enumerate(("checkpoints/new", "checkpoints/old", "other place/run")):
        make_checkpoint().save(workdir / folder / MODEL_FILE)
        os.utime(workdir / folder / MODEL_FILE, (1e9 - age, 1e9 - age))
    monkeypatch.setattr("chargen.api.train", lambda *args, **kwargs: None)
    monkeypatch.setattr("chargen.api.resume", lambda *args, **kwargs: None)
    expected = f'Now: chargen sample {named}"a prompt"\n'
    assert invoke("train", "x.txt", "--name", run).stderr.endswith(expected)
    assert invoke("resume", run).stderr.endswith(expected)


@pytest.mark.slow
def test_a_run_goes_on_where_nobody_reads_what_it_says(corpus, broken_pipe):
    command = [sys.executable, "-m", "chargen", "train", corpus, *SMALL]
    result = subprocess.run(command, stderr=broken_pipe, check=False)
    assert result.returncode == 0
    assert (corpus.parent / "checkpoints" / "sea" / MODEL_FILE).exists()


def test_standard_input_is_a_corpus(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = "the sea is under the town\n" * 60
    trained = CliRunner().invoke(main, ["train", "-", *SMALL], input=gzip.compress(text.encode()))
    assert trained.exit_code == 0, trained.output
    assert "standard input: 1,560 characters" in trained.stderr
    assert (tmp_path / "checkpoints" / "stdin" / "model.safetensors").exists()


def test_documents_in_a_folder_are_begun_and_ended(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "poems").mkdir()
    for number in range(60):
        (tmp_path / "poems" / f"{number}.txt").write_text("The SEA!\r\nthe town\r\n")
    (tmp_path / "poems" / "odd.txt").write_text("\N{SNOWMAN}")
    run = CliRunner().invoke
    options = ["--epochs", "40", "--units", "24", "--batch-size", "4", "--seq-length", "16"]
    options += ["--include", "*.txt", "--newlines", "unix", "--lowercase", "--min-count", "2"]
    trained = run(main, ["train", "poems", *options])
    assert trained.exit_code == 0, trained.output
    assert "1,081 characters in 61 documents, 11 distinct" in trained.stderr
    told = run(main, ["info"]).stdout
    assert "1,081 characters in 61 documents" in told
    assert "12 characters: \\n !" in told  # the unknown is one of them, the boundary none
    assert "prepared    newlines unix, lowercase True, min_count 2" in told
    written = run(main, ["sample", "--temperature", "0", "--length", "100"])
    assert written.stdout == "the sea!\nthe town\n\n"  # a whole document, then the shell's newline
    prompted = run(main, ["sample", "The Sea!\r\nTHE \N{SNOWMAN}", "--no-echo"])
    assert prompted.exit_code == 0, prompted.output
    assert "\ufffd" not in prompted.stdout
    resumed = run(main, ["resume", "poems"])
    assert resumed.exit_code == 0, resumed.output
    assert "already finished" in resumed.stderr


def test_options_go_before_a_file_of_settings(workdir, invoke, refused, monkeypatch):
    (workdir / "run.toml").write_text("units = [8, 4]\nminutes = 3\nseed = 1\n")
    given = {}
    monkeypatch.setattr("chargen.api.train", lambda *args, **settings: given.update(settings))
    result = invoke("train", "x.txt", "--config", "run.toml", "--seed", "2", "--epochs", "5")
    assert result.exit_code == 0, result.stderr
    assert given["units"] == [8, 4]
    assert (given["seed"], given["epochs"]) == (2, 5)
    assert "minutes" not in given
    (workdir / "run.toml").write_text("unit = [8, 4]\n")
    message = refused("train", "x.txt", "--config", "run.toml", code=2)
    assert message.startswith("Error: run.toml: There is no setting 'unit' (did you mean units?)")


@pytest.mark.slow
def test_the_file_of_a_run_gives_the_same_weights(corpus):
    run = CliRunner().invoke
    text = str(corpus)
    options = ["--epochs", "2", "--preset", "tiny", "--seed", "7", "--lowercase"]
    assert run(main, ["train", text, *options, "--name", "first"]).exit_code == 0
    written = run(main, ["info", "-m", "first", "--config"]).stdout
    assert "units = [128]" in written  # which the preset chose
    (corpus.parent / "run.toml").write_text(written)
    again = run(main, ["train", text, "--config", "run.toml", "--name", "second"])
    assert again.exit_code == 0, again.output
    assert "All that preset tiny would choose is given." in again.stderr
    other = run(main, ["train", text, "--config", "run.toml", "--name", "third", "--seed", "8"])
    assert other.exit_code == 0, other.output
    settings = tomllib.loads(written)
    model = chargen.train(text, name="fourth", reporter=chargen.Silent(), **settings)
    first, second, third = map(chargen.load, ("first", "second", "third"))
    for name, weights in first.checkpoint.weights.items():
        assert (weights == second.checkpoint.weights[name]).all()
        assert (weights == model.checkpoint.weights[name]).all()
    name = "embedding/embeddings"
    assert (first.checkpoint.weights[name] != third.checkpoint.weights[name]).any()


def test_resume_and_overwrite_exclude_each_other(corpus):
    result = CliRunner().invoke(main, ["train", str(corpus), "--resume", "--overwrite"])
    assert result.exit_code == 2
