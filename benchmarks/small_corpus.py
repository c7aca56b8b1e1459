"""The default run on a small corpus beside ten that someone might set by hand.

    python benchmarks/small_corpus.py corpora/drowned-bell.txt [--characters 100000] [--minutes 10]

All get the same minutes, and each keeps the best weights of its run. The last line is how far the
default is from the best of the ten: 0% or less is as good or better.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from measure import print_machine

import chargen

BY_HAND = [
    "--units 128 --dropout 0",
    "--units 128 --dropout 0.3",
    "--units 256 --dropout 0.2",
    "--units 256 --dropout 0.5",
    "--units 256,256 --dropout 0.5",
    "--units 512 --dropout 0.3",
    "--units 512 --dropout 0.5",
    "--units 512 --dropout 0.7",
    "--units 512 --dropout 0.5 --seq-length 64",
    "--units 1024 --dropout 0.5",
]


def held_out_loss(corpus: Path, minutes: float, seed: int, options: str) -> tuple[float, int]:
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "chargen", "train", str(corpus), "--name", f"{folder}/run"]
        command += ["--validation", "end", "--minutes", f"{minutes}", "--seed", f"{seed}"]
        command += options.split()
        subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
        origin = chargen.load(f"{folder}/run").origin
    return origin.carried, origin.step


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--characters", type=int, default=100_000)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    print_machine()
    losses = {}
    with tempfile.TemporaryDirectory() as folder:
        corpus = Path(folder) / "corpus.txt"
        corpus.write_text(args.corpus.read_text(encoding="utf-8")[: args.characters], "utf-8")
        print(f"\n{'':<44} {'carried':>8} {'best at step':>13}")
        for options in ["", *BY_HAND]:
            loss, step = held_out_loss(corpus, args.minutes, args.seed, options)
            losses[options] = loss
            print(f"{options or '(default)':<44} {loss:>8.4f} {step:>13,}", flush=True)
    best = min(losses[options] for options in BY_HAND)
    print(f"\nthe default is {losses[''] / best - 1:+.1%} from the best of the ten by hand")


if __name__ == "__main__":
    main()
