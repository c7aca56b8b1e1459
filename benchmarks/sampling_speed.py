"""Characters per second of batch-1 generation, ours beside what a user would otherwise write.

    python benchmarks/sampling_speed.py [--units 512,512] [--rounds 7]

All contestants have the same random weights' shapes and do the same work: one step of the network,
division by the temperature, a draw from the categorical distribution, and the id fed back in.

keras-eager     the rebuilt Keras model called eagerly per character, `tf.random.categorical`
keras-engine    the same network as `chargen sample --engine keras` runs it
torch           `nn.LSTM` in a loop under inference mode, `multinomial` (extra `bench`)
chargen         what `chargen sample` runs

The last line is the rate that merely reading the weights once per character would allow: the
matrices of a step multiplied by vectors, with nothing else done.
"""

import argparse
import time
from collections.abc import Callable

import numpy as np
from measure import in_turn, print_machine, print_table

from chargen.checkpoint import Checkpoint, weight_shapes
from chargen.config import ModelConfig, SamplingConfig
from chargen.generation.decoder import Decoder
from chargen.generation.generate import generate_ids
from chargen.generation.sampler import make_sampler
from chargen.text.vocabulary import Vocabulary

VOCABULARY = Vocabulary("".join(map(chr, range(32, 97))))
TEMPERATURE = 0.8


def random_checkpoint(units: tuple[int, ...], embedding_dim: int) -> Checkpoint:
    config = ModelConfig(vocab_size=VOCABULARY.vocab_size, embedding_dim=embedding_dim, units=units)
    generator = np.random.default_rng(0)
    weights = {
        name: generator.normal(0, 0.05, shape).astype(np.float32)
        for name, shape in weight_shapes(config).items()
    }
    return Checkpoint(config, VOCABULARY, weights, " ")


def rate(generate: Callable[[int], object], characters: int) -> Callable[[], float]:
    """A contestant that writes `characters` characters and gives characters per second."""

    def measure() -> float:
        started = time.perf_counter()
        generate(characters)
        return characters / (time.perf_counter() - started)

    generate(3)  # whatever compiles does so now
    return measure


def ours(checkpoint: Checkpoint) -> Callable[[int], object]:
    decoder = Decoder(checkpoint)
    sampler = make_sampler(SamplingConfig(temperature=TEMPERATURE, seed=0))
    return lambda n: list(generate_ids(decoder.step, np.array([1]), sampler, n))


def keras_engine(checkpoint: Checkpoint) -> Callable[[int], object]:
    from chargen.training.model import KerasDecoder

    decoder = KerasDecoder(checkpoint)
    sampler = make_sampler(SamplingConfig(temperature=TEMPERATURE, seed=0))
    return lambda n: list(generate_ids(decoder.step, np.array([1]), sampler, n))


def keras_eager(checkpoint: Checkpoint) -> Callable[[int], object]:
    from chargen.training.backend import tf
    from chargen.training.model import rebuild

    model = rebuild(checkpoint)

    def generate(n: int) -> None:
        ids = tf.constant([[1]])
        for _ in range(n):
            logits = model(ids)[:, -1] / TEMPERATURE
            ids = tf.random.categorical(logits, 1, dtype=tf.int32)

    return generate


def torch_loop(checkpoint: Checkpoint) -> Callable[[int], object]:
    import torch

    config = checkpoint.config
    if len(set(config.units)) > 1:
        raise SystemExit("nn.LSTM has one width for all layers; give equal --units.")
    width, layers = config.units[0], len(config.units)
    embedding = torch.nn.Embedding(config.vocab_size, config.embedding_dim)
    lstm = torch.nn.LSTM(config.embedding_dim, width, layers, batch_first=True)
    dense = torch.nn.Linear(width, config.vocab_size)

    def generate(n: int) -> None:
        ids, state = torch.tensor([[1]]), None
        with torch.inference_mode():
            for _ in range(n):
                outputs, state = lstm(embedding(ids), state)
                logits = dense(outputs[:, -1]) / TEMPERATURE
                ids = torch.multinomial(torch.softmax(logits, -1), 1)
                ids.item()

    return generate


def reading(checkpoint: Checkpoint) -> Callable[[int], object]:
    shapes, width = [], checkpoint.config.embedding_dim
    for units in checkpoint.config.units:
        shapes.append((width + units, 4 * units))
        width = units
    shapes.append((width, checkpoint.config.vocab_size))
    matrices = [np.asfortranarray(np.ones(shape, np.float32)) for shape in shapes]
    vectors = [np.ones((1, rows), np.float32) for rows, _ in shapes]

    def generate(n: int) -> None:
        for _ in range(n):
            for vector, matrix in zip(vectors, matrices, strict=True):
                vector @ matrix

    return generate


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--units", default="512,512")
    parser.add_argument("--embedding-dim", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=7)
    args = parser.parse_args()
    checkpoint = random_checkpoint(
        tuple(int(width) for width in args.units.split(",")), args.embedding_dim
    )
    print_machine()
    print(f"units {args.units}, embedding {args.embedding_dim}\n")
    contestants = {
        "chargen": rate(ours(checkpoint), 2000),
        "torch": rate(torch_loop(checkpoint), 200),
        "keras-engine": rate(keras_engine(checkpoint), 200),
        "keras-eager": rate(keras_eager(checkpoint), 40),
        "reading the weights": rate(reading(checkpoint), 2000),
    }
    print_table(in_turn(contestants, args.rounds), "chars/s", "chargen")


if __name__ == "__main__":
    main()
