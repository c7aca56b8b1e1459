"""Characters per second of training: ours, Keras's stateful LSTM and PyTorch's `nn.LSTM`.

    python benchmarks/training_speed.py [--rounds 5] [--only 0 3] [--contestants chargen torch]
        [--busy 0 1]

All contestants take the same whole steps: embedding, stateful LSTM layers, dense, cross entropy,
gradients through all steps, clipping to a global norm of 1, Adam; the state is carried on. The
contestants chargen-soap and chargen-bfloat16 differ: the first steps as the presets do for few
passes, the second as they do where the processor has instructions for bfloat16. Each lives in a
process of its own and works only in its turn, so that no one's threads spin beside another's.

"of the machine" is the share of the rate at which TensorFlow multiplies large float32 matrices,
measured in the same rounds; products of bfloat16 can have more than all of it. It counts the
arithmetic that an LSTM needs: three products for each matrix, one forward and two backward, and for
the first layer, whose inputs are rows of a table, only those of its recurrent matrix.
"""

import argparse
import multiprocessing
import resource
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

import numpy as np
from measure import busy, in_turn, print_machine

from chargen.config import ModelConfig, TrainingConfig
from chargen.corpus.streams import Streams

VOCAB_SIZE = 65


class Work(NamedTuple):
    """What is trained."""

    streams: int
    steps: int
    embedding: int
    units: int
    layers: int

    @property
    def flops(self) -> int:
        """Floating-point operations for each character, a multiply-add being two."""
        recurrent = self.layers * self.units * 4 * self.units
        between = (self.layers - 1) * self.units * 4 * self.units
        return 3 * 2 * (recurrent + between + self.units * VOCAB_SIZE)


WORKS = [
    Work(64, 100, 256, 512, 2),
    Work(64, 100, 256, 1024, 1),
    Work(128, 64, 64, 512, 2),
    Work(256, 64, 64, 512, 2),
    Work(8, 64, 64, 512, 1),
    Work(32, 16, 64, 512, 1),
    Work(32, 16, 64, 768, 1),
    Work(32, 16, 64, 1024, 1),
]


def streams_of(work: Work) -> Streams:
    """Random text, in streams."""
    ids = np.random.default_rng(0).integers(0, VOCAB_SIZE, 64 * work.streams * work.steps + 1)
    return Streams(ids.astype(np.int32), work.streams, work.steps)


def chargen_step(work: Work, **settings: Any) -> Callable[[int], object]:
    from chargen.training.trainer import Trainer

    model = ModelConfig(
        vocab_size=VOCAB_SIZE,
        embedding_dim=work.embedding,
        units=(work.units,) * work.layers,
        dropout=0.0,
    )
    config = TrainingConfig(
        batch_size=work.streams, seq_length=work.steps, state_reset_rate=0, **settings
    )
    trainer = Trainer(model, config, streams_of(work))
    return lambda number: trainer.step(number, 1e-3)


