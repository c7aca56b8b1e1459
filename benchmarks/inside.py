"""What a look inside a network costs: seconds, and memory in addition to the model.

    python benchmarks/inside.py [--units 512,512] [--places 256] [--rounds 3]

The weights are random, which changes no time. All characters are read one at a time, but for
`memory`, which reads 64 places side by side. Writing with one unit clamped is compared with
writing as trained.
"""

import argparse
import tracemalloc

from measure import in_turn, print_machine, print_table, seconds
from sampling_speed import random_checkpoint

import chargen

TEXT = "THE TIDE IS OUT, AND THE BELL IS IN THE MUD.\n" * 450


def peak_megabytes(action) -> float:
    """The most memory that Python and NumPy took during `action`, in addition to before."""
    tracemalloc.start()
    action()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--units", default="512,512")
    parser.add_argument("--places", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    units = tuple(map(int, args.units.split(",")))
    model = chargen.LanguageModel(random_checkpoint(units, 64), threads=1)
    clamped = model.clamped([chargen.Clamp(0, 12)])
    text = TEXT[:20_000]
    print_machine()
    print(f"{args.units} units, one thread\n")
    work = {
        "activations, 5,000 characters": lambda: model.activations(text[:5000]),
        "find_units, 20,000 characters": lambda: model.find_units("line position", text),
        f"memory, {args.places:,} places": lambda: model.memory(text, places=args.places),
        "writing 2,000 characters": lambda: model.generate("A", length=2000, seed=1),
        "the same, a unit clamped": lambda: clamped.generate("A", length=2000, seed=1),
    }
    timed = {name: lambda each=each: seconds(each) for name, each in work.items()}
    print_table(in_turn(timed, args.rounds), "seconds", "the same, a unit clamped")
    print()
    for name, action in list(work.items())[:2]:
        print(f"{name:<34} {peak_megabytes(action):>12,.1f} MB at its peak")


if __name__ == "__main__":
    main()
