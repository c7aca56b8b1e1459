import pytest

from chargen.config import SamplingConfig
from chargen.generation.batching import Request, stream_text
from chargen.generation.generate import Generator
from tests.helpers import LETTERS, Alphabet, make_decoder_of


@pytest.fixture
def write(make_checkpoint):
    """Writes with a network that always wants the next letter."""
    checkpoint = make_checkpoint("rnn", units=(1,), characters=LETTERS.idx2char)

    def stream(prompt, **settings):
        generator = Generator(checkpoint.tokenizer, SamplingConfig(temperature=0, **settings))
        return stream_text(checkpoint, Alphabet, generator, Request(prompt, 0))

    return stream


@pytest.mark.parametrize(
    ("prompt", "length", "text"),
    [("a", 3, "bcd"), ("g", 4, "habc"), ("hca", 2, "bc"), ("a", 1, "b"), ("abc", 0, "")],
)
def test_text_continues_the_prompt(write, prompt, length, text):
    assert "".join(write(prompt, length=length)) == text


def test_pieces_hold_back_what_may_be_a_stop_text(write):
    assert list(write("a", length=6, stop=("efz", "defh"))) == ["b", "c", "defg"]


def test_processors_and_masks_shape_what_is_drawn(write):
    assert "".join(write("a", length=8, ban="bd")) == "aaaaaaaa"  # of equals, the first


# Random numbers


@pytest.fixture
def drawn(make_checkpoint):
    """Writes a text of pure chance."""
    made = make_checkpoint("rnn", units=(2,), characters="abcdefgh")
    for array in made.weights.values():
        array[:] = 0

    def text(seed, number):
        generator = Generator(made.tokenizer, SamplingConfig(length=50, temperature=1, seed=seed))
        make_decoder = make_decoder_of(made)
        return "".join(stream_text(made, make_decoder, generator, Request("a", number)))

    text.tokenizer = made.tokenizer
    return text


def test_a_seed_and_a_number_repeat_their_draws(drawn):
    assert drawn(1, 0) == drawn(1, 0)
    assert drawn(1, 5) == drawn(1, 5)


def test_seeds_and_numbers_differ(drawn):
    texts = {drawn(seed, number) for seed in (0, 1, 2) for number in (0, 1, 2)}
    assert len(texts) == 9


def test_without_a_seed_one_is_drawn_and_told(drawn):
    generators = [Generator(drawn.tokenizer, SamplingConfig()) for _ in range(3)]
    assert len({generator.seed for generator in generators}) == 3
    assert drawn(generators[0].seed, 0) == drawn(generators[0].seed, 0)
