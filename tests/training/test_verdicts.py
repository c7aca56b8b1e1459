"""What a run says at its end."""

from pathlib import Path

import pytest

from chargen import api
from chargen.corpus.corpus import Corpus
from tests.training.test_run import CORPUS, SETTINGS, Listening

PLAY = Path(__file__).parents[2] / "corpora" / "drowned-bell.txt"


def verdict(folder, corpus=CORPUS, **settings):
    """What comes after the line that the run has finished."""
    reporter = Listening()
    model = api.train(corpus, name=str(folder), reporter=reporter, **SETTINGS | settings)
    finished = next(i for i, line in enumerate(reporter.lines) if line.startswith("Finished: "))
    return model, reporter.lines[finished + 1 :]


@pytest.mark.usefixtures("stand_ins")
def test_a_run_ends_with_a_verdict(tmp_path):
    model, lines = verdict(tmp_path / "run")
    assert [line.split(":")[0] for line in lines] == ["Meaning", "Writing", "Reading", "Advice"]
    assert lines[0].startswith(f"Meaning: {model.origin.carried:.2f} nats")
    assert "it read the text 4 times" in lines[2]


@pytest.mark.usefixtures("stand_ins")
@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"validation_fraction": 0}, "Nothing is held out"),
        ({}, "Only 104 characters are held out"),
    ],
)
def test_without_a_held_out_part_nothing_is_said_of_new_text(tmp_path, settings, words):
    corpus = Corpus("the sea is under the town\n" * 40)
    _, (line,) = verdict(tmp_path / "run", corpus, **settings)
    assert line.startswith(words)
    assert "--validation-fraction" in line


@pytest.mark.slow
def test_the_verdict_fits_what_a_short_run_of_the_play_learned(tmp_path):
    corpus = Corpus(PLAY.read_text(encoding="utf-8")[:40_000])
    settings = {"units": (128,), "epochs": 8, "batch_size": 32, "learning_rate": 4e-3}
    settings |= {"embedding_dim": 32, "dropout": 0.0, "weight_dropout": 0.0}
    settings |= {"optimizer": "adamw", "weight_decay": 0.1}  # else the preset learns it sooner
    model, (meaning, writing, reading, advice) = verdict(tmp_path / "run", corpus, **settings)
    assert 1.8 < model.origin.carried < 2.3  # as good as counting pairs of characters, not triples
    assert "better than a table of what follows each character, and not as good as" in meaning
    assert " words are right" in writing
    assert "it read the text 8 times; to read it up to" in reading
    assert advice.startswith("Advice: more training would help")
