"""The contestants of `quality.py`: each learns for a time, then is measured on the test part."""

import copy
import json
import os
import pickle
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from measure import seconds
from quality_parts import Parts

import chargen
from chargen.cli.escapes import escape
from chargen.corpus.streams import Streams
from chargen.training.history import read_history

NANOGPT_COMMAND = (
    "train.py config/train_shakespeare_char.py --device=cpu --compile=False --eval_iters=20 "
    "--log_interval=1 --block_size=64 --batch_size=12 --n_layer=4 --n_head=4 --n_embd=128 "
    "--max_iters={iterations} --lr_decay_iters={iterations} --dropout=0.0"
)
NANOGPT_CHARACTERS = 12 * 64  # of an iteration
NANOGPT_INTERVAL = 250  # iterations between two looks at the stretch, in its configuration
NANOGPT_SEED, MAKEMORE_SEED = 1337, 3407  # their own, to which ours is added
OUTSIDE = Path(__file__).with_name("quality_outside.py")
WINDOW, ROWS, MIN_WINDOWS = 256, 64, 16  # as chargen/evaluation/loss.py has them

Row = dict[str, Any]


def run_chargen(parts: Parts, budget: float, options: Sequence[str], seed: int) -> Row:
    """Run `chargen train --minutes`, then `chargen evaluate --adapt` on its best checkpoint."""
    run = parts.read.with_name("run")
    tool = [sys.executable, "-m", "chargen"]
    command = [*tool, "train", str(parts.read), "--name", str(run), "--overwrite"]
    command += ["--validation", "end", "--validation-fraction", f"{parts.stretch}"]
    command += ["--minutes", f"{budget / 60}", "--seed", f"{seed}"]
    if parts.separator is not None:
        command += ["--document-separator", escape(parts.separator)]
    elapsed = seconds(lambda: subprocess.run([*command, *options], check=True))
    command = [*tool, "evaluate", str(parts.test_file), "-m", str(run), "--adapt", "--json"]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    measured = json.loads(done.stdout)
    model, history = chargen.load(run), read_history(run)
    losses = {name: measured[name]["nats_per_char"] for name in ("carried", "windowed", "adapted")}
    return {
        "seconds": elapsed,
        "steps": history[-1].step,
        "passes": history[-1].epoch,
        "best_step": model.origin.step,
        "characters": measured["characters"],
        **losses,
        "version": f"chargen {chargen.__version__}",
        "units": list(model.config.units),
        "dropout": model.config.dropout,
        "precision": model.origin.training.get("precision", "float32"),
    }


def run_nanogpt(parts: Parts, checkout: Path, iterations: int, seed: int) -> Row:
    """Run nanoGPT's command for a CPU; it keeps the checkpoint that was best on the stretch."""
    work = parts.read.with_name("nanogpt")
    shutil.rmtree(work, ignore_errors=True)
    shutil.copytree(checkout, work, ignore=shutil.ignore_patterns(".git", "out*"))
    program = (work / "train.py").read_text("utf-8")
    own = f"torch.manual_seed({NANOGPT_SEED} + seed_offset)"
    assert own in program
    program = program.replace(own, own.replace(f"{NANOGPT_SEED}", f"{NANOGPT_SEED + seed}"))
    (work / "train.py").write_text(program, "utf-8")
    data = work / "data" / "shakespeare_char"
    for name, ids in {"train": parts.learned, "val": parts.chosen, "test": parts.test}.items():
        ids.astype(np.uint16).tofile(data / f"{name}.bin")
    meta = {
        "vocab_size": len(parts.characters),
        "itos": dict(enumerate(parts.characters)),
        "stoi": {character: i for i, character in enumerate(parts.characters)},
    }
    (data / "meta.pkl").write_bytes(pickle.dumps(meta))
    command = NANOGPT_COMMAND.format(iterations=iterations).split()
    if iterations < NANOGPT_INTERVAL:  # in a trial; it would keep nothing
        command.append(f"--eval_interval={iterations}")
    elapsed = seconds(
        lambda: subprocess.run(
            [sys.executable, *command], cwd=work, check=True, stdout=subprocess.DEVNULL
        )
    )
    return {
        "seconds": elapsed,
        "steps": iterations,
        "passes": iterations * NANOGPT_CHARACTERS / len(parts.learned),
        **measure_outside(work, "nanogpt", "out-shakespeare-char/ckpt.pt", data / "test.bin"),
        "version": torch_version(),
    }


