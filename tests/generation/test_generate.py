import numpy as np
import pytest

from chargen.errors import UnknownCharacterError
from chargen.generation.generate import generate, generate_ids, stream
from chargen.generation.sampler import greedy
from chargen.text.vocabulary import Vocabulary

LETTERS = Vocabulary("abcdefgh")


class Alphabet:
    """A network that always wants the next letter, and keeps what it was given to read."""

    def __init__(self):
        self.read = ""

    def step(self, ids):
        self.read += LETTERS.decode(ids)
        return np.eye(8, dtype=np.float32)[(ids + 1) % 8]


@pytest.fixture
def network():
    return Alphabet()


@pytest.mark.parametrize(
    ("prompt", "length", "text"),
    [("a", 3, "bcd"), ("g", 4, "habc"), ("hca", 2, "bc"), ("a", 1, "b"), ("abc", 0, "")],
)
def test_text_continues_the_prompt(network, prompt, length, text):
    assert generate(network.step, LETTERS, prompt, greedy, length) == text


def test_what_is_drawn_is_read_but_for_the_last(network):
    generate(network.step, LETTERS, "fa", greedy, 3)
    assert network.read == "fa" + "bc"


def test_a_length_of_0_reads_the_prompt_all_the_same(network):
    assert generate(network.step, LETTERS, "fa", greedy, 0) == ""
    assert network.read == "fa"


def test_each_character_comes_before_the_next_is_computed(network):
    pieces = stream(network.step, LETTERS, "a", greedy, 4)
    assert [(piece, network.read) for piece in pieces] == [
        ("b", "a"),
        ("c", "ab"),
        ("d", "abc"),
        ("e", "abcd"),
    ]


def test_the_three_tiers_agree():
    ids = generate_ids(Alphabet().step, LETTERS.encode("ce"), greedy, 6)
    pieces = stream(Alphabet().step, LETTERS, "ce", greedy, 6)
    whole = generate(Alphabet().step, LETTERS, "ce", greedy, 6)
    assert LETTERS.decode(np.array(list(ids))) == "".join(pieces) == whole


def test_the_network_reads_one_id_at_a_time_in_a_batch_of_one():
    shapes = set()

    def step(ids):
        shapes.add(ids.shape)
        return np.zeros((1, 8), np.float32)

    generate(step, LETTERS, "abc", greedy, 3)
    assert shapes == {(1,)}


def test_an_unknown_prompt_is_refused_before_anything_is_drawn(network):
    with pytest.raises(UnknownCharacterError, match=r"'z' \(U\+007A\)"):
        stream(network.step, LETTERS, "az", greedy, 4)
    assert network.read == ""
