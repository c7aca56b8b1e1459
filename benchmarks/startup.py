"""From a cold shell to the first generated character, and to a help page.

    python benchmarks/startup.py [--rounds 15]

The first is measured against `import tensorflow` alone, the second against `import click`.
"""

import argparse
import subprocess
import sys
import time
from pathlib import Path

from measure import in_turn, print_machine, print_table, seconds

CHARGEN = [str(Path(sys.executable).with_name("chargen"))]
MODEL = str(Path(__file__).parents[1] / "checkpoints" / "bundled")


def until_first_character() -> float:
    started = time.perf_counter()
    process = subprocess.Popen(
        [*CHARGEN, "sample", "All: ", "-l", "100", "-m", MODEL], stdout=subprocess.PIPE, bufsize=0
    )
    read = b""
    while len(read) <= len("All: "):  # the prompt is echoed first
        read += process.stdout.read(1) or sys.exit("chargen sample failed")
    elapsed = time.perf_counter() - started
    process.communicate()
    return elapsed


def running(*command: str):
    return lambda: seconds(lambda: subprocess.run(command, check=True, capture_output=True))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    print_machine()
    print()
    first = "chargen sample, first character"
    contestants = {
        first: until_first_character,
        'python -c "import tensorflow"': running(sys.executable, "-c", "import tensorflow"),
    }
    print_table(in_turn(contestants, rounds), "seconds", first)
    print()
    contestants = {
        "chargen --help": running(*CHARGEN, "--help"),
        'python -c "import click"': running(sys.executable, "-c", "import click"),
    }
    print_table(in_turn(contestants, 2 * rounds), "seconds", "chargen --help")


if __name__ == "__main__":
    main()
