"""The model of a step on several machines, on numbers that a hand can check, and its advice."""

import math

import pytest

from chargen.training.cluster.scaling import (
    Arithmetic,
    Link,
    advice,
    reduce_seconds,
    speedup,
    step_seconds,
)

MILLION = 1_000_000
WIRE = Link(1e9, latency=0, handling=math.inf)  # which costs the time to send alone


def test_half_of_the_rows_tells_what_is_fixed():
    arithmetic = Arithmetic.measured(rows=32, seconds=0.5, half=0.3)
    assert arithmetic.fixed == pytest.approx(0.1)
    assert arithmetic.seconds(8) == pytest.approx(0.1 + 0.4 / 4)


@pytest.mark.parametrize("half", [0.1, 0.9])  # of a noisy machine
def test_no_part_of_a_step_takes_less_than_no_time(half):
    arithmetic = Arithmetic.measured(rows=32, seconds=0.5, half=half)
    assert arithmetic.fixed >= 0
    assert arithmetic.per_row >= 0
    assert arithmetic.seconds(32) == pytest.approx(0.5)


@pytest.mark.parametrize(("workers", "seconds"), [(1, 0), (2, 0.032), (4, 0.048), (512, 0.063875)])
def test_an_all_reduce_moves_nearly_twice_the_gradients(workers, seconds):
    assert reduce_seconds(workers, parameters=MILLION, link=WIRE) == pytest.approx(seconds)


def test_an_all_reduce_waits_for_the_latency_and_for_the_processor_too():
    link = Link(1e9, latency=0.001, handling=2e9)
    assert reduce_seconds(4, parameters=MILLION, link=link) == pytest.approx(0.048 + 0.024 + 0.006)


def test_a_step_is_the_arithmetic_of_the_share_and_the_all_reduce():
    given = {"rows": 32, "parameters": MILLION, "link": WIRE}
    arithmetic = Arithmetic(fixed=0.01, per_row=0.001)
    assert step_seconds(2, arithmetic=arithmetic, **given) == pytest.approx(0.01 + 0.016 + 0.032)
    assert speedup(2, arithmetic=arithmetic, **given) == pytest.approx(0.042 / 0.058)


def test_advice_for_the_presets_batch_is_a_larger_one():
    now, larger = advice(rows=32, seconds=0.05, parameters=1_200_000)
    # 27.5 ms of arithmetic, 38.4 to send, 15.4 to pack and unpack, 0.2 of latency
    assert "1 Gbit/s" in now
    assert "0.61 times as fast: it does not pay" in now
    assert "--batch-size 256 it would be 1.5 times" in larger


def test_advice_for_a_slow_step_is_short():
    (only,) = advice(rows=128, seconds=1.0, parameters=1_200_000)
    assert "1.7 times as fast: it pays" in only


def test_advice_for_a_slow_link_is_another_link():
    link = Link(1e6)
    now, other = advice(rows=32, seconds=0.05, parameters=1_200_000, link=link)
    assert "1 Mbit/s" in now
    assert "faster link" in other
