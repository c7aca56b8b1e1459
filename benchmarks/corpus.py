"""How fast text becomes ids, and what a corpus larger than memory costs.

    python benchmarks/corpus.py encoding [TEXT] [--characters 20] [--rounds 7]
    python benchmarks/corpus.py large FOLDER [--gigabytes 5] [--rounds 3] [--seconds 10] [--keep]

encoding   Text as a corpus is encoded, in one pass that finds the vocabulary too, and with the
           vocabulary known, beside the loop over a dictionary that nanoGPT's prepare script uses,
           `[stoi[c] for c in s]` (its sorted(set(s)) is not counted), and beside
           `str.encode("utf-32-le")` alone. On English, Greek, and Chinese of 3,000 characters.
large      A synthetic text of that size is written below FOLDER, then a small one of 2 MB. Runs of
           their own process train on each in turn: the first on the large one reads and caches it,
           the others find the cache. Told are the peak of resident memory, the time from the
           start of the process to the end of the first step. Then two networks in one process
           train in turn, one on each text, and the speed of their steps is compared.
"""

import argparse
import json
import random
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path

import numpy as np
from measure import in_turn, print_machine, print_table, seconds

from chargen.config import ModelConfig, PreparationConfig, TrainingConfig
from chargen.corpus.corpus import encode, read_corpus
from chargen.corpus.encoder import CharacterTable
from chargen.corpus.split import train_validation_split
from chargen.corpus.streams import Streams
from chargen.text.characters import code_points

PLAY = Path(__file__).parents[1] / "corpora" / "drowned-bell.txt"
BLOCK = 1 << 20


