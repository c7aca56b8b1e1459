"""Numbers in sentences."""

import pytest

from chargen.wording import about, count, duration, time_left


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (384, "380"),
        (99.6, "100"),
        (1.0, "1"),
        (1.26, "1.3"),
        (0.00001, "0.00001"),
        (1234567, "1,200,000"),
        (0.0, "0"),
    ],
)
def test_about(number, said):
    assert about(number) == said


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (0, "0 passes"),
        (1, "1 pass"),
        (1.0, "1 pass"),
        (0.998, "1 pass"),
        (0.5, "0.5 passes"),
        (123.0, "123 passes"),
        (1234, "1,234 passes"),
        (384.7, "380 passes"),
    ],
)
def test_count(number, said):
    assert count(number, "pass", "passes") == said
    assert count(number, "step") == said.replace("passes", "steps").replace("pass", "step")


@pytest.mark.parametrize(
    ("seconds", "said", "left"),
    [
        (0.2, "less than a second", "less than a minute"),
        (1, "1 second", "less than a minute"),
        (29.9, "30 seconds", "less than a minute"),
        (59.7, "1 minute", "about 1 minute"),
        (598, "9 minutes 58 seconds", "about 10 minutes"),
        (3599.9, "1 hour", "about 1 hour"),
        (3660, "1 hour 1 minute", "about 1 hour 1 minute"),
        (86_460, "1 day", "about 1 day"),
        (180_000, "2 days 2 hours", "about 2 days 2 hours"),
    ],
)
def test_duration(seconds, said, left):
    assert duration(seconds) == said
    assert time_left(seconds) == left
