import math

import numpy as np
import pytest

from chargen.config import SamplingConfig
from chargen.generation.sampler import draw, greedy, make_sampler, truncate, weigh

PROBABILITIES = np.array([[0.05, 0.4, 0.1, 0.3, 0.15]])


def drawn_at(probabilities, place):
    return draw(np.array([probabilities], float), np.array([place])).tolist()


def softmax(logits):
    weights = [math.exp(logit - max(logits)) for logit in logits]
    return np.array(weights) / sum(weights)


def assert_drawn_from(ids, probabilities):
    """Pearson's chi-square, far within what chance allows (Wilson and Hilferty 1931)."""
    possible = np.flatnonzero(probabilities)
    counted = np.bincount(ids, minlength=len(probabilities))
    assert counted.sum() == counted[possible].sum()
    expected = probabilities[possible] * len(ids)
    freedom = len(possible) - 1
    limit = freedom * (1 - 2 / (9 * freedom) + 3.1 * math.sqrt(2 / (9 * freedom))) ** 3
    statistic = ((counted[possible] - expected) ** 2 / expected).sum()
    assert statistic < limit  # 0.1% of all draws are worse


def sample(config, logits, count, seed=1):
    """Ids drawn from the same logits `count` times."""
    uniform = np.random.default_rng(seed).random(count)
    return make_sampler(config)(np.tile(logits, (count, 1)), uniform)


# Drawing


@pytest.mark.parametrize(
    ("place", "index"),
    [(0, 0), (0.09, 0), (0.11, 1), (0.29, 1), (0.31, 2), (0.5, 2), (1 - 2**-53, 2)],
)
def test_a_place_in_the_distribution_is_read_off(place, index):
    assert drawn_at([0.1, 0.2, 0.7], place) == [index]


@pytest.mark.parametrize("place", [0, 0.25, 0.5, 0.75, 1 - 2**-53])
def test_what_has_no_probability_is_never_drawn(place):
    assert drawn_at([0, 0.5, 0, 0.5, 0], place) == [1 if place < 0.5 else 3]


@pytest.mark.parametrize("scale", [1e-300, 1e-3, 1e300])
def test_weights_need_not_sum_to_1(scale):
    assert drawn_at([0.3 * scale, 0.7 * scale], 0.29) == [0]
    assert drawn_at([0.3 * scale, 0.7 * scale], 0.31) == [1]


def test_rows_are_drawn_each_for_itself():
    weights = np.array([[0.1, 0.9], [0.9, 0.1]])
    assert draw(weights, np.array([0.5, 0.5])).tolist() == [1, 0]
    assert draw(weights, np.array([0.05, 0.95])).tolist() == [0, 1]


def test_ids_are_int32():
    assert draw(np.ones((1, 2)), np.array([0.5])).dtype == np.int32
    assert greedy(np.ones((1, 2), np.float32), np.array([0.5])).dtype == np.int32


# Filters, on probabilities written by hand


@pytest.mark.parametrize(
    ("k", "left"),
    [
        (1, [0, 0.4, 0, 0, 0]),
        (2, [0, 0.4, 0, 0.3, 0]),
        (4, [0, 0.4, 0.1, 0.3, 0.15]),
        (5, [0.05, 0.4, 0.1, 0.3, 0.15]),
        (99, [0.05, 0.4, 0.1, 0.3, 0.15]),
    ],
)
def test_top_k_leaves_the_k_likeliest(k, left):
    assert truncate(PROBABILITIES, top_k=k).tolist() == [left]


@pytest.mark.parametrize(
    ("p", "left"),
    [
        (1e-300, [0, 0.4, 0, 0, 0]),
        (1e-17, [0, 0.4, 0, 0, 0]),
        (0.01, [0, 0.4, 0, 0, 0]),
        (0.39, [0, 0.4, 0, 0, 0]),
        (0.41, [0, 0.4, 0, 0.3, 0]),
        (0.69, [0, 0.4, 0, 0.3, 0]),
        (0.71, [0, 0.4, 0, 0.3, 0.15]),
        (0.94, [0, 0.4, 0.1, 0.3, 0.15]),
        (0.96, [0.05, 0.4, 0.1, 0.3, 0.15]),
    ],
)
def test_top_p_leaves_the_fewest_that_reach_p(p, left):
    assert truncate(PROBABILITIES, top_p=p).tolist() == [left]
    np.testing.assert_allclose(truncate(8 * PROBABILITIES, top_p=p), [8 * np.array(left)])


def test_top_p_reached_exactly_takes_no_more():
    assert truncate(np.array([[0.25, 0.5, 0.25]]), top_p=0.5).tolist() == [[0, 0.5, 0]]


@pytest.mark.parametrize(
    ("share", "left"),
    [
        (0.1, [0.05, 0.4, 0.1, 0.3, 0.15]),
        (0.2, [0, 0.4, 0.1, 0.3, 0.15]),
        (0.3, [0, 0.4, 0, 0.3, 0.15]),
        (0.7, [0, 0.4, 0, 0.3, 0]),
        (1, [0, 0.4, 0, 0, 0]),
    ],
)
def test_min_p_leaves_those_near_the_likeliest(share, left):
    assert truncate(PROBABILITIES, min_p=share).tolist() == [left]


