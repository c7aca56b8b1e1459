"""Sequences that are written side by side go on as if each were alone."""

import numpy as np
import pytest

from chargen.config import SamplingConfig
from chargen.generation.batching import Batch, Request, generate_samples, stream_text
from chargen.generation.generate import Generator
from chargen.generation.state import State
from chargen.text.tokenizer import CharTokenizer
from tests.helpers import LETTERS, Alphabet, make_decoder_of


def sequence(length=3, **settings):
    config = SamplingConfig(temperature=0, length=length, **settings)
    generator = Generator(CharTokenizer(LETTERS, "a"), config)
    return generator.sequence(LETTERS.encode(""), np.random.default_rng(0).random)


def joined(batch, letter, length=3, **settings):
    """A sequence that joins after a prompt of one letter."""
    new, decoder = sequence(length, **settings), Alphabet(State.zeros("rnn", (1,), 1))
    logits = decoder.step(LETTERS.encode(letter))
    batch.add(new, decoder.state, logits)
    return new


def run(batch, texts):
    """Step once; what is over leaves."""
    for each, piece in batch.step():
        texts[each] = texts.get(each, "") + piece
        if each.finish_reason:
            batch.remove(each)


def test_texts_side_by_side_are_as_if_alone_and_leave_when_over():
    batch, texts, sizes = Batch(Alphabet), {}, []
    lengths = {"a": 2, "c": 4, "e": 1, "g": 3}
    several = [joined(batch, *each) for each in lengths.items()]
    while len(batch):
        sizes.append(len(batch))
        run(batch, texts)
    assert [texts[each] for each in several] == ["bc", "defg", "f", "hab"]
    assert sizes == [4, 3, 2, 1]


def test_a_sequence_joins_at_any_character():
    batch, texts = Batch(Alphabet), {}
    first = joined(batch, "a", 5)
    run(batch, texts)
    run(batch, texts)
    second = joined(batch, "e", 2)
    while len(batch):
        run(batch, texts)
    assert (texts[first], texts[second]) == ("bcdef", "fg")


def test_a_sequence_can_be_removed_before_it_is_over():
    batch, texts = Batch(Alphabet), {}
    first, second = joined(batch, "a", 5), joined(batch, "e", 3)
    run(batch, texts)
    batch.remove(first)
    assert len(batch) == 1
    while len(batch):
        run(batch, texts)
    assert (texts[first], texts[second]) == ("b", "fgh")


def test_one_that_never_drew_can_leave():
    batch, texts = Batch(Alphabet), {}
    never, other = joined(batch, "a"), joined(batch, "c", 1)
    batch.remove(never)
    run(batch, texts)
    assert texts == {other: "d"}
    assert batch.step() == []


def test_the_network_has_read_all_but_the_last_character_drawn():
    batch = Batch(Alphabet)
    first, second = joined(batch, "a", 5), joined(batch, "e", 5)

    def last_read(sequence):
        ((h,),) = batch.state_of(sequence).layers
        return LETTERS.decode(h[:, 0].astype(int))

    assert last_read(second) == "e"
    batch.step()
    assert last_read(second) == "e"
    batch.step()
    assert (last_read(first), last_read(second)) == ("b", "f")


def test_sequences_of_several_samplers_and_bans_keep_to_their_own():
    batch, texts = Batch(Alphabet), {}
    plain, banned = joined(batch, "a", 2), joined(batch, "c", 2, ban="d")
    run(batch, texts)
    run(batch, texts)
    assert (texts[plain], texts[banned]) == ("bc", "ab")  # of equals, the first


# With a network


@pytest.fixture
def write(make_checkpoint):
    checkpoint = make_checkpoint()

    def samples(requests, *, max_batch=64, **settings):
        generator = Generator(checkpoint.tokenizer, SamplingConfig(seed=1, **settings))
        make_decoder = make_decoder_of(checkpoint)
        return generate_samples(checkpoint, make_decoder, generator, requests, max_batch=max_batch)

    samples.checkpoint = checkpoint
    return samples


@pytest.mark.parametrize("settings", [{"length": 6}, {"length": 300, "lines": 1}])
def test_samples_come_in_order_whatever_the_batch(write, settings):
    requests = [Request("A", number) for number in range(9)]
    texts = {
        size: [
            (each.prompt, each.number, each.text)
            for each in write(iter(requests), max_batch=size, **settings)
        ]
        for size in (1, 2, 5, 64)
    }
    assert [each[:2] for each in texts[1]] == [("A", number) for number in range(9)]
    assert texts[1] == texts[2] == texts[5] == texts[64]


def test_a_request_is_taken_when_there_is_room(write):
    taken = []

    def requests():
        for number in range(10):
            taken.append(number)
            yield Request("A", number)

    samples = write(requests(), max_batch=3, length=4)
    next(samples)
    assert taken == [0, 1, 2]
    next(samples), next(samples), next(samples)
    assert taken == [0, 1, 2, 3, 4, 5]


def test_texts_of_no_length_are_never_begun(write):
    assert [each.text for each in write([Request("A", 0), Request("", 1)], length=0)] == ["", ""]


def test_texts_of_no_length_are_not_new_and_soon_given_up(write):
    assert list(write([Request("", 0, n=9)], length=0, unique=True)) == []


def counted(make_decoder, method):
    """The decoders of a network, and what is given to a method of theirs, call by call."""
    calls = []

    def make(state):
        decoder = make_decoder(state)
        original = getattr(decoder, method)
        setattr(decoder, method, lambda ids: calls.append(ids) or original(ids))
        return decoder

    return make, calls


def test_a_prompt_is_read_once_for_all_its_samples(write):
    checkpoint = write.checkpoint
    make_decoder, reads = counted(make_decoder_of(checkpoint), "read")
    generator = Generator(checkpoint.tokenizer, SamplingConfig(length=3))
    requests = [Request(prompt, n) for prompt in ("A", "b", "A") for n in range(5)]
    samples = generate_samples(checkpoint, make_decoder, generator, requests, max_batch=4)
    assert len(list(samples)) == 15
    assert len(reads) == 2


def test_each_character_comes_before_the_next_is_computed(write):
    checkpoint = write.checkpoint
    make_decoder, steps = counted(make_decoder_of(checkpoint), "step")
    generator = Generator(checkpoint.tokenizer, SamplingConfig(length=4))
    pieces = stream_text(checkpoint, make_decoder, generator, Request("A", 0))
    assert [len(steps) for _ in pieces] == [0, 1, 2, 3]
