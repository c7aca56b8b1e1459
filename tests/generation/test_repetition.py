import random

import numpy as np
import pytest

import chargen
from chargen.generation.repetition import NoRepeat


def weights(rule, probabilities):
    with np.errstate(divide="ignore"):
        logits = np.log(np.array(probabilities, np.float32))
    rule.adjust(logits)
    found = np.exp(logits)
    return found / found.sum()


def written(length, window, *, logits_of, characters):
    """Ids that a network of fixed logits writes greedily under the rule."""
    rule, ids = NoRepeat(length, window), []
    for _ in range(characters):
        logits = logits_of(ids).astype(np.float32)
        rule.adjust(logits)
        ids.append(int(logits.argmax()))
        rule.read(ids[-1])
    return ids


@pytest.mark.parametrize("length", [2, 3, 6, 12, 30, 80])
def test_no_stretch_comes_twice(length):
    """The network wants to go round in a circle of seven."""
    random_numbers = np.random.default_rng(0)

    def logits_of(ids):
        logits = random_numbers.random(64)
        logits[(ids[-1] + 1) % 7 if ids else 0] += 9
        return logits

    ids = written(length, 10_000, logits_of=logits_of, characters=1_000)
    stretches = [tuple(ids[i : i + length]) for i in range(len(ids) - length + 1)]
    assert len(set(stretches)) == len(stretches)


def test_what_is_outside_the_window_may_come_again():
    rule, text = NoRepeat(4, 9), [1, 2, 3, 4, 0, 0, 5, 5, 6, 6]
    for index in [*text, 1, 2, 3]:
        rule.read(index)
    assert weights(rule, [0.1, 0.1, 0.1, 0.1, 0.6])[4] == pytest.approx(0.6)
    near = NoRepeat(4, 10)
    for index in [*text, 1, 2, 3]:
        near.read(index)
    assert weights(near, [0.1, 0.1, 0.1, 0.1, 0.6])[4] == 0


def test_long_after_the_beginning_the_window_is_as_at_first():
    """What was forgotten on the way changes nothing."""
    generator = random.Random(0)
    start, end = ([generator.randrange(3) for _ in range(n)] for n in (2_000, 60))
    old, new = NoRepeat(8, 50), NoRepeat(8, 50)
    for index in [*start, *end]:
        old.read(index)
    for index in (start + end)[-old.memory :]:
        new.read(index)
    np.testing.assert_allclose(weights(old, [0.3, 0.3, 0.4]), weights(new, [0.3, 0.3, 0.4]))


def test_the_longer_the_match_the_less_likely_is_what_followed():
    """From half of the stretch on: 1, 1.2, 1.44 nats, and so on."""
    rule = NoRepeat(20, 1_000)
    for index in range(30):
        rule.read(index)
    taken = []
    for index in range(19):
        rule.read(index)
        logits = np.zeros(40, np.float32)
        rule.adjust(logits)
        taken.append(-logits[index + 1])
    expected = [0] * 9 + [1.2**n for n in range(9)] + [np.inf]
    np.testing.assert_allclose(taken, expected, rtol=1e-6)


def test_where_nothing_else_is_left_the_stretch_repeats():
    rule = NoRepeat(2, 100)
    for index in [0, 1, 0]:
        rule.read(index)
    logits = np.array([-np.inf, 0], np.float32)
    rule.adjust(logits)
    assert logits.tolist() == [-np.inf, 0]


def test_the_window_bounds_the_memory():
    rule = NoRepeat(6, 100)
    generator = random.Random(0)
    for _ in range(5_000):
        rule.read(generator.randrange(50))
    assert len(rule._ids) <= 212
    assert sum(map(len, rule._places.values())) <= 212


def test_a_greedy_text_does_not_go_round_in_circles_unless_that_is_asked_for():
    model = chargen.load("bundled")

    def repeated(**settings):
        text = model.generate("All: ", temperature=0, length=800, **settings)
        stretches = [text[i : i + 20] for i in range(len(text) - 19)]
        return 1 - len(set(stretches)) / len(stretches)

    assert repeated() == 0
    assert repeated(no_repeat=0) > 0.5