EACH = [{"top_k": 1}, {"top_p": 0.3}, {"min_p": 0.9}, {"top_k": 3, "top_p": 0.6, "min_p": 0.1}]


@pytest.mark.parametrize("filters", EACH)
def test_equals_are_treated_alike(filters):
    equal = np.array([[0.25, 0.25, 0.25, 0.25]])
    np.testing.assert_array_equal(truncate(equal, **filters) > 0, [[True] * 4])


@pytest.mark.parametrize("filters", EACH)
def test_rows_are_filtered_each_for_itself(filters):
    both = np.concatenate([PROBABILITIES, PROBABILITIES[:, ::-1]])
    alone = [truncate(row[None], **filters)[0] for row in both]
    np.testing.assert_array_equal(truncate(both, **filters), alone)


def test_without_filters_nothing_changes():
    np.testing.assert_array_equal(truncate(PROBABILITIES), PROBABILITIES)


@pytest.mark.parametrize(
    ("filters", "left"),
    [
        ({"top_k": 3, "min_p": 0.5}, [0, 0.4, 0, 0.3, 0]),
        ({"top_k": 2, "min_p": 0.1}, [0, 0.4, 0, 0.3, 0]),
        # Of the 0.85 that three keep, 0.7 are a share of 0.82; of the whole they would not do.
        ({"top_k": 3, "top_p": 0.8}, [0, 0.4, 0, 0.3, 0]),
        ({"top_k": 3, "top_p": 0.9}, [0, 0.4, 0, 0.3, 0.15]),
        ({"top_p": 0.8, "min_p": 0.5}, [0, 0.4, 0, 0.3, 0]),
    ],
)
def test_filters_together(filters, left):
    assert truncate(PROBABILITIES, **filters).tolist() == [left]


# Temperature


@pytest.mark.parametrize("shift", [0, 1e4, -1e4])
def test_only_differences_between_logits_count(shift):
    logits = np.array([[0, 1, -np.inf]], np.float32) + np.float32(shift)
    np.testing.assert_allclose(weigh(logits, 0.5), [[math.exp(-2), 1, 0]])


def test_extreme_logits_overflow_nothing():
    logits = np.array([[-1e30, 1e30, 0]], np.float32)
    assert weigh(logits, 1).tolist() == [[0, 1, 0]]


def test_temperature_0_takes_the_likeliest_and_of_equals_the_first():
    sampler = make_sampler(SamplingConfig(temperature=0, top_k=2, top_p=0.5, min_p=0.1))
    logits = np.array([[1, 3, 2], [5, 1, 5], [0, 0, 0]], np.float32)
    for place in (0, 0.5, 0.99):
        assert sampler(logits, np.full(3, place)).tolist() == [1, 0, 0]


@pytest.mark.parametrize("temperature", [1e-38, 1e-40, 1e-300])
def test_a_tiny_temperature_takes_the_likeliest(temperature):
    logits = np.array([1, 12, 8], np.float32)
    assert set(sample(SamplingConfig(temperature=temperature), logits, 10)) == {1}


# The distribution that is drawn, against the exact one

LOGITS = np.array([2.0, -1.0, 0.5, 0.0, 1.5, -0.5], np.float32)


@pytest.mark.parametrize("temperature", [0.3, 0.8, 1, 2, 10])
def test_temperature_divides_the_logits(temperature):
    ids = sample(SamplingConfig(temperature=temperature), LOGITS, 50_000)
    assert_drawn_from(ids, softmax(LOGITS / temperature))


def test_a_huge_temperature_makes_all_equally_likely():
    assert_drawn_from(sample(SamplingConfig(temperature=1e9), LOGITS, 10_000), np.full(6, 1 / 6))


@pytest.mark.parametrize(
    ("settings", "left"),
    [
        # At temperature 2 the probabilities are .33 .07 .16 .12 .25 .09, and at 0.5 the first
        # has .70 and the fifth .26: the filters come after the temperature.
        ({"top_k": 3}, [0, 2, 4]),
        ({"top_p": 0.7}, [0, 2, 4]),
        ({"min_p": 0.3}, [0, 2, 3, 4]),
        ({"top_k": 4, "top_p": 0.8, "min_p": 0.6}, [0, 4]),
        # Of the two that top_k leaves, the first has a share of 0.56 and is not enough.
        ({"top_k": 2, "top_p": 0.57}, [0, 4]),
        ({"top_k": 2, "top_p": 0.55}, [0]),
        ({"temperature": 0.5, "top_p": 0.7}, [0, 4]),
        ({"temperature": 0.5, "top_p": 0.69}, [0]),
    ],
)
def test_filters_follow_the_temperature_in_their_order(settings, left):
    config = SamplingConfig(**{"temperature": 2, **settings})
    expected = softmax(LOGITS / config.temperature)
    expected[[i for i in range(6) if i not in left]] = 0
    expected /= expected.sum()
    ids = sample(config, LOGITS, 20_000)
    if len(left) == 1:
        assert set(ids) == set(left)
    else:
        assert_drawn_from(ids, expected)


def test_the_chi_square_would_notice():
    ids = sample(SamplingConfig(temperature=1.1), LOGITS, 50_000)
    with pytest.raises(AssertionError):
        assert_drawn_from(ids, softmax(LOGITS))
