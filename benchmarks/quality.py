"""Held-out loss after some minutes of training with the default settings.

    python benchmarks/quality.py tinyshakespeare.txt [--minutes 3] [--rounds 1] [-- OPTION ...]

The last tenth of the text is held out; "carried" lets the state flow through all of it, "windowed"
reads 256 characters at a time from a zero state, which is what nanoGPT's figure means. What stands
after `--` goes to `chargen train`. Seconds are those of the whole command, imports and all.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from measure import print_machine, seconds

from chargen import load


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--minutes", type=float, nargs="+", default=[3.0])
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("options", nargs="*", help="after --, for chargen train")
    args = parser.parse_args()
    print_machine()
    print(
        f"\n{'minutes':>8} {'seed':>5} {'carried':>8} {'windowed':>9} {'steps':>7} {'seconds':>8}"
    )
    for seed in range(args.rounds):
        for minutes in args.minutes:
            with tempfile.TemporaryDirectory() as folder:
                run = f"{folder}/run"
                command = ["chargen", "train", str(args.corpus), "--name", run]
                command += ["--minutes", f"{minutes}", "--seed", f"{seed}", *args.options]
                command = [sys.executable, "-m", *command]
                elapsed = seconds(lambda c=command: subprocess.run(c, check=True))
                model = load(run)
            origin = model.origin
            print(
                f"{minutes:>8g} {seed:>5} {origin['carried']:>8.4f} {origin['windowed']:>9.4f} "
                f"{origin['step']:>7,} {elapsed:>8.0f}"
            )
    print(f"\n{model.generate(length=400, seed=0)}")


if __name__ == "__main__":
    main()