def texts(english: str, characters: int) -> dict[str, str]:
    """Samples of one, two and three bytes a character in UTF-8."""
    greek = str.maketrans({chr(97 + i): chr(0x3B1 + i) for i in range(24)})
    weights = 1 / np.arange(1, 3001)
    drawn = np.random.default_rng(0).choice(3000, BLOCK, p=weights / weights.sum())
    chinese = "".join(map(chr, drawn + 0x4E00))
    samples = {"English": english, "Greek": english.translate(greek), "Chinese": chinese}
    return {
        name: (text * (characters // len(text) + 1))[:characters] for name, text in samples.items()
    }


def encoders(text: str) -> dict[str, Callable[[], object]]:
    pieces = [text[start : start + BLOCK] for start in range(0, len(text), BLOCK)]
    known = sorted(set(text))
    stoi = {character: i for i, character in enumerate(known)}
    table = CharacterTable(code_points("".join(known)))
    return {
        "chargen, vocabulary known": lambda: [table.look_up(piece) for piece in pieces],
        "chargen, one pass over new text": lambda: encode(
            pieces, name="text", preparation=PreparationConfig()
        ),
        "dictionary loop": lambda: [[stoi[c] for c in piece] for piece in pieces],
        "str.encode('utf-32-le') alone": lambda: [piece.encode("utf-32-le") for piece in pieces],
    }


def measure_encoding(args: argparse.Namespace) -> None:
    english = Path(args.text).read_text(encoding="utf-8")
    for name, text in texts(english, int(args.characters * 1e6)).items():
        actions = encoders(text)
        ours, once, loop, _ = (action() for action in actions.values())
        for ids in (ours, loop):
            np.testing.assert_array_equal(np.concatenate(ids), once.ids)
        rates = {
            each: lambda action=action: args.characters / seconds(action)
            for each, action in actions.items()
        }
        print(f"\n{name}, {args.characters:g} M characters, {len(set(text)):,} distinct")
        print_table(in_turn(rates, args.rounds), "M chars/s", next(iter(rates)))


def write_synthetic(path: Path, size: int) -> None:
    """English-like lines: the play's words, drawn at random, so that no line is like another."""
    words = sorted(set(PLAY.read_text().split()))
    generator = random.Random(0)
    with path.open("w", newline="") as file:
        # A few thousand different lines, shuffled again and again, are quick to make.
        lines = [" ".join(generator.choices(words, k=9)) + "\n" for _ in range(20_000)]
        written = 0
        while written < size:
            block = "".join(generator.sample(lines, len(lines)))[: size - written]
            file.write(block)
            written += len(block)


RUN = """
import json, os, resource, sys, time
before = time.clock_gettime(time.CLOCK_BOOTTIME) - {boot} - time.monotonic()
from chargen import api
from chargen.errors import Interrupted
from chargen.training.report import Silent

class Watch(Silent):
    said = []
    times = []
    def say(self, line):
        self.said.append(line)
    def stepped(self, **_):
        self.times.append(time.monotonic())
        if self.times[-1] - self.times[0] > {seconds}:
            os.kill(os.getpid(), 2)

watch = Watch()
try:
    api.train({corpus!r}, name={run!r}, overwrite=True, cache={cache!r}, minutes=60,
              units=(512,), reporter=watch)
except Interrupted:
    pass
print(json.dumps({{
    "first step": before + watch.times[0],
    "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6,
    "cached": any("Read from the cache" in line for line in watch.said),
}}))
"""


def run(corpus: Path, folder: Path, duration: float) -> dict:
    program = RUN.format(
        boot=time.clock_gettime(time.CLOCK_BOOTTIME),
        seconds=duration,
        corpus=str(corpus),
        run=str(folder / "run"),
        cache=str(folder / "cache"),
    )
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    return json.loads(result.stdout)


def measure_large(args: argparse.Namespace) -> None:
    folder = Path(args.folder) / "chargen-large-corpus"
    folder.mkdir(parents=True, exist_ok=True)
    large, small = folder / "large.txt", folder / "small.txt"
    size = int(args.gigabytes * 1e9)
    if shutil.disk_usage(folder).free < 2.2 * size:
        sys.exit(f"{folder} has no room for {2.2 * size / 1e9:.1f} GB.")
    shutil.rmtree(folder / "cache", ignore_errors=True)
    try:
        if not large.exists() or large.stat().st_size != size:
            write_synthetic(large, size)
        write_synthetic(small, 2_000_000)
        report("large, first time", [run(large, folder, args.seconds)])
        figures: dict[str, list[dict]] = {"large, from the cache": [], "small": []}
        for _ in range(args.rounds):
            for name, corpus in (("large, from the cache", large), ("small", small)):
                figures[name].append(run(corpus, folder, args.seconds))
        for name, results in figures.items():
            report(name, results)
        contestants = {
            name: trainer_on(corpus, folder)
            for name, corpus in (("large", large), ("small", small))
        }
        print_table(in_turn(contestants, 20), "chars/s", "large")
    finally:
        if not args.keep:
            shutil.rmtree(folder)


def trainer_on(path: Path, folder: Path, steps: int = 100) -> Callable[[], float]:
    """What takes so many steps on a text, and says how many characters a second it read."""
    from chargen.training.trainer import Trainer

    corpus = read_corpus(path, cache=folder / "cache")
    config = TrainingConfig(batch_size=32, seq_length=16)
    model_config = ModelConfig(vocab_size=corpus.vocabulary.vocab_size, units=(512,))
    spans, _ = train_validation_split(corpus, 0.1)
    streams = Streams(corpus.ids, config.batch_size, config.seq_length, spans)
    trainer, numbers = Trainer(model_config, config, streams), count()
    trainer.step(next(numbers), 1e-3)  # compiles

    def measure() -> float:
        characters = steps * config.batch_size * config.seq_length
        return characters / seconds(
            lambda: [trainer.step(next(numbers), 1e-3) for _ in range(steps)]
        )

    return measure


def report(name: str, results: list[dict]) -> None:
    def middle(key: str) -> float:
        return statistics.median(result[key] for result in results)

    print(
        f"{name}: first step after {middle('first step'):.1f} s, "
        f"resident memory at most {middle('memory'):.2f} GB, "
        f"cached {[result['cached'] for result in results]}",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(required=True)
    encoding = commands.add_parser("encoding")
    encoding.add_argument("text", nargs="?", default=PLAY)
    encoding.add_argument("--characters", type=float, default=20, help="millions")
    encoding.add_argument("--rounds", type=int, default=7)
    encoding.set_defaults(measure=measure_encoding)
    big = commands.add_parser("large")
    big.add_argument("folder", help="below it text and cache are kept while this runs")
    big.add_argument("--gigabytes", type=float, default=5)
    big.add_argument("--rounds", type=int, default=3)
    big.add_argument("--seconds", type=float, default=10, help="of training in each run")
    big.add_argument("--keep", action="store_true", help="do not remove them in the end")
    big.set_defaults(measure=measure_large)
    args = parser.parse_args()
    print_machine()
    args.measure(args)


if __name__ == "__main__":
    main()
