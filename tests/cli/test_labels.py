"""One model that writes in two styles: the label alone says which."""

import json

import pytest

LINES = {"sea": "the ship is blue.\n", "land": "THE HILL IS HIGH!\n"}
RUN = "checkpoints/places"
SMALL = ["--units", "24", "--batch-size", "4", "--seq-length", "16", "--dropout", "0"]
SMALL += ["--weight-dropout", "0", "--learning-rate", "0.02"]


@pytest.fixture
def places(workdir):
    """Folders of documents that all begin with nothing and differ in everything."""
    for name, line in LINES.items():
        for number in range(6):
            path = workdir / "places" / name / f"{number}.txt"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(line * 10)
    return workdir / "places"


def test_the_label_alone_says_what_is_written(invoke, places, workdir):
    trained = invoke("train", places, "--label", *SMALL, "--epochs", 20)
    assert trained.exit_code == 0, trained.output
    assert "Labels: land 50.0%, sea 50.0%." in trained.stderr
    for label, line in LINES.items():
        written = invoke("sample", "--label", label, "-t", 0, "--no-repeat", 0, "--lines", 3)
        assert written.stdout == line * 3
        assert written.stderr == ""
        told = invoke("classify", line, "-m", RUN)
        assert told.stdout.startswith(f"{RUN}: {label}\t")
        evaluated = invoke("evaluate", "-m", RUN, places / label / "0.txt", "--label", label)
        assert evaluated.exit_code == 0, evaluated.output
        scored = invoke("score", line, "--label", label, "--json")
        assert json.loads(scored.stdout)["bits_per_char"] < 1
    assert "labels      land 1,080, sea 1,080" in invoke("info").stdout
    assert json.loads(invoke("info", "--json").stdout)["labels"] == {"land": 1080, "sea": 1080}
    resumed = invoke("resume", "places")  # it remembers how files are labelled
    assert "already finished" in resumed.stderr
    again = invoke("train", places, "--resume", "--label")
    assert "already finished" in again.stderr
    other = invoke("train", places, "--resume", "--label", "file")
    assert "label ('folder',), and ('file',) would make it another run" in other.stderr


def test_the_report_counts_labels(invoke, places):
    told = invoke("corpus", places, "--label", "wet=sea/*", "--label", "file").stdout
    assert "labels        wet 1,080 (50.0%) in 6 documents, 0 180 (8.3%) in 1 document" in told
    found = json.loads(invoke("corpus", places, "--label", "--json").stdout)
    assert found["labels"][0] == {"label": "land", "documents": 6, "characters": 1080}
    assert json.loads(invoke("corpus", places, "--json").stdout)["labels"] == []


@pytest.mark.parametrize("command", ["train", "corpus"])
def test_a_text_that_was_taken_for_a_rule(refused, places, command):
    for arguments in (["--label", "places"], ["--label", "places", "places"]):
        line = refused(command, *arguments, code=2)
        assert "--label took 'places', which is a path" in line
        assert line.endswith("put the text before it: places --label")


def test_files_without_a_label(refused, places):
    line = refused("train", places, "--label", "wet=sea/*")
    assert "No --label matches" in line
    assert "land/0.txt" in line
    assert "Standard input has no name" in refused("train", "-", "--label")
