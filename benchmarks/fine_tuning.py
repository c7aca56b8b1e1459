"""A model taken to a new text, beside models that start from nothing, at equal times.

    python benchmarks/fine_tuning.py TEXT [--base checkpoints/bundled] [--minutes 0.5 1 2]
        [--characters 60000] [--seeds 3] [-- OPTION ...]

Each contestant is a whole `chargen train` command of so many minutes; the loss is that of the
text's last tenth, the state carried through it, in nats per character.

--from BASE       goes on from the base
from nothing      with the preset's width
same width        from nothing, with the base's
Options after -- are given to the first.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from measure import print_machine, split_options

import chargen

RANDOM = ["--initial-weights", "random"]


def loss_of(text: Path, minutes: float, seed: int, options: list[str]) -> float:
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "chargen", "train", str(text), "--name", f"{folder}/run"]
        command += ["--validation", "end", "--minutes", str(minutes), "--seed", str(seed), *options]
        subprocess.run(command, check=True, capture_output=True)
        return float(chargen.load(f"{folder}/run").origin.carried)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("text", type=Path)
    parser.add_argument("--base", default="checkpoints/bundled")
    parser.add_argument("--minutes", type=float, nargs="+", default=[0.5, 1, 2])
    parser.add_argument("--characters", type=int, default=60_000, help="of the text are used")
    parser.add_argument("--seeds", type=int, default=3)
    own, options = split_options(sys.argv[1:])
    args = parser.parse_args(own)
    print_machine()
    units = ",".join(map(str, chargen.load(args.base).config.units))
    contestants = {
        f"--from {args.base}": ["--from", args.base, *options],
        "from nothing": RANDOM,
        f"same width, {units}": [*RANDOM, "--units", units],
    }
    with tempfile.TemporaryDirectory() as folder:
        text = Path(folder) / "text.txt"
        text.write_text(args.text.read_text(encoding="utf-8")[: args.characters], encoding="utf-8")
        for minutes in args.minutes:
            losses: dict[str, list[float]] = {name: [] for name in contestants}
            for seed in range(args.seeds):
                for name, options in contestants.items():
                    losses[name].append(loss_of(text, minutes, seed, options))
            for name, found in losses.items():
                each = ", ".join(f"{loss:.3f}" for loss in found)
                print(f"{minutes:g} min  {name:<32} {statistics.median(found):.3f}  ({each})")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
