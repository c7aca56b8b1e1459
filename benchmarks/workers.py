"""Steps of 1, 2 and 4 workers on one machine, and the share of them spent waiting.

    python benchmarks/workers.py [--batch 128 64] [--workers 2 4] [--units 512]

Each worker has one core; where there are fewer cores than workers, those that share one have equal
parts of it. As root on Linux, each worker is in a network namespace of its own, and the links
between them are left as they are, then slowed down to 1 Gbit/s and to 100 Mbit/s; else all talk
through the loopback, which cannot be slowed down.

step        the median of whole steps
arithmetic  the same without the all-reduce, all workers at once; they took turns with whole steps
waiting     what a step takes longer, as a share of it
predicted   the model of `chargen.training.cluster.scaling`, from one worker's arithmetic with all
            and with half of the rows; `speed` is against one worker

At the end stands the model alone, for more workers than fit on a machine: times as fast as one.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from measure import in_turn, print_machine

sys.path.insert(0, str(Path(__file__).parents[1]))

from chargen.config import ModelConfig, TrainingConfig
from chargen.corpus.streams import Streams
from chargen.training.cluster.launcher import addresses
from chargen.training.cluster.members import Members
from chargen.training.cluster.scaling import Arithmetic, Link, speedup, step_seconds
from tests.cluster.netns import network

VOCAB_SIZE, PORT = 65, 2222
LINKS = {"unshaped": None, "1gbit": Link(1e9), "100mbit": Link(1e8)}
PAPER = (Link(1e8), Link(1e9), Link(1e10), Link(1e11, 1e-5))
TURN, ROUNDS = 1.5, 3  # seconds


def work(index: int, hosts: Sequence[str], batch: int, length: int, units: int) -> None:
    """Be a worker: for each line of standard input, take some steps; print what each took."""
    from chargen.training.cluster.strategy import connect
    from chargen.training.replicas import Replicas
    from chargen.training.trainer import Trainer

    class Apart(Replicas):
        """Replicas that do not tell each other their gradients."""

        def sum(self, tensors):
            return tensors

    model = ModelConfig(vocab_size=VOCAB_SIZE, units=(units,), dropout=0.0)
    config = TrainingConfig(batch_size=batch, seq_length=length)
    ids = np.random.default_rng(0).integers(0, VOCAB_SIZE, 64 * batch * length + 1)
    together = apart = None
    if len(hosts) > 1:
        together = connect(Members(tuple(hosts), index))
        apart = Apart(together._strategy, workers=len(hosts), index=index)
    streams = Streams(ids.astype(np.int32), batch, length)
    trainers = {
        "whole": Trainer(model, config, streams, replicas=together),
        "apart": Trainer(model, config, streams, replicas=apart),
    }
    weights = trainers["whole"].model.trainable_variables
    print(sum(int(np.prod(each.shape)) for each in weights), flush=True)
    numbers = dict.fromkeys(trainers, 0)
    for line in sys.stdin:
        name, steps = json.loads(line)
        taken = []
        for _ in range(steps):
            began = time.perf_counter()
            trainers[name].step(numbers[name], 1e-3)
            taken.append(time.perf_counter() - began)
            numbers[name] += 1
        print(json.dumps(taken), flush=True)


class Workers:
    """Workers that take steps when they are told."""

    def __init__(self, processes: "list[subprocess.Popen[str]]") -> None:
        self._processes = processes
        self.parameters = self._answers()[0]
        for name in ("whole", "apart"):
            self.take(name, 3)  # of which the first compiles

    def take(self, name: str, steps: int) -> float:
        """The median of the seconds that worker 0's steps took."""
        for each in self._processes:
            each.stdin.write(json.dumps([name, steps]) + "\n")
            each.stdin.flush()
        return statistics.median(self._answers()[0])

    def measure(self) -> tuple[float, float]:
        """A whole step, and one without the all-reduce, in seconds."""
        turns = {
            name: partial(self.take, name, max(3, int(TURN / self.take(name, 2))))
            for name in ("whole", "apart")
        }
        whole, apart = (statistics.median(each) for each in in_turn(turns, ROUNDS).values())
        return whole, apart

    def _answers(self) -> list[Any]:
        return [json.loads(each.stdout.readline()) for each in self._processes]


