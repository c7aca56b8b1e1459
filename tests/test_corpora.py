import gzip
import re
from pathlib import Path

import pytest

PLAY = Path(__file__).parents[1] / "corpora" / "drowned-bell.txt"


@pytest.fixture(scope="module")
def text():
    return PLAY.read_bytes().decode("ascii")


@pytest.fixture(scope="module")
def speeches(text):
    """Each speech as its speaker and its lines; between blank lines, under a name and a colon."""
    found = re.findall(r"^([A-Z][\w' -]*):\n((?:.+\n?)+)", text, re.MULTILINE)
    return [(speaker, speech.splitlines()) for speaker, speech in found]


def test_it_is_long_enough(text):
    assert len(text) >= 120_000


def test_it_has_plain_line_endings(text):
    assert "\r" not in text
    assert "\0" not in text
    assert text.endswith("\n")


def test_it_has_a_chorus(speeches):
    speakers = [speaker for speaker, _ in speeches]
    assert speakers.count("All") >= 10
    assert len(set(speakers)) >= 5


def test_its_lines_are_written_not_repeated(speeches):
    lines = [line for _, speech in speeches for line in speech]
    assert len(lines) >= 2000
    assert len(set(lines)) >= 0.95 * len(lines)


def test_it_shrinks_no_more_than_prose_does(text):
    assert len(text) / len(gzip.compress(text.encode(), 9)) <= 2.9
