"""What several test files make."""

import random
from dataclasses import replace
from functools import partial

import numpy as np

from chargen.checkpoint import Checkpoint, Origin, weight_shapes
from chargen.config import ModelConfig
from chargen.generation.decoder import Decoder
from chargen.generation.state import State
from chargen.generation.weights import DecoderWeights
from chargen.text.tokenizer import CharTokenizer
from chargen.text.vocabulary import Vocabulary


def tiny_checkpoint(cell="lstm", *, units=(5, 3), characters="\n :ABCabc", seed=0, labels=None):
    """A small random network; its weights are wide enough to use the gates' curves."""
    labels = labels or {}
    config = ModelConfig(
        vocab_size=len(set(characters)),
        embedding_dim=4,
        cell=cell,
        units=units,
        labels=len(labels),
    )
    generator = np.random.default_rng(seed)
    weights = {
        name: generator.normal(0, 0.8, shape).astype(np.float32)
        for name, shape in weight_shapes(config).items()
    }
    vocabulary = Vocabulary(characters)
    start = "\n" if "\n" in vocabulary else characters[0]
    tokenizer = CharTokenizer(vocabulary, start)
    return Checkpoint(config, tokenizer, weights, Origin(corpus="tiny.txt", step=7), labels)


def decoder_of(checkpoint, batch_size=1, labels=None):
    """A NumPy decoder, from a zero state."""
    weights = DecoderWeights(checkpoint)
    return Decoder(weights, weights.zero_state(batch_size, labels))


def with_tokenizer(checkpoint, **changes):
    """The checkpoint with another start or preparation."""
    return replace(checkpoint, tokenizer=replace(checkpoint.tokenizer, **changes))


def make_decoder_of(checkpoint):
    """What gives NumPy decoders of a checkpoint."""
    return partial(Decoder, DecoderWeights(checkpoint))


LETTERS = Vocabulary("abcdefgh")


class Alphabet:
    """A decoder that always wants the next letter; it remembers the last one that it read."""

    def __init__(self, state):
        self.state = state

    def step(self, ids):
        assert len(ids) == self.state.batch_size
        self.state = State("rnn", ((np.asarray(ids, np.float32)[:, None],),))
        return np.eye(8, dtype=np.float32)[(np.asarray(ids) + 1) % 8]

    def read(self, ids):
        for column in ids.T:
            logits = self.step(column)
        return logits


def cut_anyhow(text, seed):
    """The text in pieces of a few characters, some empty."""
    generator = random.Random(seed)
    pieces = []
    while text:
        length = generator.randint(0, 4)
        pieces.append(text[:length])
        text = text[length:]
    return pieces
