"""What the predictions and verdicts rest on: the loss that runs reach, and what a loss looks like.

    python benchmarks/prediction.py run TEXT... [--minutes 0.5 2] [--units 256 512]
    python benchmarks/prediction.py fit
    python benchmarks/prediction.py words
    python benchmarks/prediction.py plot TEXT --plot FILE

run     `chargen train` at default settings, but from random weights, as only such a run is
        predicted; each time with other minutes, and with each of the widths that are given. A line
        is appended to the results for each run: what counting says of the text, the characters
        that were read, the width, and the held-out loss. The best weights after some of the
        evaluations write 4,000 characters each, at the default temperature. The
        line holds which share of their words occurs in the text that was learned (`known`; `long`:
        of those with four letters or more), which share of the pairs of neighbours does, and how
        many known words stand in a row; and the same of the held-out part.
fit     The constants `Fit` of `chargen/corpus/prediction.py`, and how far the predictions are off
        for each text by constants that were fitted without it. Texts whose names are the same up
        to a hyphen are parts of one text.
words   What losses look like, as a table.
plot    The losses of the runs of a text for which widths were given, against the characters that
        were read, beside what is predicted, and against the minutes.
"""

import argparse
import itertools
import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict, fields, replace
from functools import partial
from operator import itemgetter
from pathlib import Path

import numpy as np

import chargen
from chargen import api
from chargen.checkpoint import Checkpoint
from chargen.config import ReadingConfig, TrainingConfig
from chargen.corpus.corpus import read_corpus
from chargen.corpus.prediction import FIT, Fit, Yardstick, known_words, predicted_loss, yardstick
from chargen.corpus.split import train_validation_split
from chargen.storage.runs import MODEL_FILE
from chargen.training.history import read_history
from chargen.training.report import Silent

RESULTS = Path(__file__).with_name("prediction.jsonl")
KEPT = 6  # models of a run that write
TEXTS, LENGTH = 8, 500
LONG = 4  # letters; shorter words are met by chance
SEPARATORS = {"names": "\n"}  # of texts that are lists: each line is a document
WORD = re.compile(r"[^\W\d_]+")
MIN_LEARNED = 150_000  # characters; about 300 steps, before which the learning rate still rises
LOSS_FIT = ("learning", "power", "beyond")  # what is fitted to losses; the width's power is not
WORDS_FIT = ("words", "words_by_loss", "words_by_length")
BANDS = (0.8, 0.7, 0.5, 0.3, 0.0)  # of the share of known words, as in chargen/corpus/verdict.py
MIN_KNOWN = 0.12  # networks that write less of the words write no words


