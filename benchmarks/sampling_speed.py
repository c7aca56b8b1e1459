"""Characters per second of generation, ours beside what a user would otherwise write.

    python benchmarks/sampling_speed.py [--units 512,512 --units 1024] [--rounds 7]

All contestants have the same random weights' shapes and do the same work: one step of the network,
division by the temperature, a draw from the categorical distribution, and the id fed back in.

chargen         what `chargen sample` runs
every filter    the same with every filter and rule switched on but `--max-copy`, which copies.py
                measures, and `--only`, which is `--ban` the other way round
64 at once      the same with 64 texts side by side; the characters of all are counted
keras-eager     the rebuilt Keras model called eagerly per character, `tf.random.categorical`
keras-engine    the same network as `chargen sample --engine keras` runs it
torch           `nn.LSTM` in a loop under inference mode, `multinomial` (extra `bench`)

The last line is the rate that merely reading the weights once per character would allow: the
matrices of a step multiplied by vectors, with nothing else done. Below stands how much memory a
process that loads the model and writes 2,000 characters holds at its peak, beside the weights.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from measure import in_turn, print_machine, print_table

from chargen.checkpoint import Checkpoint, weight_shapes
from chargen.config import ModelConfig
from chargen.language_model import LanguageModel
from chargen.text.tokenizer import CharTokenizer
from chargen.text.vocabulary import Vocabulary

VOCABULARY = Vocabulary("\n" + "".join(map(chr, range(32, 96))))
TEMPERATURE = 0.8
EVERY_FILTER = {
    "ban": "Q",
    "no_repeat": 20,
    "max_line": 80,
    "top_k": 40,
    "top_p": 0.95,
    "min_p": 0.02,
    "stop": ("ROMEO:", "JULIET:"),
    "lines": 10**6,
}


def random_checkpoint(units: tuple[int, ...], embedding_dim: int) -> Checkpoint:
    config = ModelConfig(vocab_size=VOCABULARY.vocab_size, embedding_dim=embedding_dim, units=units)
    generator = np.random.default_rng(0)
    weights = {
        name: generator.normal(0, 0.05, shape).astype(np.float32)
        for name, shape in weight_shapes(config).items()
    }
    return Checkpoint(config, CharTokenizer(VOCABULARY, " "), weights)


def rate(generate: Callable[[int], object], characters: int) -> Callable[[], float]:
    """A contestant that writes `characters` characters and gives characters per second."""

    def measure() -> float:
        started = time.perf_counter()
        generate(characters)
        return characters / (time.perf_counter() - started)

    generate(3)  # whatever compiles does so now
    return measure


def ours(checkpoint: Checkpoint, texts: int = 1, **settings: object) -> Callable[[int], object]:
    model = LanguageModel(checkpoint)

    def generate(n: int) -> None:
        length = n // texts or 1
        samples = model.samples(
            "!", n=texts, length=length, temperature=TEMPERATURE, seed=0, **settings
        )
        for _ in samples:
            pass

    return generate


def keras_engine(checkpoint: Checkpoint) -> Callable[[int], object]:
    model = LanguageModel(checkpoint, engine="keras")
    return lambda n: model.generate("!", length=n, temperature=TEMPERATURE, seed=0)


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


# Linux's own count, since getrusage's begins with that of the process that started this one.
PEAK = """
import sys
import chargen
chargen.load(sys.argv[1]).generate(length=2000, seed=0)
status = open("/proc/self/status").read()
print(int(status.partition("VmHWM:")[2].split()[0]) / 1024)
"""


def megabytes_beside_weights(checkpoint: Checkpoint) -> float:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.safetensors"
        checkpoint.save(path)
        command = [sys.executable, "-c", PEAK, path]
        peak = float(subprocess.run(command, capture_output=True, check=True).stdout)
    return peak - sum(array.nbytes for array in checkpoint.weights.values()) / 2**20


def compare(units: tuple[int, ...], embedding_dim: int, rounds: int) -> None:
    checkpoint = random_checkpoint(units, embedding_dim)
    print(f"\nunits {units}, embedding {embedding_dim}\n")
    contestants = {
        "chargen": rate(ours(checkpoint), 2000),
        "chargen, every filter": rate(ours(checkpoint, **EVERY_FILTER), 2000),
        "chargen, 64 at once": rate(ours(checkpoint, 64), 64 * 100),
        "torch": rate(torch_loop(checkpoint), 200),
        "keras-engine": rate(keras_engine(checkpoint), 200),
        "keras-eager": rate(keras_eager(checkpoint), 40),
        "reading the weights": rate(reading(checkpoint), 2000),
    }
    print_table(in_turn(contestants, rounds), "chars/s", "chargen")
    print(f"\npeak memory beside the weights: {megabytes_beside_weights(checkpoint):,.0f} MB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--units", action="append")
    parser.add_argument("--embedding-dim", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=7)
    args = parser.parse_args()
    print_machine()
    for units in args.units or ("512,512", "1024"):
        compare(tuple(map(int, units.split(","))), args.embedding_dim, args.rounds)


if __name__ == "__main__":
    main()
