"""What `chargen train --dry-run` says, and that it leaves nothing behind."""

import re

import pytest

from chargen.cli import main
from chargen.training import dry_run


@pytest.fixture
def rehearsed(tmp_path, monkeypatch, capsys, stand_ins):
    """What is said of a training of a text of some lines, with these options."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(dry_run, "_MEASURED", 0.0)
    (tmp_path / "sea.txt").write_text("The sea is under the town, and the town knows.\n" * 400)

    def rehearse(*options):
        main.main(["train", "sea.txt", "--dry-run", *options], standalone_mode=False)
        return capsys.readouterr().err

    return rehearse


def test_it_says_the_steps_and_the_loss_to_expect_and_writes_nothing(rehearsed, tmp_path):
    said = rehearsed("--epochs", "10", "--batch-size", "8")
    assert re.search(r"characters per second: [\d,]+ steps, 10 epochs", said)
    once, twice = re.findall(r"about (\d+\.\d\d)", said)[-2:]
    assert 0 < float(twice) <= float(once) < 3.5
    assert "A second machine like this one, on a link of 1 Gbit/s" in said
    assert [path.name for path in tmp_path.iterdir()] == ["sea.txt"]


def test_more_minutes_are_more_steps(rehearsed):
    settings = "--learning-rate", "0.004"  # not the preset's, so nobody knows how many are enough

    def steps(minutes):
        said = rehearsed("--minutes", str(minutes), *settings).split("per second: ")[1]
        return int(said.split(" ")[0].replace(",", ""))

    assert steps(10) > 3 * steps(1)


@pytest.mark.parametrize("options", ["--epochs 1", "--epochs 20 --validation-fraction 0"])
def test_no_loss_is_said_of_a_short_run_or_where_nothing_is_held_out(rehearsed, options):
    assert "Nobody knows which loss" in rehearsed(*options.split())
