"""Sampling, evaluating and scoring beside programs that keep every core busy, by NumPy's threads.

    python benchmarks/busy.py [--rounds 5] [--busy 0 2] [--only "1 × 512"] [--training]

In each round every contestant takes its turn, each in a process of its own that waits meanwhile.
One that is not a tenth as quick as the quickest in the first turn has no other.

chosen      what chargen does by itself
1, 2, ...   `--threads` fixed to that number, up to the number of cores
NumPy's     the number that NumPy takes by itself, set beneath chargen's own choice

For each task there is a table without busy loops beside it, and one with as many as there are
cores. The bars: "chosen" has at least 70% of the speed of one thread beside busy loops, and at
least 95% of the best fixed number on a quiet machine.

With --training, the training step takes turns instead: TensorFlow's own numbers of threads, and
one thread for and within its operations.
"""

import argparse
import multiprocessing
import os
import time
from collections.abc import Callable
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
from measure import busy, in_turn, print_machine, print_table
from sampling_speed import random_checkpoint
from training_speed import VOCAB_SIZE, Work, chargen_step

from chargen.config.presets import available_cores
from chargen.generation.blas import POOL
from chargen.language_model import LanguageModel, load

BUNDLED = Path(__file__).parents[1] / "checkpoints" / "bundled"
SIZES: dict[str, tuple[int, ...] | None] = {
    "1 × 512": (512,),
    "2 × 512": (512, 512),
    "1 × 1024": (1024,),
    "bundled": None,
}
SECONDS = 2.0  # of a turn, at the rate of the first
FIRST = {"sample": 300, "score": 300, "evaluate": 1_024, "train": 1}  # characters of a first turn
LATER = {"evaluate": 16_384}  # of a later one; how many are read side by side depends on it
STEPS = 32, 16, 64, 512, 1  # what the default preset trains: streams, steps, embedding, units
CHOSEN, NUMPY, ONE = "chosen", "NumPy's", "1"


def tasks(model: LanguageModel) -> dict[str, Callable[[int], object]]:
    """What is done with a number of characters."""
    characters = [each for each in model.vocabulary.idx2char if each.isprintable()]
    text = "".join(np.random.default_rng(0).choice(characters, 1_000_000))
    return {
        "sample": lambda n: model.generate("A", length=n, seed=0),
        "evaluate": lambda n: model.evaluate(text[: n + 1]),
        "score": lambda n: model.score(text[:n]),
    }


def serve(pipe: Connection, size: str, number: str) -> None:
    """Whenever a task is named, do it for a while; send its rate in characters a second."""
    units = SIZES[size]
    threads = int(number) if number.isdecimal() else None
    if number == NUMPY:
        POOL._libraries = []  # then chargen leaves NumPy's number as it is
    checkpoint = load(BUNDLED).checkpoint if units is None else random_checkpoint(units, 64)
    todo = tasks(LanguageModel(checkpoint, threads=threads))
    pipe.send("ready")
    while order := pipe.recv():
        task, n = order
        started = time.perf_counter()
        todo[task](n)
        pipe.send(n / (time.perf_counter() - started))


def train(pipe: Connection, _: str, number: str) -> None:
    """Whenever it is told to, take training steps; send the rate in characters a second."""
    from chargen.training.backend import tf

    if number == ONE:
        tf.config.threading.set_inter_op_parallelism_threads(1)
        tf.config.threading.set_intra_op_parallelism_threads(1)
    work = Work(*STEPS)
    step, done = chargen_step(work), 0
    for done in range(3):
        step(done)
    pipe.send("ready")
    while pipe.recv():
        started, before = time.perf_counter(), done
        while time.perf_counter() - started < SECONDS:
            done += 1
            step(done)
        rate = (done - before) / (time.perf_counter() - started)
        pipe.send(rate * work.streams * work.steps)


class Contestant:
    """The near end of a contestant's process."""

    def __init__(self, target: Callable[[Connection, str, str], None], *args: str) -> None:
        self._pipe, far = multiprocessing.Pipe()
        context = multiprocessing.get_context("spawn")
        self._process = context.Process(target=target, args=(far, *args), daemon=True)
        self._process.start()
        far.close()
        self._pipe.recv()

    def measure(self, task: str, characters: int) -> float:
        self._pipe.send((task, characters))
        return self._pipe.recv()

    def close(self) -> None:
        self._pipe.send(None)
        self._process.join()


def compare(
    contestants: dict[str, Contestant], what: str, task: str, loops: int, rounds: int
) -> None:
    print(f"\n{what}, {task}, beside {loops} busy loops; load {os.getloadavg()[0]:.1f}")
    with busy(loops):
        rates = {name: each.measure(task, FIRST[task]) for name, each in contestants.items()}
        slow = {name for name, rate in rates.items() if rate < max(rates.values()) / 10}
        turns = {
            name: partial(
                each.measure,
                task,
                max(FIRST[task], LATER.get(task, 0) or int(rates[name] * SECONDS)),
            )
            for name, each in contestants.items()
            if name not in slow
        }
        figures = in_turn(turns, rounds)
    figures |= {f"{name} (one turn)": [rates[name]] * rounds for name in slow}
    print_table(figures, "chars/s", next(iter(figures)))


def main() -> None:
    cores = available_cores()
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--busy", type=int, nargs="+", default=[0, cores], help="how many loops")
    parser.add_argument("--only", choices=SIZES, nargs="+", default=list(SIZES))
    parser.add_argument("--tasks", nargs="+", default=["sample", "evaluate", "score"])
    parser.add_argument("--training", action="store_true")
    args = parser.parse_args()
    print_machine()
    if args.training:
        contestants = {name: Contestant(train, "", name) for name in ("TensorFlow's", ONE)}
        for loops in args.busy:
            compare(contestants, f"1 × 512, vocabulary {VOCAB_SIZE}", "train", loops, args.rounds)
        return
    fixed = [str(number + 1) for number in range(cores)]
    for size in args.only:
        contestants = {name: Contestant(serve, size, name) for name in (CHOSEN, *fixed, NUMPY)}
        for task in args.tasks:
            for loops in args.busy:
                compare(contestants, size, task, loops, args.rounds)
        for each in contestants.values():
            each.close()


if __name__ == "__main__":
    main()
