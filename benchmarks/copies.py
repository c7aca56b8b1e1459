"""What it costs to know, while sampling, what of a text is copied from the corpus.

    python benchmarks/copies.py [CORPUS] [--length 5000] [--limit 30] [--rounds 5]

First the index of the corpus is built. Then a text that the bundled model
writes, with and without a tracker that reads each character, and with one that is asked each time
which characters would make a copy longer than the limit.
"""

import argparse
import time
from pathlib import Path

from measure import in_turn, print_machine, print_table, seconds

import chargen
from chargen.storage.runs import bundled_checkpoint
from chargen.text.copies import CopyIndex, CopyTracker


def print_index(text: str, rounds: int) -> None:
    print_table(
        in_turn({"built": lambda: seconds(lambda: CopyIndex(text))}, rounds), "seconds", "built"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("corpus", nargs="?", type=Path, default=Path("corpora/drowned-bell.txt"))
    parser.add_argument("--length", type=int, default=5000)
    parser.add_argument("--limit", type=int, default=30)
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    corpus = args.corpus.read_text(encoding="utf-8")
    print_machine()
    print(f"{args.corpus.name}: {len(corpus):,} characters\n")
    print_index(corpus, args.rounds)

    model = chargen.load(bundled_checkpoint())
    index = CopyIndex(corpus)

    def write(track: bool, limit: int | None) -> float:
        """Microseconds a character."""
        tracker = CopyTracker(index)
        started = time.perf_counter()
        for character in model.stream("All: ", length=args.length, seed=1):
            if track:
                tracker.read(character)
            if limit is not None:
                tracker.extensions(limit)
        elapsed = time.perf_counter() - started
        if track and limit is None:
            longest.append(tracker.longest)
        return 1e6 * elapsed / args.length

    longest: list = []
    contestants = {
        "sampling": lambda: write(False, None),
        "and tracking copies": lambda: write(True, None),
        f"and asking at {args.limit} characters": lambda: write(True, args.limit),
    }
    print()
    print_table(in_turn(contestants, args.rounds), "µs a char", "sampling")
    print(f"\nThe longest copy: {longest[0]}")


if __name__ == "__main__":
    main()
