"""What several test files make."""

import random
from dataclasses import replace
from functools import partial

import numpy as np

from chargen.checkpoint import Checkpoint, Origin, weight_shapes
from chargen.config import ModelConfig, RunConfig
from chargen.corpus.corpus import read_corpus
from chargen.corpus.split import train_validation_split
from chargen.generation.decoder import Decoder
from chargen.generation.state import State
from chargen.generation.weights import DecoderWeights
from chargen.storage.runs import RESUME_FILE
from chargen.text.tokenizer import CharTokenizer
from chargen.text.vocabulary import Vocabulary
from chargen.training.history import Row
from chargen.training.run_state import RunState
from chargen.training.saved_run import SavedRun, array_shapes
from chargen.training.source import Source


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


def save_run(folder, path, **settings):
    """Keep a run of zeros in a folder, as if it had learned the text at `path` for a while."""
    corpus = read_corpus(path)
    characters, preparation = corpus.vocabulary.vocab_size, corpus.preparation
    config = RunConfig.of(settings)
    config = config.for_corpus(vocab_size=characters, labels=0, preparation=preparation)
    shapes = array_shapes(config.model, config.training)
    arrays = {name: np.zeros(shape, np.float32) for name, shape in shapes.items()}
    _, held_out = train_validation_split(corpus, 0.1, seed=config.training.seed)
    rows = [Row(step, step / 9, 0.004, 2.0, 2.5, 2.6, 3.6, 1.5, 900) for step in (3, 6)]
    source = Source([str(path)], held_out=held_out.sha256)
    state = RunState(step=7, kept_step=6, best_step=6, best_loss=2.5, rows=rows, total_steps=9)
    saved = SavedRun(config, source, corpus.sha256, state, arrays)
    saved.save(folder / RESUME_FILE)
    return saved


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
