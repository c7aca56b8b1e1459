"""What the benchmark scripts share: contestants take turns, and a table says how they compare."""

import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path


def in_turn(contestants: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, list[float]]:
    """Let each contestant measure itself once a round, so that a slow spell hits them all.

    Returns:
        The figure of every round, by name.
    """
    figures: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, contestant in contestants.items():
            figures[name].append(contestant())
    return figures


def split_options(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """What stands before `--`, and what stands after it, which is for another command."""
    at = arguments.index("--") if "--" in arguments else len(arguments)
    return list(arguments[:at]), list(arguments[at + 1 :])


def seconds(action: Callable[[], object]) -> float:
    """How long `action` takes."""
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


@contextmanager
def busy(loops: int) -> Iterator[None]:
    """Let so many programs run in circles beside this one."""
    programs = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(loops)]
    try:
        yield
    finally:
        for program in programs:
            program.kill()
            program.wait()


def print_table(figures: Mapping[str, list[float]], unit: str, ours: str) -> None:
    """Medians, with the lowest and the highest, and the median of our ratio round by round."""
    print(f"{'':<34} {unit:>12} {'lowest':>10} {'highest':>10} {'ours ÷ it':>10}")
    for name, values in figures.items():
        ratios = [mine / its for mine, its in zip(figures[ours], values, strict=True)]
        row = (statistics.median(values), min(values), max(values))
        numbers = "".join(f" {value:>{12 if i == 0 else 10},.4g}" for i, value in enumerate(row))
        print(f"{name:<34}{numbers} {statistics.median(ratios):>10.3g}")


def available_cores() -> int:
    """How many processor cores this process may use."""
    has_affinity = hasattr(os, "sched_getaffinity")
    return len(os.sched_getaffinity(0)) if has_affinity else os.cpu_count() or 1


def machine() -> str:
    """Which machine this is: its processor, how wide its vectors are, and its cores."""
    model, vectors = platform.processor() or platform.machine(), ""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        facts = {name.strip(): value for name, _, value in (line.partition(":") for line in lines)}
        model = facts["model name"].strip()
        vectors = "AVX-512, " if "avx512f" in facts["flags"].split() else ""
    except (OSError, KeyError):
        pass
    return f"{model}, {vectors}{available_cores()} cores"


def print_machine() -> None:
    """Which machine this was."""
    print(f"{machine()}, Python {platform.python_version()}")
