import numpy as np
import pytest

from chargen.config import SamplingConfig
from chargen.generation.generate import Draft, Writer, write
from chargen.generation.sampler import greedy
from chargen.generation.state import State
from chargen.generation.stopping import Ending
from chargen.text.vocabulary import Vocabulary

LETTERS = Vocabulary("abcdefgh")


class Alphabet:
    """A network that always wants the next letter, and keeps what it was given to read."""

    def __init__(self, texts=1):
        self.seen = [""] * texts
        self.state = State("rnn", ((np.arange(texts, dtype=np.float32)[:, None],),))

    def resume(self, state):
        """Its only state is which texts are left."""
        self.seen = [self.seen[i] for i in np.searchsorted(self.left, state.layers[0][0][:, 0])]
        self.state = state

    @property
    def left(self):
        return self.state.layers[0][0][:, 0]

    def step(self, ids):
        assert ids.shape == (len(self.seen),)
        self.seen = [seen + LETTERS.idx2char[i] for seen, i in zip(self.seen, ids, strict=True)]
        return np.eye(8, dtype=np.float32)[(ids + 1) % 8]

    def read(self, ids):
        for column in ids.T:
            logits = self.step(column)
        return logits


@pytest.fixture
def network():
    return Alphabet()


def stream(network, prompt, **settings):
    writer = Writer(LETTERS, SamplingConfig(temperature=0, **settings))
    return writer.stream(network, LETTERS.encode(prompt))


@pytest.mark.parametrize(
    ("prompt", "length", "text"),
    [("a", 3, "bcd"), ("g", 4, "habc"), ("hca", 2, "bc"), ("a", 1, "b"), ("abc", 0, "")],
)
def test_text_continues_the_prompt(network, prompt, length, text):
    assert "".join(stream(network, prompt, length=length)) == text


def test_what_is_drawn_is_read_but_for_the_last(network):
    list(stream(network, "fa", length=3))
    assert network.seen == ["fa" + "bc"]


def test_a_length_of_0_reads_the_prompt_all_the_same(network):
    assert list(stream(network, "fa", length=0)) == []
    assert network.seen == ["fa"]


def test_each_character_comes_before_the_next_is_computed(network):
    pieces = stream(network, "a", length=4)
    assert [(piece, network.seen[0]) for piece in pieces] == [
        ("b", "a"),
        ("c", "ab"),
        ("d", "abc"),
        ("e", "abcd"),
    ]


def test_pieces_hold_back_what_may_be_a_stop_text(network):
    assert list(stream(network, "a", length=6, stop=("efz", "defh"))) == ["b", "c", "defg"]


def test_rules_and_masks_shape_what_is_drawn(network):
    ban = stream(network, "a", length=8, ban="bd")
    assert "".join(ban) == "aaaaaaaa"  # of equals, here all but b and d, the first


def written(prompts, lengths):
    """The texts that continue the prompts' last letters side by side, and the batches read."""
    network = Alphabet(len(prompts))
    logits = network.step(LETTERS.encode(prompts))
    drafts = [
        Draft(LETTERS.idx2char, Ending(SamplingConfig(length=length)), number=k)
        for k, length in enumerate(lengths)
    ]
    texts, sizes = [""] * len(prompts), []
    for draft, piece in write(network, drafts, logits, greedy):
        texts[drafts.index(draft)] += piece
        sizes.append(len(network.seen))
    return texts, sizes


def test_texts_side_by_side_are_as_if_alone():
    assert written("aceg", [2, 4, 1, 3])[0] == ["bc", "defg", "f", "hab"]


def test_a_text_that_is_over_leaves_the_batch():
    assert written("aceg", [2, 4, 1, 3])[1] == [4, 4, 4, 4, 3, 3, 3, 2, 2, 1]


def test_texts_of_no_length_are_never_begun():
    assert written("ace", [0, 2, 0])[0] == ["", "de", ""]
    assert written("ace", [0, 0, 0])[0] == ["", "", ""]


# Random numbers


class Coin:
    """A network that knows nothing."""

    def step(self, ids):
        return np.zeros((len(ids), 8), np.float32)


def drawn(seed, number, count=50):
    """The ids of one text of pure chance."""
    config = SamplingConfig(length=count, temperature=1, seed=seed)
    writer = Writer(LETTERS, config)
    draft = writer.draft(LETTERS.encode("a"), number)
    return "".join(piece for _, piece in writer.write(Coin(), [draft], np.zeros((1, 8))))


def test_a_seed_and_a_number_repeat_their_draws():
    assert drawn(1, 0) == drawn(1, 0)
    assert drawn(1, 5) == drawn(1, 5)


def test_seeds_and_numbers_differ():
    texts = {drawn(seed, number) for seed in (0, 1, 2) for number in (0, 1, 2)}
    assert len(texts) == 9


def test_without_a_seed_one_is_drawn_and_told():
    writers = [Writer(LETTERS, SamplingConfig()) for _ in range(3)]
    assert len({writer.seed for writer in writers}) == 3
    assert drawn(writers[0].seed, 0) == drawn(writers[0].seed, 0)
