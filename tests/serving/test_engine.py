"""The scheduler: who joins, who leaves, and that nobody's text depends on it."""

import queue
import random
import threading
import time

import pytest

from chargen.config import SamplingConfig
from chargen.generation.generate import Generator, random_numbers
from chargen.generation.initial_state import initial_state
from chargen.language_model import LanguageModel
from chargen.serving.engine import Engine, Overloaded
from chargen.serving.texts import Prompt, Text
from tests.helpers import make_decoder_of, tiny_checkpoint
from tests.serving.conftest import LETTERS


class Written:
    """Texts that an engine writes, and what came of them."""

    def __init__(self, checkpoint, **settings):
        self.checkpoint, self.make_decoder = checkpoint, make_decoder_of(checkpoint)
        self.engine = Engine(**settings)
        self.calls = queue.Queue()
        self.engine.start(self.calls.put)
        self.texts = {}

    def submit(self, *, prompt="a", seed=0, length=50, before=lambda text: None):
        config = SamplingConfig(seed=seed, length=length)
        generator = Generator(self.checkpoint.tokenizer, config)
        ids = self.checkpoint.tokenizer.encode(prompt)
        reading = Prompt(
            self.checkpoint.tokenizer, self.make_decoder, initial_state(self.checkpoint), ids
        )
        sequence = generator.sequence(ids, random_numbers(seed).random)
        text = Text(reading, sequence, lambda piece, is_over: self.take(text, piece, is_over))
        self.texts[text] = ["", False]
        before(text)
        self.engine.submit([text])
        return text

    def take(self, text, piece, is_over):
        assert not self.texts[text][1]
        self.texts[text][0] += piece
        self.texts[text][1] = is_over

    def wait(self, *texts, seconds=60):
        deadline = time.monotonic() + seconds
        while not all(self.texts[text][1] for text in texts):
            self.calls.get(timeout=deadline - time.monotonic())()
        return [self.texts[text][0] for text in texts]


@pytest.fixture
def written():
    made = []

    def make(checkpoint=None, **settings):
        checkpoint = checkpoint or tiny_checkpoint(units=(20, 12), characters=LETTERS)
        made.append(Written(checkpoint, **settings))
        return made[-1]

    yield make
    for each in made:
        each.engine.close()


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
def test_a_text_is_the_same_in_any_company(written, cell):
    checkpoint = tiny_checkpoint(cell, units=(37, 18), characters=LETTERS)
    model, chance = LanguageModel(checkpoint), random.Random(1)
    several = written(checkpoint, max_batch=24)
    expected, texts = {}, []
    for seed in range(150):
        prompt = "".join(chance.choices(LETTERS, k=chance.randrange(1, 60)))
        length = chance.randrange(1, 120)
        text = several.submit(prompt=prompt, seed=seed, length=length)
        expected[text] = model.generate(prompt, seed=seed, length=length)
        texts.append(text)
        if chance.random() < 0.2:  # companions leave at any character
            leaving = several.submit(prompt=prompt, seed=seed + 1000, length=10_000)
            threading.Timer(chance.random() / 50, several.engine.cancel, [[leaving]]).start()
    assert several.wait(*texts) == [expected[text] for text in texts]


def test_a_long_prompt_holds_back_nobody(written):
    several = written()
    slow = several.submit(prompt="a" * 100_000, length=1)
    quick = [several.submit(seed=seed, length=100) for seed in range(5)]
    several.wait(*quick)
    assert not several.texts[slow][1]
    several.engine.cancel([slow])


def test_who_leaves_frees_the_place(written):
    several = written(max_batch=1, max_waiting=1)
    first = several.submit(length=10**6)
    several.calls.get(timeout=10)()  # it is being written
    second = several.submit(length=5)
    with pytest.raises(Overloaded, match="1 texts wait"):
        several.submit()
    several.engine.cancel([first])
    several.wait(second)
    assert several.engine.active == several.engine.waiting == 0


def test_what_breaks_ends_its_own_texts_only(written):
    several = written()
    other = several.submit(length=2000, seed=1)
    broken = several.submit(length=10, before=lambda text: setattr(text.prompt, "ids", None))
    several.wait(other, broken)
    assert isinstance(broken.error, TypeError)
    assert len(several.texts[other][0]) == 2000
    assert other.error is None


def test_texts_come_while_they_are_written(written):
    several = written()
    text = several.submit(length=20_000)
    several.calls.get(timeout=10)()
    assert 0 < len(several.texts[text][0]) < 20_000
    several.engine.cancel([text])
