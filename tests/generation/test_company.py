"""What is written does not depend, by a single bit, on what is written beside it."""

from dataclasses import dataclass
from functools import partial

import numpy as np
import pytest

import chargen.generation.weights as weights_module
from chargen.config import SamplingConfig
from chargen.generation.batching import Batch
from chargen.generation.blas import one_thread
from chargen.generation.decoder import Decoder
from chargen.generation.generate import Generator, random_numbers
from chargen.generation.initial_state import first_logits, initial_state
from chargen.generation.products import Kernel
from chargen.generation.weights import DecoderWeights
from chargen.language_model import LanguageModel

TEXTS = 40
MAX_LENGTH = 25
CHARACTERS = "\0\n :;.ABCabcdefghi"


@dataclass
class Recorder:
    """Keeps the logits of each character."""

    logits: list

    def add(self, piece, index, logits):
        self.logits.append(logits.copy())


class Writer:
    """Writes the seeded texts of a network, alone or beside others."""

    def __init__(self, checkpoint):
        self.checkpoint = checkpoint
        self.make_decoder = partial(Decoder, DecoderWeights(checkpoint))

    def join(self, batch, number):
        """Let a text join; return it and the logits of its characters."""
        choices = np.random.default_rng(number)
        settings = [{}, {"temperature": 0.3}, {"top_k": 4, "top_p": 0.9}, {"ban": "a"}]
        length = int(choices.integers(1, MAX_LENGTH))
        config = SamplingConfig(length=length, **settings[choices.integers(len(settings))])
        tokenizer, recorder = self.checkpoint.tokenizer, Recorder([])
        label = choices.choice(list(self.checkpoint.labels)) if self.checkpoint.labels else None
        prompt = "".join(choices.choice(list(CHARACTERS[1:]), choices.integers(1, 5)))
        decoder = self.make_decoder(initial_state(self.checkpoint, label))
        logits = first_logits(decoder, tokenizer, tokenizer.encode(prompt))
        sequence = Generator(tokenizer, config).sequence(
            tokenizer.encode(prompt), random_numbers(number).random, recorder=recorder
        )
        batch.add(sequence, decoder.state, logits)
        return sequence, recorder.logits

    def alone(self, number):
        """Return the logits of a text that is written by itself."""
        batch = Batch(self.make_decoder)
        sequence, logits = self.join(batch, number)
        while sequence.finish_reason is None:
            batch.step()
        return np.array(logits)

    def in_company(self, seed):
        """Return the logits of all texts, which join and leave at random."""
        chance, batch = np.random.default_rng(seed), Batch(self.make_decoder)
        waiting, written = list(chance.permutation(TEXTS)), {}
        while waiting or len(batch):
            for _ in range(chance.integers(4)):
                if waiting:
                    number = waiting.pop()
                    written[number] = self.join(batch, number)
            for sequence, _ in batch.step():
                if sequence.finish_reason:
                    batch.remove(sequence)
        return [np.array(written[number][1]) for number in range(TEXTS)]


@pytest.mark.parametrize("units", [(1,), (300,), (100, 37), (17, 129, 5), (131, 256)])
@pytest.mark.parametrize("labels", [None, {"land": 1, "sea": 2, "sky": 3}])
def test_logits_have_the_same_bits_in_any_company(make_checkpoint, cell, units, labels):
    writer = Writer(make_checkpoint(cell, units=units, characters=CHARACTERS, labels=labels))
    alone = [writer.alone(number) for number in range(TEXTS)]
    for seed in range(2):
        for expected, found in zip(alone, writer.in_company(seed), strict=True):
            np.testing.assert_array_equal(found, expected)


def test_so_it_is_without_a_table_of_the_first_layer(make_checkpoint, cell, monkeypatch):
    monkeypatch.setattr(weights_module, "_MAX_TABLE", 0)
    writer = Writer(make_checkpoint(cell, units=(77,), characters=CHARACTERS, labels={"a": 1}))
    alone = [writer.alone(number) for number in range(TEXTS)]
    for expected, found in zip(alone, writer.in_company(0), strict=True):
        np.testing.assert_array_equal(found, expected)


# Two threads that share the cores with other programs are slow: few characters.
@pytest.mark.parametrize(("threads", "length"), [(None, 50), (1, 50), (2, 6)])
def test_a_text_is_the_same_from_every_door(make_checkpoint, threads, length):
    checkpoint = make_checkpoint(units=(350, 350), characters=CHARACTERS[1:])
    model = LanguageModel(checkpoint, threads=threads)
    settings = {"seed": 5, "length": length}
    text = LanguageModel(checkpoint).generate("A", **settings)
    assert "".join(model.stream("A", **settings)) == text
    assert model.session(seed=5).generate("A", length=length) == text
    several = [each.text for each in model.samples(["b", "A"], n=32, **settings)]
    assert several[32] == text
    assert several == [
        each.text for prompt in "bA" for each in model.samples(prompt, n=32, **settings)
    ]


@pytest.mark.parametrize("shape", [(1, 1), (1, 4), (3, 12), (129, 129), (300, 1200), (40, 5001)])
@pytest.mark.parametrize("order", ["C", "F"])
def test_a_rows_product_does_not_depend_on_the_rows_beside_it(shape, order):
    generator = np.random.default_rng(1)
    kernel = Kernel(np.asarray(generator.standard_normal(shape, np.float32), order=order))
    rows = generator.standard_normal((65, shape[0]), np.float32)
    with one_thread():
        alone = np.concatenate([kernel.by_rows(rows[n : n + 1]) for n in range(65)])
        for n in (2, 3, 16, 65):
            np.testing.assert_array_equal(kernel.by_rows(rows[-n:]), alone[-n:])
    np.testing.assert_allclose(alone, rows @ kernel.array, atol=1e-3)


def test_where_one_row_would_be_summed_otherwise_it_is_not(monkeypatch):
    monkeypatch.setattr(
        Kernel, "at_once", lambda self, x, out=None: np.nextafter(x @ self.array, np.float32(9))
    )
    generator = np.random.default_rng(1)
    kernel = Kernel(generator.standard_normal((30, 40), np.float32))
    rows = generator.standard_normal((2, 30), np.float32)
    both = kernel.by_rows(rows)
    np.testing.assert_array_equal(kernel.by_rows(rows[:1]), both[:1])


@pytest.mark.parametrize("threads", [1, 2, 8])
@pytest.mark.parametrize("shape", [(1, 1), (1, 15), (2048, 8192), (1024, 2049), (9000, 33)])
def test_panels_cover_all_columns_and_none_is_narrow(shape, threads):
    kernel = Kernel(np.zeros((1, 1), np.float32))
    kernel.array = np.broadcast_to(np.float32(0), shape)
    panels = list(kernel._panels(threads))
    assert [start for start, _ in panels] == [0, *(stop for _, stop in panels[:-1])]
    assert panels[-1][1] == shape[1]
    assert all(stop - start >= min(16, shape[1]) for start, stop in panels)


def test_many_are_read_at_once_where_bits_do_not_matter(make_checkpoint, monkeypatch):
    weights, ids = DecoderWeights(make_checkpoint()), np.arange(64, dtype=np.int32) % 9
    exact = Decoder(weights, weights.zero_state(64)).step(ids)
    monkeypatch.delattr(Kernel, "by_rows")
    quick = Decoder(weights, weights.zero_state(64), by_rows=False).step(ids)
    np.testing.assert_allclose(quick, exact, atol=1e-5)
