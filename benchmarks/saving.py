"""The share of a run that goes into saving it.

    python benchmarks/saving.py corpora/drowned-bell.txt [--minutes 2] [--units 512,512]

Saves happen every 30 seconds and at each evaluation, each flushed to disk. Counted is all that is
written: what resuming needs, the best weights, the history and its curve.
"""

import argparse
import tempfile
import time
from functools import wraps
from typing import Any

from measure import print_machine

import chargen
from chargen.checkpoint import Checkpoint
from chargen.training.records import Records
from chargen.training.report import Silent
from chargen.training.run import Run


class Stopwatch:
    """Notes the seconds that each call of a watched method takes, but not of one within another."""

    def __init__(self) -> None:
        self.seconds: dict[str, list[float]] = {}
        self._within = False

    def watch(self, owner: type, method: str, what: str) -> None:
        original, spent = getattr(owner, method), self.seconds.setdefault(what, [])

        @wraps(original)
        def timed(*args: Any, **kwargs: Any) -> Any:
            if self._within:
                return original(*args, **kwargs)
            self._within, started = True, time.perf_counter()
            try:
                return original(*args, **kwargs)
            finally:
                self._within = False
                spent.append(time.perf_counter() - started)

        setattr(owner, method, timed)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("corpus")
    parser.add_argument("--minutes", type=float, default=2.0)
    parser.add_argument("--units", default="512,512")
    args = parser.parse_args()
    stopwatch = Stopwatch()
    stopwatch.watch(Run, "_save", "what resuming needs")
    stopwatch.watch(Checkpoint, "save", "the best weights")
    stopwatch.watch(Records, "write", "the history and its curve")
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
    print(f"units {args.units}, {total:.0f} s, of which went into")
    for what, spent in stopwatch.seconds.items():
        print(f"{what:<26} {len(spent):>3} times {sum(spent):>6.2f} s {sum(spent) / total:>7.2%}")


if __name__ == "__main__":
    main()
