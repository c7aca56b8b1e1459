"""chargen train, from the text file to the sample."""

import pytest
from click.testing import CliRunner

from chargen.cli import main

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
    for told in ("1,620 characters", "CRLF", "held-out", "carried", "windowed", "chargen sample"):
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
    assert "finished already" in resumed.stderr
    replaced = run(main, ["train", str(corpus), *SMALL, "--overwrite", "--cell", "gru"])
    assert replaced.exit_code == 0
    assert "gru 8" in run(main, ["info"]).stdout


def test_resume_and_overwrite_exclude_each_other(corpus):
    result = CliRunner().invoke(main, ["train", str(corpus), "--resume", "--overwrite"])
    assert result.exit_code == 2
