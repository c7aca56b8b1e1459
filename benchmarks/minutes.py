"""Whether more minutes are ever worse: the loss on a third part, against the minutes of training.

    python benchmarks/minutes.py TEXT [--document-separator '\\n'] [--minutes 0.5 1 3 10]
        [--seed 0] [-- OPTION ...]

A tenth of the text is taken out first: documents drawn at random, or stretches of a text that is a
single one. `chargen train` gets the rest, each time with other minutes, and holds out a part of it
by itself, by which it chooses the best weights; the options after `--` are for it. The table says
the loss that it chose by and the loss on the third part, which chose nothing: both carried, in nats
per character. The last line is how far the longest run is from the best of the shorter ones, on the
third part: 0 or less is no worse.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from measure import print_machine, split_options

import chargen
from chargen.cli.escapes import escape, unescape
from chargen.config import ReadingConfig
from chargen.corpus.corpus import read_corpus
from chargen.corpus.split import train_validation_split
from chargen.evaluation.loss import evaluate
from chargen.generation.weights import DecoderWeights
from chargen.text.unknown import replace_unknown
from chargen.text.vocabulary import BOUNDARY
from chargen.training.history import read_history

THIRD_SEED = 987


def divide(path: Path, separator: str | None) -> tuple[str, str]:
    """The text to train on, and the third part, in which boundaries are still marked."""
    corpus = read_corpus(path, ReadingConfig(document_separator=separator))
    spans, third = train_validation_split(corpus, 0.1, seed=THIRD_SEED)
    rest = corpus.vocabulary.decode(corpus.ids[spans.positions(np.arange(len(spans)))])
    marked = rest.strip(BOUNDARY).replace(BOUNDARY, separator or "")
    return marked, corpus.vocabulary.decode(third.ids)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("text", type=Path)
    parser.add_argument("--document-separator", type=unescape)
    parser.add_argument("--minutes", type=float, nargs="+", default=[0.5, 1, 3, 10])
    parser.add_argument("--seed", type=int, default=0)
    own, options = split_options(sys.argv[1:])
    args = parser.parse_args(own)
    print_machine()
    rest, third = divide(args.text, args.document_separator)
    print(f"{args.text.name}: {len(rest):,} characters, and {len(third):,} in the third part\n")
    titles = ("minutes", "taken", "passes", "best at", "chosen by", "third part")
    print(("{:>8} {:>8} {:>8} {:>8} {:>10} {:>11}").format(*titles), flush=True)
    losses = {}
    with tempfile.TemporaryDirectory() as folder:
        corpus, run = Path(folder) / args.text.name, Path(folder) / "run"
        corpus.write_text(rest, "utf-8", newline="")
        for minutes in args.minutes:
            command = [sys.executable, "-m", "chargen", "train", str(corpus), "--name", str(run)]
            command += ["--overwrite", "--minutes", f"{minutes}", "--seed", f"{args.seed}"]
            if args.document_separator:
                command += ["--document-separator", escape(args.document_separator)]
            command += options
            started = time.perf_counter()
            subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
            taken = time.perf_counter() - started
            model, rows = chargen.load(run), read_history(run)
            vocabulary = model.checkpoint.tokenizer.vocabulary
            text = replace_unknown(third, vocabulary, "skip").text
            loss = evaluate(DecoderWeights(model.checkpoint), vocabulary.encode(text)).carried
            best = next(row.epoch for row in rows if row.step == model.origin.step)
            losses[minutes] = loss
            print(
                f"{minutes:>8g} {taken / 60:>8.2f} {rows[-1].epoch:>8.1f} {best:>8.1f} "
                f"{model.origin.carried:>10.4f} {loss:>11.4f}",
                flush=True,
            )
    longest = losses.pop(max(losses))
    if losses:
        difference = longest - min(losses.values())
        print(f"\nthe longest run is {difference:+.4f} from the best of the shorter ones")


if __name__ == "__main__":
    main()
