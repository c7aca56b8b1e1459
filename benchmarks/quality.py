"""Held-out loss against wall-clock time, ours beside nanoGPT and a PyTorch char-rnn.

    python benchmarks/quality.py tinyshakespeare.txt --nanogpt CHECKOUT [--times 1 2 4 8 15]
        [--contestants chargen nanogpt char-rnn] [--results FILE] [--plot FILE.svg] [-- OPTION ...]

The unit of time, N, is what nanoGPT's README's command for a CPU takes here; without a checkout,
give it in seconds: `--unit 94`. The contestants take turns on the same cores.

chargen    `chargen train --minutes`, so that the whole command takes each time; the defaults, or
           what stands after `--`
nanogpt    its command, with as many times the iterations; "windowed" is the lowest loss it prints
           itself, of random windows of its block size, 64, and "last" the one at its end
char-rnn   2 × 512 LSTM, 50 streams × 50 steps, Adam at 2e-3 halved every 5 epochs, gradients
           clipped at 5 by element, no dropout: one run, looked at when each time is over

The last tenth of the text is held out from all. "carried" lets the state flow through all of it,
"windowed" reads 256 characters at a time from a zero state. Of char-rnn the best so far counts,
as of nanoGPT.
Results are added, a JSON object a line, to the results file, from which table and plot are made, so
that a long comparison can be made in several sittings.
"""

import argparse
import json
import os
import pickle
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from measure import print_machine, seconds, split_options

import chargen
from chargen.corpus.corpus import read_corpus
from chargen.corpus.split import train_validation_split
from chargen.corpus.streams import Streams

NANOGPT_COMMAND = (
    "train.py config/train_shakespeare_char.py --device=cpu --compile=False --eval_iters=20 "
    "--log_interval=1 --block_size=64 --batch_size=12 --n_layer=4 --n_head=4 --n_embd=128 "
    "--max_iters={iterations} --lr_decay_iters={iterations} --dropout=0.0"
)
NANOGPT_ITERATIONS = 2000
WINDOW = 256


def run_chargen(corpus: Path, budget: float, options: list[str], seed: int) -> dict:
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "chargen", "train", str(corpus), "--name", f"{folder}/run"]
        command += ["--validation", "end", "--minutes", f"{budget / 60}", "--seed", f"{seed}"]
        command += options
        elapsed = seconds(lambda: subprocess.run(command, check=True))
        model = chargen.load(f"{folder}/run")
    print(model.generate(length=300, seed=0))
    return {
        "seconds": elapsed,
        "carried": model.origin.carried,
        "windowed": model.origin.windowed,
        "steps": model.origin.step,
    }


def run_nanogpt(corpus: Path, checkout: Path, times: float) -> dict:
    read = read_corpus(corpus)
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "nanogpt"
        shutil.copytree(checkout, copy, ignore=shutil.ignore_patterns(".git", "out*"))
        data = copy / "data" / "shakespeare_char"
        characters = read.vocabulary.idx2char
        training, held_out = train_validation_split(read, 0.1, validation="end")
        for name, part in {"train": read.ids[: len(training)], "val": held_out.ids}.items():
            part.astype(np.uint16).tofile(data / f"{name}.bin")
        meta = {
            "vocab_size": len(characters),
            "itos": dict(enumerate(characters)),
            "stoi": {character: i for i, character in enumerate(characters)},
        }
        (data / "meta.pkl").write_bytes(pickle.dumps(meta))
        command = NANOGPT_COMMAND.format(iterations=round(times * NANOGPT_ITERATIONS))
        started = time.perf_counter()
        done = subprocess.run(
            [sys.executable, *command.split()], cwd=copy, check=True, capture_output=True, text=True
        )
        elapsed = time.perf_counter() - started
    losses = [float(loss) for loss in re.findall(r"val loss ([\d.]+)", done.stdout)]
    return {"seconds": elapsed, "windowed": min(losses), "last": losses[-1]}


