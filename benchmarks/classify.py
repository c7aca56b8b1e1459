"""Whose style is it? How often two models tell held-out passages apart.

    python benchmarks/classify.py ONE TWO [--minutes 2] [--length 200] [--passages 200] [--labels]
    python benchmarks/classify.py          # Python against C, from what is on this machine

ONE and TWO are text files by two authors or in two languages. Each file's last tenth is held out
of training by this script, and passages are drawn from it; a model is trained on the rest of each
or, with --labels, one on both that is told which it reads.
Without files, they are made of Python's own standard library and of the C headers under
/usr/include: the first 10,000 characters of each file, in an order shuffled with --seed, up to a
million, so that no file is both learned from and asked about (but for the one that is cut).
"""

import argparse
import random
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

import numpy as np
from measure import print_machine, seconds

import chargen

CHARACTERS = 1_000_000
MOST_OF_A_FILE = 10_000  # so that many are asked about


def source_code(folder: Path, pattern: str, seed: int) -> str:
    """The beginnings of files, shuffled, about a million characters."""
    files = sorted(path for path in folder.rglob(pattern) if path.is_file())
    random.Random(seed).shuffle(files)
    texts, characters = [], 0
    for path in files:
        try:
            text = path.read_text("ascii")  # so that no alphabet gives the language away
        except (UnicodeDecodeError, OSError):
            continue
        text = "".join(c for c in text if c.isprintable() or c in "\n\t")
        texts.append(text[:MOST_OF_A_FILE])
        characters += len(texts[-1])
        if characters >= CHARACTERS:
            return "".join(texts)
    sys.exit(f"{folder} holds {characters:,} characters of {pattern}; give two files instead.")


def train(texts: dict[str, str], folder: Path, args: argparse.Namespace) -> dict[str, Path]:
    """Train on texts with the defaults; gives the runs' folders."""
    for name, text in texts.items():
        (folder / f"{name}.txt").write_bytes(text.encode())
    runs = {"both": [*texts]} if args.labels else {name: [name] for name in texts}
    for run, names in runs.items():
        command = [sys.executable, "-m", "chargen", "train", "--name", str(folder / run)]
        command += ["--minutes", f"{args.minutes}", "--seed", f"{args.seed}"]
        command += ["--label", "file"] if args.labels else []
        command += [str(folder / f"{name}.txt") for name in names]
        subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
    return {run: folder / run for run in runs}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--minutes", type=float, default=2.0)
    parser.add_argument("--length", type=int, default=200)
    parser.add_argument("--passages", type=int, default=200, help="of each")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--labels", action="store_true", help="one model with two labels")
    parser.add_argument("--folder", type=Path, help="where the models are kept, if they are to be")
    args = parser.parse_args()
    if len(args.files) not in (0, 2):
        parser.error("give two files, or none")
    if args.files:
        texts = {path.stem: path.read_text("utf-8") for path in args.files}
    else:
        library = Path(sysconfig.get_path("stdlib"))
        texts = {
            "python": source_code(library, "*.py", args.seed),
            "c": source_code(Path("/usr/include"), "*.h", args.seed),
        }
    if len(texts) < 2:
        parser.error("the two files need different names")
    print_machine()
    generator = np.random.default_rng(args.seed)
    passages: list[tuple[str, str]] = []
    contestants = {name: f"both: {name}" if args.labels else name for name in texts}
    with tempfile.TemporaryDirectory() as temporary:
        folder = args.folder or Path(temporary)
        folder.mkdir(exist_ok=True)
        cuts = {name: len(text) * 9 // 10 for name, text in texts.items()}
        models = train({name: text[: cuts[name]] for name, text in texts.items()}, folder, args)
        for name, text in texts.items():
            starts = generator.integers(cuts[name], len(text) - args.length + 1, args.passages)
            passages += [(contestants[name], text[start : start + args.length]) for start in starts]
        results: list[chargen.Classification] = []
        elapsed = seconds(
            lambda: results.extend(chargen.classify([text for _, text in passages], models))
        )
    print(
        f"\n{'passages of':<20}{'correct':>12}{'margin in bits, median':>26}{'5th percentile':>18}"
    )
    right = 0
    for name in contestants.values():
        outcomes = [each for (true, _), each in zip(passages, results, strict=True) if true == name]
        correct = sum(each.model == name for each in outcomes)
        other = next(each for each in contestants.values() if each != name)
        margins = [each.bits[other] - each.bits[name] for each in outcomes]
        row = f"{correct:>5} of {len(outcomes)}{np.median(margins):>24.1f}"
        print(f"{name:<20}{row}{np.percentile(margins, 5):>18.1f}")
        right += correct
    print(
        f"\n{right / len(passages):.1%} of {len(passages)} passages of {args.length} characters, "
        f"{elapsed / len(passages) * 1000:.1f} ms each; the goal is 95%"
    )


if __name__ == "__main__":
    main()
