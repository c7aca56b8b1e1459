"""What keeps a text from repeating itself, and what it costs in quality.

    python benchmarks/repetition.py [-m MODEL TEXT]... [--length 5000] [--seeds 2]

For each model, by default the bundled one with its play, and for each temperature:

nothing              plain sampling
penalty 1.3          the odds of the last 64 characters divided by 1.3: the repetition penalty that
                     chargen had
ban 20               what would complete a stretch of 20 characters once more is ruled out, no more
--no-repeat 20       what chargen does: the ban, and before it a penalty that grows with the stretch

Columns: the share of 30-character stretches that came before in the text; the mean surprise of
the text under the plain model, in bits (a circle is low, since the model goes along with it); the
share of words that are words of TEXT; and how many different words there are.
"""

import argparse
import re
from collections import deque
from collections.abc import Callable
from pathlib import Path
from statistics import mean

import numpy as np
from measure import print_machine

import chargen
from chargen.config import SamplingConfig
from chargen.generation.sampler import Sampler, make_sampler

STRETCH = 30
TEMPERATURES = (0, 0.3, 0.5, 0.8)
BUNDLED = ("bundled", "corpora/drowned-bell.txt")


def with_penalty(plain: Sampler, penalty: float = 1.3, window: int = 64) -> Sampler:
    """A sampler that holds back the characters that came last; for one text."""
    recent: deque[int] = deque(maxlen=window)

    def sample(logits: np.ndarray, uniform: np.ndarray) -> np.ndarray:
        adjusted = logits.copy()
        adjusted[0, list(set(recent))] -= np.log(penalty)
        ids = plain(adjusted, uniform)
        recent.append(int(ids[0]))
        return ids

    return sample


def with_ban(plain: Sampler, length: int = 20) -> Sampler:
    """A sampler that completes no stretch a second time; for one text."""
    text: list[int] = []
    followed: dict[tuple[int, ...], list[int]] = {}

    def sample(logits: np.ndarray, uniform: np.ndarray) -> np.ndarray:
        adjusted = logits.copy()
        before = tuple(text[1 - length :])
        adjusted[0, followed.get(before, [])] = -np.inf
        ids = plain(adjusted, uniform)
        text.append(int(ids[0]))
        followed.setdefault(before, []).append(text[-1])
        return ids

    return sample


def words(text: str) -> list[str]:
    return re.findall(r"[^\W\d_]+", text.lower())


def measure(
    model: chargen.LanguageModel, known: set[str], write: Callable[[int], str], seeds: int
) -> str:
    rows = []
    for seed in range(seeds):
        text = write(seed)
        stretches = [text[i : i + STRETCH] for i in range(len(text) - STRETCH + 1)]
        found = words(text)
        rows.append(
            (
                1 - len(set(stretches)) / len(stretches),
                float(model.score(text).bits.mean()),
                mean(word in known for word in found),
                len(set(found)),
            )
        )
    repeated, bits, valid, distinct = map(mean, zip(*rows, strict=True))
    return f"{repeated:>9.1%} {bits:>9.2f} {valid:>9.1%} {distinct:>9.0f}"


def compare(name: str, path: str, length: int, seeds: int) -> None:
    model, known = chargen.load(name), set(words(Path(path).read_text()))
    print(
        f"\n{name}\n{'temperature':<12}{'':<16} {'repeated':>9} {'bits':>9} {'words':>9} distinct"
    )
    for temperature in TEMPERATURES:
        settings = {"length": length, "temperature": temperature, "no_repeat": 0}
        plain = make_sampler(SamplingConfig(temperature=temperature))
        ways: dict[str, Callable[[], dict[str, object]]] = {
            "nothing": dict,
            "penalty 1.3": lambda plain=plain: {"sampler": with_penalty(plain)},
            "ban 20": lambda plain=plain: {"sampler": with_ban(plain)},
            "--no-repeat 20": lambda: {"no_repeat": 20},
        }
        for way, make in ways.items():

            def write(seed: int, make=make, settings=settings) -> str:
                return model.generate(seed=seed, **{**settings, **make()})

            # A greedy text is the same whatever the seed.
            row = measure(model, known, write, seeds if temperature else 1)
            print(f"{temperature:<12}{way:<16} {row}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("-m", nargs=2, action="append", metavar=("MODEL", "TEXT"))
    parser.add_argument("--length", type=int, default=5_000)
    parser.add_argument("--seeds", type=int, default=2)
    args = parser.parse_args()
    print_machine()
    for name, path in args.m or [BUNDLED]:
        compare(name, path, args.length, args.seeds)


if __name__ == "__main__":
    main()