class Keeper(Silent):
    """Keeps the best weights of each evaluation."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def evaluated(self, row, *, best) -> None:
        model = self._folder / "run" / MODEL_FILE
        loss = Checkpoint.load(model).origin.carried
        if loss is not None:
            shutil.copy(model, self._folder / f"{loss:.5f}.safetensors")


def words_of(text: str, known: set[str], pairs: set[tuple[str, str]]) -> dict[str, float]:
    """Which share of the words of a text is known, and how many known ones follow one another."""
    found = WORD.findall(text)[1:-1]  # the first and the last may be cut
    are_known = [each in known for each in found]
    runs = sum(now and not before for before, now in itertools.pairwise([False, *are_known]))
    neighbours = list(itertools.pairwise(found))
    long = [each in known for each in found if len(each) >= LONG]
    return {
        "known": sum(are_known) / max(1, len(found)),
        "long": sum(long) / max(1, len(long)),
        "run": sum(are_known) / max(1, runs),
        "pairs": sum(each in pairs for each in neighbours) / max(1, len(neighbours)),
    }


def mean(found: list[dict[str, float]]) -> dict[str, float]:
    return {name: round(float(np.mean([each[name] for each in found])), 4) for name in found[0]}


def train(path: Path, minutes: float, units: int | None) -> dict:
    """Train once, in this process, and return a line of the results."""
    separator = SEPARATORS.get(path.stem)
    corpus = read_corpus(path, ReadingConfig(document_separator=separator))
    spans, held_out = train_validation_split(corpus, 0.1)
    learned = corpus.ids[spans.positions(np.arange(len(spans)))]
    words = WORD.findall(corpus.vocabulary.decode(learned))
    known, pairs = set(words), set(itertools.pairwise(words))
    given = {} if units is None else {"units": (units,)}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        model = api.train(
            path,
            name=f"{name}/run",
            minutes=minutes,
            document_separator=separator,
            initial_weights="random",
            reporter=Keeper(folder),
            cache=folder,
            **given,
        )
        last = read_history(folder / "run")[-1]
        kept = sorted(folder.glob("*.safetensors"), reverse=True)
        chosen = {int(place) for place in np.linspace(0, len(kept) - 1, KEPT)}
        looks = []
        for each in (kept[place] for place in sorted(chosen)):
            writer = chargen.load(each)
            texts = writer.samples(n=TEXTS, length=LENGTH, seed=1)
            shares = mean([words_of(text.text, known, pairs) for text in texts])
            looks.append({"loss": round(writer.origin.carried, 4), **shares})
    real = corpus.vocabulary.decode(held_out.ids)
    cut = [real[start : start + LENGTH] for start in range(0, len(real), LENGTH)][:40]
    return {
        "text": path.stem,
        "measured": asdict(yardstick(corpus, spans, held_out.ids)),
        "minutes": minutes,
        "units": list(model.config.units),
        "given": sorted(given),
        "optimizer": model.origin.training.get("optimizer", TrainingConfig().optimizer),
        "dropout": model.config.dropout,
        "seconds": round(last.seconds, 1),
        "learned": last.characters,
        "carried": round(model.origin.carried, 4),
        "training": round(last.loss, 4),
        "looks": looks,
        "real": mean([words_of(each, known, pairs) for each in cut]),
    }


def run(args: argparse.Namespace) -> None:
    for path, minutes, units in itertools.product(args.texts, args.minutes, args.units or [None]):
        # A process for each, as the minutes of a run include the start of TensorFlow.
        command = [sys.executable, __file__, "one", str(path), "--minutes", f"{minutes}"]
        command += [] if units is None else ["--units", f"{units}"]
        said = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
        line = said.splitlines()[-1]
        with args.results.open("a", encoding="utf-8") as file:
            file.write(line + "\n")
        found = json.loads(line)
        print({name: found[name] for name in ("text", "minutes", "units", "learned", "carried")})


def one(args: argparse.Namespace) -> None:
    print(json.dumps(train(args.texts[0], args.minutes[0], args.units[0] if args.units else None)))


def read(path: Path) -> list[dict]:
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    names = {field.name for field in fields(Yardstick)}
    for row in rows:
        measured = {name: value for name, value in row["measured"].items() if name in names}
        row["measured"] = Yardstick(**{**measured, "losses": tuple(measured["losses"])})
        row["source"] = row["text"].split("-")[0]
    return rows


def solve(errors: Callable[[Fit], np.ndarray], names: tuple[str, ...], fit: Fit = FIT) -> Fit:
    """Least squares of errors by Gauss and Newton, in the logarithms of some constants.

    Errors above 0.1 count linearly (Huber), so that one odd text does not decide.
    """

    def cost(values: np.ndarray) -> float:
        size = np.abs(values)
        return float(np.where(size < 0.1, values**2 / 2, 0.1 * size - 0.005).sum())

    def with_constants(logs: np.ndarray) -> Fit:
        return replace(fit, **dict(zip(names, np.exp(logs).tolist(), strict=True)))

    def at(logs: np.ndarray) -> np.ndarray:
        return errors(with_constants(logs))

    logs = np.log([getattr(fit, name) for name in names])
    now, damping = at(logs), 1e-2
    for _ in range(100):
        slopes = np.stack([(at(logs + 1e-5 * each) - now) / 1e-5 for each in np.eye(len(names))], 1)
        weights = 1 / np.maximum(1, np.abs(now) / 0.1)
        normal = slopes.T @ (slopes * weights[:, None])
        normal += damping * np.diag(np.diag(normal) + 1e-12)
        step = np.linalg.solve(normal, -slopes.T @ (weights * now))
        new = at(logs + step)
        if cost(new) < cost(now):
            logs, now, damping = logs + step, new, damping / 3
        else:
            damping *= 4
    return with_constants(logs)


def left_out(
    rows: list[dict], errors: Callable[[list[dict], Fit], np.ndarray], names: tuple[str, ...]
) -> dict[str, np.ndarray]:
    """The errors for each text by constants that were fitted to the others."""
    found = {}
    for source in sorted({row["source"] for row in rows}):
        others = [row for row in rows if row["source"] != source]
        own = [row for row in rows if row["source"] == source]
        found[source] = errors(own, solve(partial(errors, others), names))
    return found


def loss_errors(rows: list[dict], fit: Fit) -> np.ndarray:
    """Predicted minus measured losses, nats per character."""
    found = [
        predicted_loss(row["measured"], learned=row["learned"], units=row["units"], fit=fit)
        for row in rows
    ]
    return np.array(found) - [row["carried"] for row in rows]


def word_errors(rows: list[dict], fit: Fit) -> np.ndarray:
    """Predicted minus measured shares of known words."""
    return np.array(
        [
            known_words(row["measured"], look["loss"], fit) - look["known"]
            for row in rows
            for look in row.get("looks", [])
            if look["known"] >= MIN_KNOWN
        ]
    )


def report(rows: list[dict], errors: Callable, names: tuple[str, ...], unit: str) -> None:
    fitted = solve(partial(errors, rows), names)
    print(", ".join(f"{name} {getattr(fitted, name):.4g}" for name in names))
    print(f"fitted to all: mean absolute error {np.abs(errors(rows, fitted)).mean():.3f} {unit}")
    found = left_out(rows, errors, names)
    for source, values in found.items():
        size = np.abs(values).mean()
        print(f"  {source:<14} {len(values):>3} {size:>8.3f} {values.mean():>+8.3f}")
    every = np.concatenate(list(found.values()))
    print(
        f"each text left out: mean absolute error {np.abs(every).mean():.3f} {unit}, "
        f"median {np.median(np.abs(every)):.3f}, at most {np.abs(every).max():.3f}\n"
    )


def fit(args: argparse.Namespace) -> None:
    rows = read(args.results)
    long_enough = [row for row in rows if "optimizer" in row and row["learned"] >= MIN_LEARNED]
    print(f"The held-out loss, {len(long_enough)} of {len(rows)} runs")
    report(long_enough, loss_errors, LOSS_FIT, "nats")
    with_words = [row for row in rows if row.get("looks") and row["measured"].word_length]
    print("The share of written words that occur in the text")
    report(with_words, word_errors, WORDS_FIT, "of 1")


def words(args: argparse.Namespace) -> None:
    print("| text | loss | known | predicted | long | in a row | pairs |\n" + "| --- " * 7 + "|")
    for row in read(args.results):
        for look in [*row.get("looks", []), {"loss": None, **row.get("real", {})}]:
            if "known" not in look:
                continue
            loss = look["loss"]
            share = known_words(row["measured"], loss) if loss else None
            cells = [
                row["text"],
                "its own words" if loss is None else f"{loss:.2f}",
                f"{look['known']:.0%}",
                "" if share is None else f"{share:.0%}",
                f"{look['long']:.0%}" if "long" in look else "",
                f"{look['run']:.1f}",
                f"{look['pairs']:.0%}",
            ]
            print(f"| {' | '.join(cells)} |")
    print("\n| predicted | looks | known | long | in a row | pairs, of those of the text |")
    print("| --- " * 6 + "|")
    for least, below in itertools.pairwise([1.0, *BANDS]):
        print(f"| {below:.0%} to {least:.0%} | {band(read(args.results), below, least)} |")


def band(rows: list[dict], least: float, below: float) -> str:
    """The means over all looks whose predicted share of known words is between the two."""
    found = [
        {**look, "pairs": look["pairs"] / row["real"]["pairs"]}
        for row in rows
        for look in row.get("looks", [])
        if least <= (known_words(row["measured"], look["loss"]) or -1) < below
    ]
    means = []
    for name, form in (("known", ".0%"), ("long", ".0%"), ("run", ".1f"), ("pairs", ".0%")):
        means.append(format(np.mean([look[name] for look in found if name in look]), form))
    return " | ".join([str(len(found)), *means])


def plot(args: argparse.Namespace) -> None:
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "chargen"
    from matplotlib import pyplot

    name = args.texts[0].stem
    rows = [row for row in read(args.results) if row["text"] == name and row.get("given")]
    figure, panels = pyplot.subplots(1, 2, figsize=(9, 4), sharey=True, layout="constrained")
    for units in sorted({row["units"][0] for row in rows}):
        mine = sorted((row for row in rows if row["units"] == [units]), key=itemgetter("seconds"))
        losses = [row["carried"] for row in mine]
        learned = [row["learned"] for row in mine]
        (line,) = panels[0].plot(learned, losses, marker="o", label=f"{units:,} units")
        most = np.geomspace(min(learned), max(learned))
        predicted = [predicted_loss(mine[0]["measured"], learned=n, units=[units]) for n in most]
        panels[0].plot(most, predicted, linestyle=":", color=line.get_color())
        panels[1].plot([row["seconds"] / 60 for row in mine], losses, marker="o")
    panels[0].set(xscale="log", xlabel="characters read (dotted: predicted)")
    panels[0].set_ylabel("carried loss, nats per character")
    panels[0].legend()
    panels[1].set(xscale="log", xlabel="minutes")
    ticks = sorted({row["minutes"] for row in rows})
    panels[1].set_xticks(ticks, [f"{minutes:g}" for minutes in ticks])
    panels[1].set_xticks([], minor=True)
    for each in panels:
        each.grid(alpha=0.3)
    figure.savefig(args.plot, metadata={"Date": None})


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parts = {"run": run, "one": one, "fit": fit, "words": words, "plot": plot}
    parser.add_argument("part", choices=parts, help="one: a single run, in this process")
    parser.add_argument("texts", type=Path, nargs="*")
    parser.add_argument("--minutes", type=float, nargs="+", default=[0.5, 2])
    parser.add_argument("--units", type=int, nargs="+", help="widths, in place of the preset's")
    parser.add_argument("--results", type=Path, default=RESULTS)
    parser.add_argument("--plot", type=Path, help="the picture that `plot` draws")
    args = parser.parse_args()
    parts[args.part](args)


if __name__ == "__main__":
    main()
