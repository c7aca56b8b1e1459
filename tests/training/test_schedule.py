"""The learning rate and the evaluations, as functions of the step."""

import numpy as np
import pytest

from chargen.config import TrainingConfig
from chargen.training.run_state import RunState
from chargen.training.schedule import evaluations, learning_rate

CONFIG = TrainingConfig(learning_rate=0.1, warmup_steps=10, min_lr_ratio=0.2, max_evaluations=5)


def test_the_rate_rises_then_falls_along_a_cosine_to_the_floor():
    rates = [learning_rate(step, 110, CONFIG, None) for step in range(111)]
    assert rates[0] == pytest.approx(0.01)
    assert rates[9] == rates[10] == pytest.approx(0.1)
    assert rates[60] == pytest.approx(0.06)  # half way, half way between 0.1 and 0.02
    assert rates[110] == pytest.approx(0.02)
    assert rates[10:] == sorted(rates[10:], reverse=True)


def test_the_rate_stays_high_until_the_end_is_known():
    assert learning_rate(5000, None, CONFIG, None) == 0.1


def test_a_run_shorter_than_its_warm_up_gets_off_the_ground():
    assert max(learning_rate(step, 10, CONFIG, None) for step in range(10)) == pytest.approx(0.1)


def test_a_rate_that_cools_falls_in_a_line_from_where_it_was_to_the_floor():
    rates = [learning_rate(step, 50, CONFIG, (40, 0.08)) for step in range(40, 51)]
    assert rates == pytest.approx([0.08 - 0.006 * i for i in range(11)])


def test_dropout_rises_along_the_plan_and_stays_where_a_run_goes_on():
    rising = TrainingConfig(dropout_schedule="rising")
    state = RunState()
    assert state.dropout_factor(30, rising) == 0  # before there is a plan
    state.total_steps, state.planned_steps = 120, 200  # the rate falls early
    assert [state.dropout_factor(step, rising) for step in (0, 50, 100)] == [0, 0.25, 0.5]
    assert state.dropout_factor(50, TrainingConfig()) == 1
    state.step = 120
    assert state.going_on().dropout_factor(121, rising) == 1


def planned(steps, epoch, held_out, **settings):
    return evaluations(steps, epoch, TrainingConfig(**settings), held_out)


def test_the_more_passes_the_earlier_are_the_first_evaluations():
    for epoch in (10, 100, 1000, 10_000):
        steps = sorted(planned(20_000, epoch, 500).steps)
        assert len(steps) == 40
        assert steps[-1] == 20_000
        gaps = np.diff([0, *steps])
        assert (gaps[1:] >= gaps[:-1] - 1).all()
        # None comes after half a pass only, or after a fortieth of the run if that is longer.
        assert steps[0] <= max(epoch / 2, 20_000 / 40)


@pytest.mark.parametrize("passes", [1, 3, 10])
@pytest.mark.parametrize("characters", [10**5, 10**6, 10**7])
@pytest.mark.parametrize("asked", [1, 10, 100])
def test_evaluations_are_thinned_out_where_they_cost_over_5_percent(passes, characters, asked):
    epoch, held_out = characters // 512, characters // 9
    plan = planned(passes * epoch, epoch, held_out, max_evaluations=asked)
    number = len(plan.steps)
    assert min(asked, 4) <= number <= asked == plan.asked
    # A character that is evaluated is read twice, forward only: a third of learning it, each time.
    cost = number * plan.characters * 2 / 3
    if plan.characters < held_out:
        cost += held_out * 2 / 3
    # To read all once, at the end, may take the 5% by itself; the others then get half of that.
    allowed = 0.05 * passes * characters
    if number > 4:
        assert cost <= max(allowed, allowed / 2 + held_out * 2 / 3)
    if number < asked:  # one more would have cost too much
        assert cost + plan.characters * 2 / 3 + (number + 1) * 8000 > allowed / 2


def test_a_run_of_a_few_steps_evaluates_at_each():
    assert planned(3, 3, 50).steps == {1, 2, 3}
