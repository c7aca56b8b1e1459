"""Characters per second of training on this machine's GPU and on its CPU, for the presets' shapes.

    python benchmarks/gpu.py [--rounds 3]

Takes about five minutes. Each contestant is a process of its own that works only in its turn; the
CPU's sees no GPU. Whole steps are measured, as `chargen train` takes them.
"""

import argparse
import multiprocessing
import os
import sys
import time

import numpy as np
from measure import in_turn, print_machine, print_table

SHAPES = [(32, 16, 512), (32, 16, 1024), (128, 64, 512), (256, 128, 1024)]  # streams, steps, units
SECONDS = 4.0
VOCAB_SIZE = 65


def work(pipe, on_gpu: bool, shape: tuple[int, int, int]) -> None:
    """Answer each question with a speed, in characters a second."""
    if not on_gpu:
        os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
    from chargen.config import ModelConfig, TrainingConfig
    from chargen.corpus.streams import Streams
    from chargen.training.trainer import Trainer

    streams, steps, units = shape
    ids = np.random.default_rng(0).integers(VOCAB_SIZE, size=64 * streams * steps + 1)
    trainer = Trainer(
        ModelConfig(vocab_size=VOCAB_SIZE, units=(units,)),
        TrainingConfig(batch_size=streams, seq_length=steps),
        Streams(ids.astype(np.int32), streams, steps),
    )
    trainer.step(0, 1e-3)
    number = 1
    while pipe.recv():
        began, first = time.perf_counter(), number
        while time.perf_counter() - began < SECONDS:
            trainer.step(number, 1e-3)
            number += 1
        pipe.send((number - first) * streams * steps / (time.perf_counter() - began))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    from chargen.training.backend import tf

    gpus = tf.config.list_physical_devices("GPU")
    print_machine()
    if not gpus:
        sys.exit("TensorFlow sees no GPU here.")
    for gpu in gpus:
        print(tf.config.experimental.get_device_details(gpu).get("device_name", gpu.name))
    context = multiprocessing.get_context("spawn")
    for shape in SHAPES:
        pipes, processes = {}, []
        for name, on_gpu in (("GPU", True), ("CPU", False)):
            pipes[name], theirs = context.Pipe()
            processes.append(context.Process(target=work, args=(theirs, on_gpu, shape)))
            processes[-1].start()

        def ask(name: str, pipes: dict = pipes) -> float:
            pipes[name].send(True)
            return pipes[name].recv()

        figures = in_turn({name: lambda name=name: ask(name) for name in pipes}, rounds)
        print("\n{} streams × {} steps, {} units".format(*shape))
        print_table(figures, "characters/s", "GPU")
        for pipe, process in zip(pipes.values(), processes, strict=True):
            pipe.send(False)
            process.join()


if __name__ == "__main__":
    main()