@contextmanager
def workers(hosts: Sequence[str], machines: Any, *shape: int) -> Iterator[Workers]:
    """So many workers, in namespaces or, where there are none, on the loopback."""
    cores = sorted(os.sched_getaffinity(0))
    processes = []
    for index in range(len(hosts)):
        command = [sys.executable, __file__, "--work", str(index), *map(str, shape), *hosts]
        keep = partial(os.sched_setaffinity, 0, {cores[index % len(cores)]})
        popen = partial(machines.popen, index) if machines else subprocess.Popen
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        processes.append(popen(command, text=True, preexec_fn=keep, **pipes))
    try:
        yield Workers(processes)
    finally:
        for each in processes:
            each.kill()
            each.wait()


@contextmanager
def places(count: int) -> Iterator[tuple[list[str], Any]]:
    """Addresses for workers, and the namespaces that they are in; None on the loopback."""
    with ExitStack() as stack:
        try:
            machines = stack.enter_context(network(count))
        except pytest.skip.Exception as skipped:
            print(f"(on the loopback: {skipped})")
            yield addresses(count), None
        else:
            yield [f"{address}:{PORT}" for address in machines.addresses], machines


def row(count: int, link: str, whole: float, apart: float, more: str) -> None:
    share = max(0.0, 1 - apart / whole)
    print(
        f"| {count} | {link} | {1000 * whole:.0f} | {1 / whole:.2f} | {1000 * apart:.0f} | "
        f"{share:.0%} | {more} |",
        flush=True,
    )


def measure(counts: Sequence[int], batch: int, length: int, units: int) -> None:
    cores = len(os.sched_getaffinity(0))
    halves = []
    for rows in (batch, batch // 2):
        with workers(["one"], None, rows, length, units) as one:
            halves.append(one.measure()[0])
            parameters = one.parameters
    alone = halves[0]
    arithmetic = Arithmetic.measured(batch, *halves)
    print(
        f"\n{batch} rows × {length} characters, 1 × {units} units, {parameters:,} parameters. "
        f"One worker: {1000 * alone:.0f} ms, with half of the rows {1000 * halves[1]:.0f} ms; "
        f"fixed {1000 * arithmetic.fixed:.1f} ms.\n"
    )
    print("| workers | link | step, ms | steps/s | arithmetic, ms | waiting | speed | predicted |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    row(1, "", alone, alone, "1 | ")
    for count in counts:
        sharing = max(1, count / cores)  # workers on each core
        mine = Arithmetic(sharing * arithmetic.fixed, sharing * arithmetic.per_row)
        with (
            places(count) as (hosts, machines),
            workers(hosts, machines, batch, length, units) as some,
        ):
            for name, link in LINKS.items():
                predicted = ""
                if link is not None:
                    if machines is None:
                        continue
                    machines.shape(name)
                    shared = replace(link, handling=link.handling / sharing)
                    given = {"rows": batch, "parameters": parameters, "link": shared}
                    seconds = step_seconds(count, arithmetic=mine, **given)
                    predicted = f"{1000 * seconds:.0f} ms, {alone / seconds:.2f}"
                whole, apart = some.measure()
                row(count, name, whole, apart, f"{alone / whole:.2f} | {predicted}")
    for rows in (batch, 4 * batch):
        paper(rows, arithmetic, parameters)


def paper(rows: int, arithmetic: Arithmetic, parameters: int) -> None:
    """The model alone: how many times as fast as one worker more of them are."""
    given = {"rows": rows, "arithmetic": arithmetic, "parameters": parameters}
    print(f"\n| workers, {rows} rows | {' | '.join(map(str, PAPER))} |")
    print(f"| --- |{' --- |' * len(PAPER)}")
    for count in (2, 4, 8, 64, 512):
        if count <= rows:
            figures = [f"{speedup(count, link=link, **given):.2f}" for link in PAPER]
            print(f"| {count} | {' | '.join(figures)} |")


def main() -> None:
    if sys.argv[1:2] == ["--work"]:
        index, batch, length, units, *hosts = sys.argv[2:]
        work(int(index), hosts, int(batch), int(length), int(units))
        return
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--batch", type=int, nargs=2, default=[32, 16])
    parser.add_argument("--workers", type=int, nargs="+", default=[2, 4])
    parser.add_argument("--units", type=int, default=512)
    args = parser.parse_args()
    print_machine()
    measure(args.workers, *args.batch, args.units)


if __name__ == "__main__":
    main()
