"""Held-out loss against time: one machine, two that sum every gradient, two that rarely meet.

    python benchmarks/local_steps.py TEXT [--seconds 100] [--only 0 3]

The last is DiLoCo (Douillard et al. 2023, arXiv 2311.08105): each worker takes H steps of its own,
then all average how far they came, and an outer step with Nesterov momentum follows (0.7 and 0.9,
as in the paper). Each worker has a core and a network namespace of its own, behind a slowed link;
this needs root on Linux. Each contestant trains for the same seconds, in which measuring and
starting do not count, with a learning rate that falls over just these seconds. The first nine
tenths of the text are learned, and 60,000 characters after them measured, carried.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
from measure import print_machine

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.cluster.netns import network

PORT, HELD_OUT, RATE = 2222, 60_000, 4e-3
OUTER_RATE, MOMENTUM = 0.7, 0.9
POINTS = (0.25, 0.5, 0.75, 1.0)  # of the seconds


class Contestant(NamedTuple):
    name: str
    workers: int
    rows: int  # of all workers
    every: int  # steps between two sums of weights; 0 sums the gradients of every step
    link: str


CONTESTANTS = [
    Contestant("one machine", 1, 32, 0, ""),
    Contestant("two, every gradient, 1 Gbit/s", 2, 64, 0, "1gbit"),
    Contestant("two, H = 32, 1 Gbit/s", 2, 64, 32, "1gbit"),
    Contestant("two, H = 128, 1 Gbit/s", 2, 64, 128, "1gbit"),
    Contestant("two, every gradient, 100 Mbit/s", 2, 64, 0, "100mbit"),
    Contestant("two, H = 128, 100 Mbit/s", 2, 64, 128, "100mbit"),
]


def work(index: int, hosts: list[str], text: str, rows: int, every: int, seconds: float) -> None:
    """Train as a worker; worker 0 prints a line of JSON: steps, and the losses at the points."""
    from chargen.config import ModelConfig, TrainingConfig
    from chargen.corpus.corpus import read_corpus
    from chargen.corpus.streams import Streams
    from chargen.training.backend import tf
    from chargen.training.cluster.members import Members
    from chargen.training.cluster.strategy import connect
    from chargen.training.replicas import Replicas
    from chargen.training.schedule import learning_rate
    from chargen.training.trainer import Trainer
    from chargen.training.validation import Validator

    class Apart(Replicas):
        """Replicas that do not tell each other their gradients."""

        def sum(self, tensors):
            return tensors

    workers = len(hosts)
    replicas = together = Replicas(tf.distribute.get_strategy())
    if workers > 1:
        replicas = together = connect(Members(tuple(hosts), index))
    if every:
        replicas = Apart(together._strategy, workers=workers, index=index)
    corpus = read_corpus(text)
    cut = len(corpus.ids) * 9 // 10
    model = ModelConfig(vocab_size=corpus.vocabulary.vocab_size, units=(512,), dropout=0.0)
    config = TrainingConfig(
        batch_size=rows, seq_length=16, learning_rate=RATE, weight_decay=0.0, state_reset_rate=0
    )
    trainer = Trainer(model, config, Streams(corpus.ids[:cut], rows, 16), replicas=replicas)
    validator = Validator(model, corpus.ids[cut : cut + HELD_OUT])
    variables = trainer.model.trainable_variables
    summed = together.compiled(lambda: together.sum([v * 1.0 for v in variables]))
    centre, velocity = trainer.model.get_weights(), [np.float32(0)] * len(variables)

    def meet() -> None:
        """Take the outer step, from where the workers came on average."""
        for place, total in enumerate(summed()):
            away = centre[place] - total.numpy() / workers
            velocity[place] = MOMENTUM * velocity[place] + away
            centre[place] = centre[place] - OUTER_RATE * (away + MOMENTUM * velocity[place])
        trainer.model.set_weights(centre)

    trainer.step(0, 0.0)  # compiles
    summed()
    began = time.perf_counter()
    for number in range(20):
        trainer.step(number, 0.0)
    step = (time.perf_counter() - began) / 20
    if every:
        began = time.perf_counter()
        summed()
        step += (time.perf_counter() - began) / every
    # Every worker has to plan the same number of steps.
    total = together.compiled(lambda own: together.sum([own * 1.0])[0])(np.float32(step))
    steps = int(seconds / (float(total) / workers))
    points = {int(share * steps): share for share in POINTS}
    losses, spent, began = [], 0.0, time.perf_counter()
    for number in range(steps):
        trainer.step(number, learning_rate(number, steps, config, None))
        done = number + 1
        if every and (done % every == 0 or done == steps):
            meet()
        if done in points:
            spent += time.perf_counter() - began
            average = [each.numpy() / workers for each in summed()]
            if index == 0:
                losses.append((round(spent), validator(average).carried))
            summed()  # the others wait here until worker 0 has measured
            began = time.perf_counter()
    if index == 0:
        print(json.dumps({"steps": steps, "losses": losses}), flush=True)


def run(contestant: Contestant, text: str, seconds: float) -> dict:
    """Return what a contestant's worker 0 prints."""
    cores = sorted(os.sched_getaffinity(0))
    with network(contestant.workers) as machines:
        if contestant.link:
            machines.shape(contestant.link)
        hosts = [f"{address}:{PORT}" for address in machines.addresses]
        command = [sys.executable, __file__]
        rest = json.dumps([hosts, text, contestant.rows, contestant.every, seconds])
        processes = [
            machines.popen(
                place,
                ["taskset", "-c", str(cores[place]), *command, "--work", str(place), rest],
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )
            for place in range(contestant.workers)
        ]
        said, _ = processes[0].communicate()
        return json.loads(said)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("text")
    parser.add_argument("--seconds", type=float, default=100.0)
    parser.add_argument("--only", type=int, nargs="*", default=range(len(CONTESTANTS)))
    given = parser.parse_args()
    print_machine()
    print(f"{'':<34} {'steps':>6}  loss after so many seconds")
    for number in given.only:
        result = run(CONTESTANTS[number], str(Path(given.text).resolve()), given.seconds)
        losses = "  ".join(f"{seconds} s {loss:.3f}" for seconds, loss in result["losses"])
        print(f"{CONTESTANTS[number].name:<34} {result['steps']:>6,}  {losses}", flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--work"]:
        index, (hosts, text, rows, every, seconds) = int(sys.argv[2]), json.loads(sys.argv[3])
        work(index, hosts, text, rows, every, seconds)
    else:
        main()