def run_char_rnn(corpus: Path, budgets: list[float]) -> list[dict]:
    import torch

    read = read_corpus(corpus)
    spans, validation = train_validation_split(read, 0.1, validation="end")
    training, held_out = read.ids[: len(spans)], validation.ids
    vocab_size = read.vocabulary.vocab_size
    embedding = torch.nn.Embedding(vocab_size, 64)
    lstm = torch.nn.LSTM(64, 512, 2, batch_first=True)
    dense = torch.nn.Linear(512, vocab_size)
    parameters = [*embedding.parameters(), *lstm.parameters(), *dense.parameters()]
    optimizer = torch.optim.Adam(parameters, 2e-3)
    streams = Streams(training, 50, 50)

    def loss_of(inputs, targets, state):
        outputs, state = lstm(embedding(torch.from_numpy(inputs).long()), state)
        logits = dense(outputs).flatten(0, 1)
        targets = torch.from_numpy(targets).long().flatten()
        return torch.nn.functional.cross_entropy(logits, targets), state

    def evaluate() -> dict:
        with torch.inference_mode():
            state, total = None, 0.0
            inputs, targets = held_out[:-1], held_out[1:]
            for i in range(0, len(inputs), WINDOW):
                x, y = inputs[None, i : i + WINDOW], targets[None, i : i + WINDOW]
                loss, state = loss_of(x, y, state)
                total += loss.item() * x.size
            whole = len(inputs) // WINDOW * WINDOW
            windows = (part[:whole].reshape(-1, WINDOW) for part in (inputs, targets))
            windowed, _ = loss_of(*windows, None)
        return {"carried": total / len(inputs), "windowed": windowed.item()}

    results, best, spent, number, state = [], None, 0.0, 0, None
    budgets = sorted(budgets)
    while len(results) < len(budgets):
        started = time.perf_counter()
        epoch, position = divmod(number, streams.steps_per_epoch)
        for group in optimizer.param_groups:
            group["lr"] = 2e-3 * 0.5 ** (epoch // 5)
        if position == 0:
            state = None
        loss, state = loss_of(*streams.batch(number), state)
        state = tuple(part.detach() for part in state)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_value_(parameters, 5.0)
        optimizer.step()
        spent += time.perf_counter() - started
        number += 1
        over = spent >= budgets[len(results)]
        if over or position == streams.steps_per_epoch - 1:
            now = evaluate()
            best = now if best is None or now["windowed"] < best["windowed"] else best
        if over:
            results.append({"seconds": spent, "steps": number, **best})
    return results


def table(results: list[dict]) -> None:
    columns = ("", "N", "seconds", "carried", "windowed", "seed", "steps")
    print("\n{:<10} {:>5} {:>8} {:>8} {:>9} {:>5} {:>8}".format(*columns))
    for row in sorted(results, key=lambda row: (row["who"], row["times"])):
        carried = f"{row['carried']:.4f}" if "carried" in row else "-"
        print(
            f"{row['who']:<10} {row['times']:>5g} {row['seconds']:>8.0f} {carried:>8} "
            f"{row['windowed']:>9.4f} {row.get('seed', '-'):>5} {row.get('steps', '-'):>8}"
        )


def plot(results: list[dict], path: Path) -> None:
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "chargen"
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(7, 4), layout="constrained")
    for who, marker in (("char-rnn", "s"), ("nanogpt", "^"), ("chargen", "o")):
        rows = sorted((row for row in results if row["who"] == who), key=lambda row: row["seconds"])
        if rows:
            x = [row["seconds"] for row in rows]
            if who == "nanogpt":  # it does so many iterations; what slowed them down does not count
                fastest = min(row["seconds"] / row["times"] for row in rows)
                x = [row["times"] * fastest for row in rows]
            y = [row["windowed"] for row in rows]
            axes.plot(x, y, marker=marker, label={"nanogpt": "nanoGPT"}.get(who, who))
    axes.axhline(1.4697, linestyle=":", color="gray", label="nanoGPT on an A100, its README")
    axes.set(xscale="log", xlabel="seconds", ylabel="held-out loss, nats/char")
    axes.set_title("tinyshakespeare, windowed, last tenth held out")
    axes.grid(alpha=0.3)
    axes.legend()
    figure.savefig(path, metadata={"Date": None})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--nanogpt", type=Path, help="a checkout of nanoGPT")
    parser.add_argument("--unit", type=float, help="N in seconds, if it is not to be measured")
    parser.add_argument("--times", type=float, nargs="+", default=[1, 2, 4, 8, 15])
    parser.add_argument("--contestants", nargs="+", default=["chargen", "nanogpt", "char-rnn"])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--results", type=Path)
    parser.add_argument("--plot", type=Path)
    own, options = split_options(sys.argv[1:])
    args = parser.parse_args(own)
    if args.unit is None and args.nanogpt is None:
        parser.error("give --nanogpt, or N as --unit")
    print_machine()
    kept = args.results.read_text().splitlines() if args.results and args.results.exists() else []
    results = [json.loads(line) for line in kept]

    def add(who: str, times: float, result: dict) -> None:
        results.append({"who": who, "times": times, **result})
        print(json.dumps(results[-1]), flush=True)
        if args.results:
            with args.results.open("a") as file:
                file.write(json.dumps(results[-1]) + os.linesep)

    unit = args.unit
    if unit is None:
        add("nanogpt", 1, run_nanogpt(args.corpus, args.nanogpt, 1))
        unit = results[-1]["seconds"]
    print(f"N is {unit:.0f} seconds", flush=True)
    for times in args.times:
        if "chargen" in args.contestants:
            result = run_chargen(args.corpus, times * unit, options, args.seed)
            add("chargen", times, {**result, "seed": args.seed})
        if "nanogpt" in args.contestants and args.nanogpt and (times != 1 or args.unit):
            add("nanogpt", times, run_nanogpt(args.corpus, args.nanogpt, times))
    if "char-rnn" in args.contestants:
        rows = run_char_rnn(args.corpus, [times * unit for times in args.times])
        for times, row in zip(sorted(args.times), rows, strict=True):
            add("char-rnn", times, row)
    table(results)
    if args.plot:
        plot(results, args.plot)


if __name__ == "__main__":
    main()
