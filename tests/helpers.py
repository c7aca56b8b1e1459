"""What several test files make."""

from dataclasses import replace
from functools import partial

import numpy as np

from chargen.generation.decoder import Decoder
from chargen.generation.state import State
from chargen.generation.weights import DecoderWeights
from chargen.text.vocabulary import Vocabulary


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