def run_makemore(parts: Parts, checkout: Path, budget: float, seed: int) -> Row:
    """Run makemore's default, stop it when the time is over, and take the best that it saved."""
    if parts.separator != "\n":
        raise SystemExit("makemore reads a list of names: --document-separator '\\n'")
    out = parts.read.with_name("makemore")
    shutil.rmtree(out, ignore_errors=True)
    command = [sys.executable, "-u", "makemore.py", "-i", str(parts.read), "-o", str(out)]
    command += ["--seed", f"{MAKEMORE_SEED + seed}"]
    started, steps = time.perf_counter(), 0
    with subprocess.Popen(
        command, cwd=checkout, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("step "):
                steps = int(line.split()[1])
            elapsed = time.perf_counter() - started
            # What is said after that it saves, is said when it has saved.
            if elapsed >= budget and "saving model" not in line:
                os.killpg(process.pid, signal.SIGKILL)
                break
    if process.returncode != -signal.SIGKILL:
        raise SystemExit(f"makemore ended by itself, with {process.returncode}")
    if not (out / "model.pt").exists():
        raise SystemExit(f"makemore had saved nothing after {steps} steps; give it more time")
    measured = measure_outside(checkout, "makemore", out / "model.pt", parts.test_file, parts.read)
    return {"seconds": elapsed, "steps": steps, **measured, "version": torch_version()}


def measure_outside(checkout: Path, *arguments: str | Path) -> Row:
    """Measure a checkpoint on the test part with the code that it was made with."""
    command = [sys.executable, str(OUTSIDE), *map(str, arguments)]
    done = subprocess.run(command, cwd=checkout, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def torch_version() -> str:
    import torch

    return f"PyTorch {torch.__version__}"


def run_char_rnn(parts: Parts, budgets: Sequence[float], seed: int) -> Iterator[Row]:
    """Train a 2 × 512 LSTM once, and yield a row for each time, in order, when it is over."""
    import torch

    torch.manual_seed(seed)
    vocab_size = len(parts.characters)
    network = torch.nn.ModuleDict(
        {
            "embedding": torch.nn.Embedding(vocab_size, 64),
            "lstm": torch.nn.LSTM(64, 512, 2, batch_first=True),
            "dense": torch.nn.Linear(512, vocab_size),
        }
    )
    optimizer = torch.optim.Adam(network.parameters(), 2e-3)
    streams = Streams(parts.learned, 50, 50)

    def nats(inputs, targets, state):
        """The loss of each character, shape as `targets`, and the state after them."""
        ids, targets = (torch.from_numpy(each.astype(np.int64)) for each in (inputs, targets))
        outputs, state = network["lstm"](network["embedding"](ids), state)
        logits = network["dense"](outputs).movedim(-1, 1)
        return torch.nn.functional.cross_entropy(logits, targets, reduction="none"), state

    best, kept, best_step = float("inf"), copy.deepcopy(network.state_dict()), 0
    spent, number, state, done = 0.0, 0, None, 0
    while done < len(budgets):
        started = time.perf_counter()
        epoch, position = divmod(number, streams.steps_per_epoch)
        for group in optimizer.param_groups:
            group["lr"] = 2e-3 * 0.5 ** (epoch // 5)
        if position == 0:
            state = None
        losses, state = nats(*streams.batch(number), state)
        state = tuple(part.detach() for part in state)
        optimizer.zero_grad()
        losses.mean().backward()
        torch.nn.utils.clip_grad_value_(network.parameters(), 5.0)
        optimizer.step()
        spent += time.perf_counter() - started
        number += 1
        over = spent >= budgets[done]
        if not over and position < streams.steps_per_epoch - 1:
            continue
        with torch.inference_mode():
            if (loss := carried(nats, parts.chosen)) < best:
                best, kept, best_step = loss, copy.deepcopy(network.state_dict()), number
            if not over:
                continue
            now = copy.deepcopy(network.state_dict())
            network.load_state_dict(kept)
            found = {"carried": carried(nats, parts.test), "windowed": windowed(nats, parts.test)}
            network.load_state_dict(now)
        while done < len(budgets) and spent >= budgets[done]:
            done += 1
            yield {
                "seconds": spent,
                "steps": number,
                "passes": number / streams.steps_per_epoch,
                "best_step": best_step,
                "characters": len(parts.test) - 1,
                **found,
                "version": torch_version(),
            }


def carried(nats, ids) -> float:
    """The carried loss, read as `chargen evaluate` reads it: rows, each after the window before."""
    windows = -(-(len(ids) - 1) // WINDOW)
    rows = max(1, min(ROWS, windows // MIN_WINDOWS))
    length = -(-windows // rows) * WINDOW
    starts = np.arange(rows)[:, None] * length
    total, state = 0.0, None
    for block in range(-WINDOW, length, WINDOW):
        places = starts + block + np.arange(WINDOW)
        if block == 0:  # nothing comes before the first row
            for part in state:
                part[:, 0] = 0
        losses, state = nats(*inside(ids, places), state)
        total += losses.numpy()[(places < len(ids) - 1) & (block >= 0)].sum(dtype=np.float64)
    return total / (len(ids) - 1)


def windowed(nats, ids) -> float:
    """The mean loss of windows of 256 characters, each from a zero state."""
    places = np.arange(-(-(len(ids) - 1) // WINDOW) * WINDOW).reshape(-1, WINDOW)
    total = 0.0
    for rows in np.array_split(places, -(-len(places) // ROWS)):
        losses = nats(*inside(ids, rows), None)[0].numpy()
        total += losses[rows < len(ids) - 1].sum(dtype=np.float64)
    return total / (len(ids) - 1)


def inside(ids, places):
    """The characters at some places and those after them; what lies outside is not counted."""
    places = places.clip(0, len(ids) - 2)
    return ids[places], ids[places + 1]
