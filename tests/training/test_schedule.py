"""The learning rate and the evaluations, as functions of the step."""

import pytest

from chargen.config import TrainingConfig
from chargen.training.schedule import evaluation_interval, learning_rate

CONFIG = TrainingConfig(learning_rate=0.1, warmup_steps=10, min_lr_ratio=0.2, max_evaluations=5)


def test_the_rate_rises_then_falls_along_a_cosine_to_the_floor():
    rates = [learning_rate(step, 110, CONFIG) for step in range(111)]
    assert rates[0] == pytest.approx(0.01)
    assert rates[9] == rates[10] == pytest.approx(0.1)
    assert rates[60] == pytest.approx(0.06)  # half way, half way between 0.1 and 0.02
    assert rates[110] == pytest.approx(0.02)
    assert rates[10:] == sorted(rates[10:], reverse=True)


def test_the_rate_stays_high_until_the_end_is_known():
    assert learning_rate(5000, None, CONFIG) == 0.1


def test_a_run_shorter_than_its_warm_up_gets_off_the_ground():
    assert max(learning_rate(step, 10, CONFIG) for step in range(10)) == pytest.approx(0.1)


@pytest.mark.parametrize(("held_out", "evaluations"), [(0, 5), (1000, 5), (10**6, 1)])
def test_evaluations_are_thinned_out_where_they_are_dear(held_out, evaluations):
    interval = evaluation_interval(1000, CONFIG, held_out)
    assert -(-1000 // interval) == evaluations