def keras_step(work: Work) -> Callable[[int], object]:
    from chargen.training.backend import keras, tf
    from chargen.training.model import build_model

    config = ModelConfig(
        vocab_size=VOCAB_SIZE, embedding_dim=work.embedding, units=(work.units,) * work.layers
    )
    model = build_model(config, batch_size=work.streams, seq_length=work.steps)
    optimizer = keras.optimizers.Adam(1e-3, global_clipnorm=1.0)
    loss_of = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    streams = streams_of(work)

    @tf.function
    def step(inputs: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            loss = loss_of(targets, model(inputs, training=True))
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply(gradients, model.trainable_variables)
        return loss

    return lambda number: float(step(*map(tf.constant, streams.batch(number))))


def torch_step(work: Work) -> Callable[[int], object]:
    import torch

    class Network(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embedding = torch.nn.Embedding(VOCAB_SIZE, work.embedding)
            self.lstm = torch.nn.LSTM(work.embedding, work.units, work.layers, batch_first=True)
            self.dense = torch.nn.Linear(work.units, VOCAB_SIZE)
            self.state = None

        def forward(self, ids):
            outputs, state = self.lstm(self.embedding(ids), self.state)
            self.state = tuple(part.detach() for part in state)
            return self.dense(outputs)

    network = Network()
    optimizer = torch.optim.Adam(network.parameters(), 1e-3, fused=True)
    streams = streams_of(work)

    def step(number: int) -> float:
        inputs, targets = (torch.from_numpy(part).long() for part in streams.batch(number))
        optimizer.zero_grad(set_to_none=True)
        loss = torch.nn.functional.cross_entropy(network(inputs).flatten(0, 1), targets.flatten())
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        return loss.item()

    return step


def product_step(work: Work) -> Callable[[int], object]:
    from chargen.training.backend import tf

    left = tf.random.normal([2048, 2048])
    multiply = tf.function(lambda x: tf.matmul(x, left))
    return lambda number: multiply(left).numpy()[0, 0]


MAKERS = {
    "chargen": chargen_step,
    "chargen-soap": partial(chargen_step, optimizer="soap"),
    "chargen-bfloat16": partial(chargen_step, precision="bfloat16"),
    "keras": keras_step,
    "torch": torch_step,
    "machine": product_step,
}


def serve(pipe: Connection, name: str, work: Work, seconds: float) -> None:
    """A contestant's process: whenever it is told to, take steps for some seconds; send the rate.

    The rate is in steps per second. At the end, send the peak of resident memory in MB.
    """
    step = MAKERS[name](work)
    number = 0
    for number in range(2):  # whatever compiles does so now
        step(number)
    pipe.send("ready")
    while pipe.recv() == "go":
        times: list[float] = []
        while sum(times) < seconds or len(times) < 3:
            number += 1
            started = time.perf_counter()
            step(number)
            times.append(time.perf_counter() - started)
        pipe.send(1 / statistics.median(times))
    unit = 1 << 20 if sys.platform == "darwin" else 1 << 10
    pipe.send(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit)


class Contestant:
    """The near end of a contestant's process."""

    def __init__(self, name: str, work: Work, seconds: float) -> None:
        self._pipe, far = multiprocessing.Pipe()
        context = multiprocessing.get_context("spawn")
        self._process = context.Process(target=serve, args=(far, name, work, seconds), daemon=True)
        self._process.start()
        far.close()
        self._pipe.recv()

    def measure(self) -> float:
        self._pipe.send("go")
        return self._pipe.recv()

    def close(self) -> float:
        self._pipe.send("stop")
        megabytes = self._pipe.recv()
        self._process.join()
        return megabytes


def compare(work: Work, names: list[str], rounds: int, seconds: float, loops: int) -> None:
    contestants = {name: Contestant(name, work, seconds) for name in [*names, "machine"]}
    with busy(loops):
        figures = in_turn({name: each.measure for name, each in contestants.items()}, rounds)
    memory = {name: each.close() for name, each in contestants.items()}
    flops_per_second = [rate * 2 * 2048**3 for rate in figures.pop("machine")]
    print(
        f"\n{work.streams} streams × {work.steps} steps, embedding {work.embedding}, "
        f"{work.layers} × {work.units}; the machine: "
        f"{statistics.median(flops_per_second) / 1e9:.0f} GFLOP/s; busy loops: {loops}"
    )
    columns = ("", "chars/s", "lowest", "highest", "ours ÷ it", "of the machine", "peak MB")
    print("{:<18} {:>8} {:>8} {:>8} {:>10} {:>15} {:>8}".format(*columns))
    for name, rates in figures.items():
        speeds = [rate * work.streams * work.steps for rate in rates]
        ratios = [mine / its for mine, its in zip(figures[names[0]], rates, strict=True)]
        shares = [
            speed * work.flops / peak for speed, peak in zip(speeds, flops_per_second, strict=True)
        ]
        print(
            f"{name:<18} {statistics.median(speeds):>8,.0f} {min(speeds):>8,.0f} "
            f"{max(speeds):>8,.0f} {statistics.median(ratios):>10.2f} "
            f"{statistics.median(shares):>15.0%} {memory[name]:>8,.0f}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3.0, help="of one turn")
    parser.add_argument("--only", type=int, nargs="+", help="which configurations, from 0")
    parser.add_argument("--contestants", nargs="+", default=["chargen", "keras", "torch"])
    parser.add_argument("--busy", type=int, nargs="+", default=[0], help="how many busy loops")
    args = parser.parse_args()
    print_machine()
    for number in args.only or range(len(WORKS)):
        for loops in args.busy:
            compare(WORKS[number], args.contestants, args.rounds, args.seconds, loops)


if __name__ == "__main__":
    main()
