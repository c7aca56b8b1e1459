"""The share of a run that goes into saving it.

    python benchmarks/saving.py corpora/drowned-bell.txt [--minutes 2] [--units 512,512]

Saves happen every 30 seconds and at each evaluation, each flushed to disk.
"""

import argparse
import tempfile
import time

from measure import print_machine

import chargen
from chargen.training.report import Silent
from chargen.training.run import Run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("corpus")
    parser.add_argument("--minutes", type=float, default=2.0)
    parser.add_argument("--units", default="512,512")
    args = parser.parse_args()
    save, spent = Run._save, []

    def timed_save(run: Run) -> None:
        started = time.perf_counter()
        save(run)
        spent.append(time.perf_counter() - started)

    Run._save = timed_save
    units = tuple(int(width) for width in args.units.split(","))
    started = time.perf_counter()
    with tempfile.TemporaryDirectory(dir=".") as folder:
        chargen.train(
            args.corpus,
            name=f"{folder}/run",
            minutes=args.minutes,
            units=units,
            reporter=Silent(),
        )
    total = time.perf_counter() - started
    print_machine()
    print(
        f"units {args.units}: {len(spent)} saves took {sum(spent):.2f} s of {total:.0f} s, ", end=""
    )
    print(f"{sum(spent) / total:.2%} of the run")


if __name__ == "__main__":
    main()
