"""A loss that diverges takes a run back to weights that were proven well."""

import math

import numpy as np
import pytest

from chargen import api
from chargen.errors import DivergedError, Interrupted
from chargen.storage.runs import ROLLBACK_FILE
from chargen.training.report import Silent
from tests.training.conftest import Network
from tests.training.test_run import CORPUS, StopAt, content

SETTINGS = {"units": (2,), "embedding_dim": 2, "epochs": 2, "patience": 99}
SETTINGS |= {"batch_size": 16, "seq_length": 32, "save_seconds": 1e9}

pytestmark = pytest.mark.usefixtures("stand_ins")


class Listening(Silent):
    def __init__(self):
        self.lines = []

    def say(self, line):
        self.lines.append(line)


def train(folder, reporter=None, **more):
    api.train(CORPUS, name=str(folder), reporter=reporter or Silent(), **SETTINGS | more)


def spoil(monkeypatch, number, *, times):
    """Let step `number` break the weights, which only the loss of the next one shows."""
    step, left = Network.step, [times]

    def spoiling(self, at, *rates):
        loss = step(self, at, *rates) if np.isfinite(self.get_weights()[0]).all() else np.nan
        if at == number and left[0]:
            left[0] -= 1
            for each in self._weights.values():
                each[:] = np.inf
        return loss

    monkeypatch.setattr(Network, "step", spoiling)


@pytest.mark.parametrize("number", [1, 5, 6, 11])
@pytest.mark.parametrize("save_seconds", [0.0, 1e9])
def test_weights_that_were_saved_broken_are_not_gone_back_to(
    number, save_seconds, tmp_path, monkeypatch
):
    spoil(monkeypatch, number, times=1)
    reporter = Listening()
    train(tmp_path / "run", reporter, save_seconds=save_seconds)
    (back,) = (line for line in reporter.lines if "diverged" in line)
    assert "learning rate times 0.5" in back
    assert any(line.startswith("Finished: all planned steps") for line in reporter.lines)
    for each in api.load(tmp_path / "run").checkpoint.weights.values():
        assert np.isfinite(each).all()
    assert not (tmp_path / "run" / ROLLBACK_FILE).exists()


@pytest.mark.parametrize("stop", [1, 6, 9])
def test_a_run_that_goes_back_ends_as_if_it_had_not_been_interrupted(stop, tmp_path, monkeypatch):
    """Where it goes back to depends on steps alone, and on no clock."""
    results = []
    for name in ("whole", "stopped"):
        with monkeypatch.context() as patch:
            spoil(patch, 7, times=1)
            if name == "whole":
                train(tmp_path / name)
            else:
                with pytest.raises(Interrupted):
                    train(tmp_path / name, StopAt(stop))
                api.resume(tmp_path / name, corpus=CORPUS, reporter=Silent())
        results.append(content(tmp_path / name))
    assert results[0] == results[1]


def test_it_gives_up_after_three_tries(tmp_path, monkeypatch):
    spoil(monkeypatch, 5, times=4)
    with pytest.raises(DivergedError, match="a fourth time"):
        train(tmp_path / "run")
    for each in api.load(tmp_path / "run").checkpoint.weights.values():
        assert np.isfinite(each).all()


def with_losses(monkeypatch, losses):
    step = Network.step

    def stepping(self, number, *rates):
        step(self, number, *rates)
        return losses[min(number, len(losses) - 1)]

    monkeypatch.setattr(Network, "step", stepping)


def test_losses_far_above_chance_at_the_start_are_not_divergence(tmp_path, monkeypatch):
    chance = math.log(CORPUS.vocabulary.vocab_size)
    with_losses(monkeypatch, [5 * chance, 5.2 * chance, 4 * chance, 2 * chance, chance])
    reporter = Listening()
    train(tmp_path / "run", reporter)
    assert not [line for line in reporter.lines if "diverged" in line]


@pytest.mark.parametrize("losses", [[1.0, 20.0], [20.0, 61.0], [math.nan], [math.inf]])
def test_losses_far_above_the_lowest_are_divergence(losses, tmp_path, monkeypatch):
    with_losses(monkeypatch, losses)
    with pytest.raises(DivergedError):
        train(tmp_path / "run")
