import math

import numpy as np
import pytest

from chargen.config import SamplingConfig
from chargen.generation.sampler import categorical, greedy, make_sampler


def log(probabilities):
    with np.errstate(divide="ignore"):
        return np.log(np.array([probabilities], np.float32))


def drawn_at(probabilities, place):
    return categorical(log(probabilities), np.array([place])).tolist()


def softmax(logits):
    weights = [math.exp(logit - max(logits)) for logit in logits]
    return np.array(weights) / sum(weights)


def assert_drawn_from(ids, probabilities):
    """Pearson's chi-square, far within what chance allows (Wilson and Hilferty 1931)."""
    expected = probabilities * len(ids)
    counted = np.bincount(ids, minlength=len(probabilities))
    freedom = len(probabilities) - 1
    limit = freedom * (1 - 2 / (9 * freedom) + 3.1 * math.sqrt(2 / (9 * freedom))) ** 3
    assert ((counted - expected) ** 2 / expected).sum() < limit  # 0.1% of all draws are worse


@pytest.mark.parametrize(
    ("place", "index"),
    [(0, 0), (0.09, 0), (0.11, 1), (0.29, 1), (0.31, 2), (0.5, 2), (1 - 2**-53, 2)],
)
def test_a_place_in_the_distribution_is_read_off(place, index):
    assert drawn_at([0.1, 0.2, 0.7], place) == [index]


@pytest.mark.parametrize("place", [0, 0.25, 0.5, 0.75, 1 - 2**-53])
def test_what_has_no_probability_is_never_drawn(place):
    assert drawn_at([0, 0.5, 0, 0.5, 0], place) == [1 if place < 0.5 else 3]


def test_rows_are_drawn_each_for_itself():
    logits = np.concatenate([log([0.1, 0.9]), log([0.9, 0.1])])
    assert categorical(logits, np.array([0.5, 0.5])).tolist() == [1, 0]
    assert categorical(logits, np.array([0.05, 0.95])).tolist() == [0, 1]


def test_ids_are_int32():
    logits = log([0.5, 0.5])
    assert categorical(logits, np.array([0.5])).dtype == np.int32
    assert greedy(logits).dtype == np.int32


@pytest.mark.parametrize("shift", [0, 1e4, -1e4])
def test_only_differences_between_logits_count(shift):
    logits = np.array([[0, 1]], np.float32) + np.float32(shift)  # 0.27 and 0.73
    assert categorical(logits, np.array([0.2])).tolist() == [0]
    assert categorical(logits, np.array([0.3])).tolist() == [1]


def test_extreme_logits_overflow_nothing():
    logits = np.array([[-1e30, 1e30, 0]], np.float32)
    assert categorical(logits, np.array([0.5])).tolist() == [1]


def test_temperature_0_takes_the_likeliest_and_of_equals_the_first():
    sampler = make_sampler(SamplingConfig(temperature=0))
    logits = np.array([[1, 3, 2], [5, 1, 5], [0, 0, 0]], np.float32)
    for _ in range(5):
        assert sampler(logits).tolist() == [1, 0, 0]


LOGITS = np.array([2.0, -1.0, 0.5, 0.0, 1.5, -0.5], np.float32)


@pytest.mark.parametrize("temperature", [0.3, 0.8, 1, 2, 10])
def test_temperature_divides_the_logits(temperature):
    sampler = make_sampler(SamplingConfig(temperature=temperature, seed=1))
    ids = sampler(np.tile(LOGITS, (50_000, 1)))
    assert_drawn_from(ids, softmax(LOGITS / temperature))


def test_one_draw_after_another_follows_the_distribution():
    sampler = make_sampler(SamplingConfig(temperature=1, seed=2))
    ids = [int(sampler(LOGITS[None])[0]) for _ in range(10_000)]
    assert_drawn_from(ids, softmax(LOGITS))


def test_the_chi_square_would_notice():
    sampler = make_sampler(SamplingConfig(temperature=1.1, seed=1))
    ids = sampler(np.tile(LOGITS, (50_000, 1)))
    with pytest.raises(AssertionError):
        assert_drawn_from(ids, softmax(LOGITS))


def test_a_seed_repeats_its_draws():
    def draw(seed):
        sampler = make_sampler(SamplingConfig(temperature=1, seed=seed))
        return [int(sampler(LOGITS[None])[0]) for _ in range(100)]

    assert draw(1) == draw(1)
    assert draw(1) != draw(2)
    assert draw(None) != draw(None)


@pytest.mark.parametrize("temperature", [1e-38, 1e-40, 1e-300])
def test_a_tiny_temperature_takes_the_likeliest(temperature):
    sampler = make_sampler(SamplingConfig(temperature=temperature, seed=1))
    logits = np.array([[1, 12, 8]], np.float32)
    assert sampler(logits).tolist() == [1]


def test_a_huge_temperature_makes_all_equally_likely():
    sampler = make_sampler(SamplingConfig(temperature=1e300, seed=1))
    assert_drawn_from(sampler(np.tile(LOGITS, (10_000, 1))), np.full(6, 1 / 6))
