r"""The loss on a text that nobody has seen, against wall-clock time: ours beside other programs.

    python benchmarks/quality.py TEXT --nanogpt CHECKOUT --results FILE [--seeds 0 1 2 3 4]
        [--times 1 2 4 8 15] [--contestants chargen nanogpt char-rnn] [--plot FILE.svg]
        [--unit SECONDS] [--chosen-on 0.02] [--document-separator '\n' --makemore CHECKOUT]
        [-- OPTION ...]

The rules are the same for all, but for what is said below of names:

1. The last tenth of the characters is the test part. No contestant sees it before it is measured.
2. The 2% in the middle of the other nine tenths (`--chosen-on`) are the stretch that each
   contestant chooses its checkpoint by. It learns from the rest of them, and from nothing else.
3. When the time is over, the chosen checkpoint is measured on the whole test part: every character
   but the first counts, and all the same. Measuring takes none of the time.
4. Characters of the test part that the nine tenths do not have are left out for all, as `chargen
   evaluate --unknown skip` does. The first lines that are printed, and each row, say how many.

The unit of time, N, is what nanoGPT's README's command for a CPU takes on the same machine: its
first run there measures it, and the rows keep it; or give it in seconds (`--unit 94`). So rows of
several machines can stand together, each with its own N. The contestants take turns on the same
cores. A seed changes the initial weights of each, and dropout and the order of what is read where a
contestant draws these.

chargen    `chargen train --minutes`, so that the whole command takes each time; the defaults, or
           what stands after `--`, which is then part of its name. A short English text begins with
           the bundled model's weights, unless `-- --initial-weights random` is given
nanogpt    its command, with as many times the iterations, whatever time these take; it saves the
           checkpoint that is best on the stretch (of 240 random windows, every 250 iterations)
char-rnn   2 × 512 LSTM, 50 streams × 50 steps, Adam at 2e-3 halved every 5 epochs, gradients
           clipped at 5 by element, no dropout: one run for all times, which looks at the stretch
           (carried) at the end of every epoch and of every time. Looking takes none of its time
makemore   its default transformer, on names, stopped when the time is over; it chooses by 1,000
           names that it takes out itself, instead of by the stretch

"carried" is the loss where a state flows through all of the test part; of nanoGPT, which has none,
that of windows of 64 characters, its block size, of which only the second half counts, and which
begin every 32. "windowed" reads windows one after the other, each from nothing: of 256 characters,
or nanoGPT's 64. "adapted" is dynamic evaluation, `chargen evaluate --adapt`: carried, while the
network learns from what it has read. Others could do that too, so compare it with nothing but
chargen's own. All are in nats per character.

With `--document-separator` the test part is a tenth of the documents, drawn by a fixed seed, which
shuffles the others too (`divide` in minutes.py); the stretch is the last 2% of these. The end of a
document counts as one character, for all contestants. So it does in the figure that makemore's
README gives for names.txt, about 1.92 for its default transformer: there it is the mean, over
batches of 100 names, of the mean nats of a batch's tokens, and a token is a character or the one
end of a name. The unit is ours, nats per character with the ends counted; but its 1,000 names are
others (the last of `torch.randperm` after seed 3407), and the best checkpoint was chosen by these
same names. Here makemore is measured by the rules above instead, every token the same. In both,
2,539 of the 32,033 lines repeat another, so some names of a test part were learned, by all
contestants.

What these rules cannot undo: of tinyshakespeare, chargen's learning rate, warm-up and Adam's β₂
come from early trials that looked at the last tenth, and the update rule of `--adapt` from its
first 20,000 characters. A text that was never used for that has no such doubt.

Table and plot give the mean over the runs. The plot places nanoGPT at the times that were asked,
so that what slowed it down does not count; the table has what it took.

Each result is added to the results file, as a line of JSON, as soon as it is measured. What the
file has (same contestant, time, seed and text) is not measured again, on whichever machine it was
made; only nanoGPT's first run is, for N. So a long comparison can be made in several sittings, and
the same command makes the table and the plot again.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import mean, stdev

from measure import machine, print_machine, split_options
from quality_contestants import run_char_rnn, run_chargen, run_makemore, run_nanogpt
from quality_parts import divide

from chargen.cli.escapes import unescape

CONTESTANTS = ("chargen", "nanogpt", "char-rnn", "makemore")
LOSSES = ("carried", "windowed", "adapted")


class Comparison:
    """The rows of a results file, and those that are still to be measured."""

    def __init__(self, args: argparse.Namespace, options: list[str]) -> None:
        self.args, self.options = args, options
        has_file = args.results is not None and args.results.exists()
        lines = args.results.read_text("utf-8").splitlines() if has_file else []
        self._all = [json.loads(line) for line in lines]
        self.machine = machine()
        units = [row["unit"] for row in self.rows if row["machine"] == self.machine]
        self.unit: float | None = args.unit or (units[0] if units else None)

    @property
    def rows(self) -> list[dict]:
        """Those of this text."""
        return [row for row in self._all if row["text"] == self.args.text.name]

    def name_of(self, contestant: str) -> str:
        return " ".join([contestant, *(self.options if contestant == "chargen" else [])])

    def is_there(self, contestant: str, times: float, seed: int) -> bool:
        key = {"who": self.name_of(contestant), "times": times, "seed": seed}
        return any(key.items() <= row.items() for row in self.rows)

    def check(self) -> None:
        """Refuse rows of other rules, or of another N of the same machine, in the same file."""
        for row in self.rows:
            now = {"stretch": self.args.chosen_on}
            if row["machine"] == self.machine:
                now["unit"] = self.unit
            if not now.items() <= row.items():
                raise SystemExit(f"this would add rows of {now}, and the results file has {row}")

    def add(self, contestant: str, times: float, seed: int, result: dict) -> None:
        self.unit = self.unit or max(1, round(result["seconds"] / times))
        row = {
            "text": self.args.text.name,
            "who": self.name_of(contestant),
            "times": times,
            "seed": seed,
            **result,
            "unknown": self.parts.unknown,
            "unit": self.unit,
            "machine": self.machine,
            "stretch": self.args.chosen_on,
        }
        if row["characters"] != len(self.parts.test) - 1:
            raise SystemExit(f"{contestant} did not predict the characters that others do: {row}")
        self._all.append(row)
        line = json.dumps(row)
        print(line, flush=True)
        if self.args.results:
            with self.args.results.open("a", encoding="utf-8") as file:
                file.write(f"{line}\n")  # a single write: whole, or not there

    def run(self, contestant: str, times: float, seed: int) -> None:
        """Measure and add."""
        args = self.args
        if contestant == "nanogpt":
            iterations = max(1, round(times * args.nanogpt_iterations))
            result = run_nanogpt(self.parts, args.nanogpt, iterations, seed)
        elif contestant == "makemore":
            result = run_makemore(self.parts, args.makemore, times * self.unit, seed)
        else:
            result = run_chargen(self.parts, times * self.unit, self.options, seed)
        self.add(contestant, times, seed, result)

    def run_all(self, folder: Path) -> None:
        args = self.args
        self.parts = divide(args.text, args.document_separator, args.chosen_on, folder)
        print(
            f"{len(self.parts.learned):,} characters to learn, {len(self.parts.chosen):,} to "
            f"choose by, {len(self.parts.test):,} to test on, {self.parts.unknown} left out",
            flush=True,
        )
        if self.unit is None:
            self.run("nanogpt", 1, args.seeds[0])
        self.check()
        print(f"N is {self.unit:g} seconds", flush=True)
        for seed in args.seeds:
            for times in args.times:
                for contestant in args.contestants:
                    is_there = self.is_there(contestant, times, seed)
                    if contestant != "char-rnn" and not is_there:
                        self.run(contestant, times, seed)
            if "char-rnn" in args.contestants:
                missing = [n for n in args.times if not self.is_there("char-rnn", n, seed)]
                if not missing:
                    continue
                results = run_char_rnn(self.parts, [n * self.unit for n in missing], seed)
                for times, result in zip(missing, results, strict=True):
                    self.add("char-rnn", times, seed, result)


def grouped(rows: list[dict]) -> Iterator[tuple[str, float, list[dict]]]:
    """The rows of each contestant and time, over all seeds and machines."""
    for who, times in sorted({(row["who"], row["times"]) for row in rows}):
        yield who, times, [row for row in rows if (row["who"], row["times"]) == (who, times)]


def taken(row: dict) -> float:
    """How long it took, in N of its machine."""
    return row["seconds"] / row["unit"]


def spread(values: list[float]) -> str:
    """The mean; in brackets the greatest less the least and, of three or more, the deviation."""
    said = [f"{max(values) - min(values):.4f}"] if len(values) > 1 else []
    said += [f"sd {stdev(values):.4f}"] if len(values) > 2 else []
    return f"{mean(values):.4f}" + (f" ({', '.join(said)})" if said else "") if values else "-"


def table(rows: list[dict]) -> None:
    print("\nMean over the runs (greatest - least, standard deviation), nats per character:\n")
    print(f"| | N | took, in N | passes | runs | {' | '.join(LOSSES)} |")
    print("| --- " * (5 + len(LOSSES)) + "|")
    for who, times, group in grouped(rows):
        passes = f"{mean(row['passes'] for row in group):.1f}" if "passes" in group[0] else "-"
        cells = [who, f"{times:g}", f"{mean(map(taken, group)):.2f}", passes]
        cells += [f"{len(group)}"]
        cells += [spread([row[name] for row in group if name in row]) for name in LOSSES]
        print(f"| {' | '.join(cells)} |")


def plot(rows: list[dict], path: Path, text: str) -> None:
    """Draw the mean of the carried losses, with a bar from the best seed to the worst."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "chargen"
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(7, 4), layout="constrained")
    groups = list(grouped(rows))
    markers = {"char-rnn": "s", "nanogpt": "^", "makemore": "D"}
    names = {who for who, _, _ in groups}
    for who in sorted(names, key=lambda who: (who not in markers, who)):
        mine = [(times, group) for name, times, group in groups if name == who]
        # What slows nanoGPT down does not count: it does its iterations, however long these take.
        x = [times if who == "nanogpt" else mean(map(taken, group)) for times, group in mine]
        losses = [[row["carried"] for row in group] for _, group in mine]
        y = [mean(each) for each in losses]
        below = [mean(each) - min(each) for each in losses]
        above = [max(each) - mean(each) for each in losses]
        label = {"nanogpt": "nanoGPT"}.get(who, who)
        marker = markers.get(who, "o")
        axes.errorbar(x, y, (below, above), marker=marker, capsize=4, label=label)
    seeds = [len(group) for _, _, group in groups]
    shown = f"{min(seeds)}" if min(seeds) == max(seeds) else f"{min(seeds)} to {max(seeds)}"
    axes.set(xscale="log", ylabel="carried loss, nats per character")
    axes.set_xlabel("time, in N: what nanoGPT's command for a CPU takes on the same machine")
    every = sorted({times for _, times, _ in groups})
    axes.set_xticks(every, [f"{times:g}" for times in every])
    axes.set_xticks([], minor=True)
    axes.set_title(f"The last tenth of {text}: mean and range of runs ({shown})")
    axes.grid(alpha=0.3)
    axes.legend()
    figure.savefig(path, metadata={"Date": None})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("text", type=Path)
    parser.add_argument("--document-separator", type=unescape)
    parser.add_argument("--chosen-on", type=float, default=0.02, help="of the nine tenths")
    parser.add_argument("--nanogpt", type=Path, help="a checkout of nanoGPT")
    parser.add_argument("--nanogpt-iterations", type=int, default=2000, help="fewer for a trial")
    parser.add_argument("--makemore", type=Path, help="a checkout of makemore (needs tensorboard)")
    parser.add_argument("--unit", type=float, help="N in seconds, if it is not to be measured")
    parser.add_argument("--times", type=float, nargs="+", default=[1, 2, 4, 8, 15])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument(
        "--contestants", nargs="+", choices=CONTESTANTS, default=["chargen", "nanogpt", "char-rnn"]
    )
    parser.add_argument("--results", type=Path)
    parser.add_argument("--plot", type=Path)
    own, options = split_options(sys.argv[1:])
    args = parser.parse_args(own)
    args.times.sort()
    print_machine()
    comparison = Comparison(args, options)
    needed = {"nanogpt": args.nanogpt, "makemore": args.makemore}
    for name in args.contestants:
        if name in needed and needed[name] is None:
            parser.error(f"give --{name}, or leave it out of --contestants")
    if comparison.unit is None and args.nanogpt is None:
        parser.error("give --nanogpt, or N as --unit")
    with tempfile.TemporaryDirectory() as folder:
        comparison.run_all(Path(folder))
    table(comparison.rows)
    if args.plot:
        plot(comparison.rows, args.plot, args.text.name)


if __name__ == "__main__":
    main()
