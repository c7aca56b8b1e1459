"""`chargen serve` beside what it serves: speed, waiting, right answers under load, memory, a peer.

    python benchmarks/serving.py PART... [--rounds 5]

The client has the first core and the server the last one. What is compared with it runs on that
core too, in turn with it, while it idles. All take one thread. The model has random weights,
2 × 512 units, as the time of a step does not depend on what was learned. Rates are compared in two
tables: characters a second by the clock, and by the seconds that the core worked for the server or
for what stands beside it, which hardly depend on what else runs. PART is one or more of:

stream   one stream of 8,000 characters, against `chargen sample` after its first character, with
         its output read by the same client; the texts must be equal. The bar: 80%
batch    64 streams that begin together, and one request of n = 64, against the 64 texts in one
         process (`LanguageModel.samples(n=64)`). The bar: 80%
first    64 clients, each of which asks for text after text, of 20 to 400 characters after a
         prompt of 40: the time to the first character. The bars: median 100 ms, 99th percentile
         300 ms. Then the same with 8 clients, and with one. "core" is the share of its core that
         the server had: with 64 clients it is about 1 where nothing else runs
storm    500 requests at once; a tenth is malformed, a third of the rest is cut off midway. The
         bars: each of the others has the text that the seed gives in one process, each malformed
         one is refused, nothing is answered 5xx
memory   20,000 requests for 8 characters from 32 clients. The bar: the server's resident memory
         grows by 10% at most from the 1,000th to the last
peer     the same network in Keras, stepped by `predict`, behind FastAPI, see serving_peer.py: one
         stream against one stream, and 8 clients against 8 clients
"""

import argparse
import asyncio
import os
import subprocess
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from measure import in_turn, print_machine, print_table
from sampling_speed import VOCABULARY, random_checkpoint
from serving_client import Answer, Client
from serving_processes import CLIENT_CORE, Here, Server, Times, server, start, times

PATH = "/v1/completions"
STREAM_LENGTH = 8_000
TEXTS, BATCH_LENGTH = 64, 300
MALFORMED = (  # a body, and the status that refuses it
    (b"{", 400),
    (b"[]", 400),
    (b'{"prompt": 5}', 400),
    (b'{"prompt": "A", "max_tokens": "many"}', 400),
    (b'{"prompt": "A", "temperature": NaN}', 400),
    (b'{"prompt": "A", "model": "nobody"}', 404),
    ('{"prompt": "\u6f22"}'.encode(), 400),
    (b'{"prompt": "A", "n": 0}', 400),
    (b'{"prompt": "A", "stop": ""}', 400),
    (b"\xff\xfe", 400),
)

Work = Callable[[], tuple[int, Times]]
"""Writes some characters; gives how many, and how long it took."""


def compare(contestants: Mapping[str, Work], rounds: int) -> None:
    """Let contestants take turns; print their rates by the clock and by the core's work."""
    by_core: dict[str, list[float]] = {name: [] for name in contestants}

    def turn(name: str) -> float:
        characters, taken = contestants[name]()
        by_core[name].append(characters / taken.core)
        return characters / taken.clock

    ours = next(iter(contestants))
    by_clock = in_turn({name: partial(turn, name) for name in contestants}, rounds)
    print_table(by_clock, "chars/s", ours)
    print_table(by_core, "of work", ours)


async def together(requests: Sequence[Awaitable[Answer]]) -> list[Answer]:
    """All the answers, in the order of the requests."""
    return list(await asyncio.gather(*requests))


def answers_to(running: Server, bodies: Sequence[dict[str, object]]) -> tuple[list[Answer], Times]:
    """Send requests at once, each on a connection of its own; return how long the server took."""

    async def ask(body: dict[str, object]) -> Answer:
        async with Client(running.port) as client:
            return await client.post(PATH, body)

    before = times(running.pid)
    answers = asyncio.run(together([ask(body) for body in bodies]))
    return answers, times(running.pid).since(before)


def prompt_of(number: int, length: int) -> str:
    """A prompt of random characters."""
    return "".join(np.random.default_rng(number).choice(list(VOCABULARY.idx2char[1:]), length))


# One stream.


def sampled(path: Path, seed: int) -> tuple[str, Times]:
    """Let `chargen sample` write; return the text, and how long it took after its start."""
    command = ["-m", "chargen", "sample", "-m", str(path), "A", "--no-echo"]
    command += ["--length", str(STREAM_LENGTH), "--seed", str(seed), "--threads", "1"]
    process = start(command, stdout=subprocess.PIPE)
    file = process.stdout.fileno()
    parts = [os.read(file, 1)]
    before = times(process.pid)
    while part := os.read(file, 1 << 16):
        parts.append(part)
    taken = times(process.pid).since(before)  # it is there until it is waited for
    process.wait()
    return b"".join(parts).decode()[:-1], taken


def compare_streams(path: Path, running: Server, rounds: int) -> None:
    """Compare one stream with `chargen sample`."""
    texts: dict[str, list[str]] = {"sampled": [], "streamed": []}

    def sample() -> tuple[int, Times]:
        text, taken = sampled(path, len(texts["sampled"]))
        texts["sampled"].append(text)
        return len(text) - 1, taken

    def stream() -> tuple[int, Times]:
        body = {"prompt": "A", "max_tokens": STREAM_LENGTH, "stream": True}
        (answer,), taken = answers_to(running, [{**body, "seed": len(texts["streamed"])}])
        texts["streamed"].append(answer.text())
        return len(answer.text()), taken

    compare({"one stream over HTTP": stream, "chargen sample": sample}, rounds)
    print(f"the {rounds} texts are equal: {texts['sampled'] == texts['streamed']}")


# 64 texts.


def compare_batches(here: Here, running: Server, rounds: int) -> None:
    """Compare 64 streams, and one request, with 64 texts in one process."""
    characters = TEXTS * BATCH_LENGTH
    body = {"prompt": "A", "max_tokens": BATCH_LENGTH}

    def streams() -> tuple[int, Times]:
        bodies = [{**body, "stream": True, "seed": seed} for seed in range(TEXTS)]
        answers, taken = answers_to(running, bodies)
        assert all(len(each.text()) == BATCH_LENGTH for each in answers)
        return characters, taken

    def one_request() -> tuple[int, Times]:
        (answer,), taken = answers_to(running, [{**body, "n": TEXTS, "seed": 1}])
        assert len(answer.json()["choices"]) == TEXTS
        return characters, taken

    def in_process() -> tuple[int, Times]:
        asked = {"prompts": "A", "n": TEXTS, "length": BATCH_LENGTH, "seed": 1}
        return characters, here.texts([asked])[0]

    contestants = {
        "64 streams over HTTP": streams,
        "one request over HTTP, n = 64": one_request,
        "samples(n=64) in one process": in_process,
    }
    compare(contestants, rounds)


# The first character.


async def first_characters(port: int, clients: int, texts: int) -> list[float]:
    """Let clients ask for text after text; return the seconds to the first characters."""
    numbers, seconds = iter(range(clients + texts)), []

    async def ask() -> None:
        is_first = True
        async with Client(port) as client:
            for number in numbers:
                length = int(np.random.default_rng(number).integers(20, 401))
                body = {"prompt": prompt_of(number, 40), "max_tokens": length, "stream": True}
                answer = await client.post(PATH, body)
                if not is_first:  # those come all at once
                    seconds.append(answer.first())
                is_first = False

    await asyncio.gather(*(ask() for _ in range(clients)))
    return seconds


def show_first_characters(running: Server) -> None:
    """Print how long one waits for the first character."""
    print(f"{'clients':>8} {'texts':>7} {'median, ms':>12} {'99th percentile':>16} {'core':>6}")
    for clients, texts in ((64, 320), (8, 160), (1, 40)):
        before = times(running.pid)
        seconds = asyncio.run(first_characters(running.port, clients, texts))
        taken = times(running.pid).since(before)
        median, late = 1000 * np.quantile(seconds, [0.5, 0.99])
        share = taken.core / taken.clock
        row = f"{clients:>8} {len(seconds):>7} {median:>12.1f} {late:>16.1f} {share:>6.0%}"
        print(row)


# 500 at once.


def storm(here: Here, running: Server, number: int = 500) -> None:
    """Send requests all at once; print what became of them."""
    lengths = np.random.default_rng(0).integers(50, 201, number).tolist()
    malformed = range(0, number, 10)
    others = [index for index in range(number) if index not in malformed]
    cut_off, whole = others[::3], [each for place, each in enumerate(others) if place % 3]

    async def ask(index: int) -> Answer:
        async with Client(running.port) as client:
            if index in malformed:
                return await client.post(PATH, MALFORMED[index // 10 % len(MALFORMED)][0])
            body = {"prompt": prompt_of(index, 20), "seed": index, "max_tokens": lengths[index]}
            leave_after = index % 5 if index in cut_off else None
            body["stream"] = index % 2 == 0 or index in cut_off
            return await client.post(PATH, body, leave_after=leave_after)

    started = time.perf_counter()
    answers = asyncio.run(together([ask(index) for index in range(number)]))
    taken = time.perf_counter() - started
    _, expected = here.texts(
        [{"prompts": prompt_of(i, 20), "seed": i, "length": lengths[i]} for i in whole]
    )
    right = sum(
        answers[index].status == 200 and answers[index].is_whole and answers[index].text() == text
        for index, text in zip(whole, expected, strict=True)
    )
    refused = sum(
        answers[index].status == MALFORMED[place % len(MALFORMED)][1]
        for place, index in enumerate(malformed)
    )
    print(f"{number} requests at once, {taken:.1f} s, {len(cut_off)} cut off by the client")
    print(f"  answered with the right text: {right} of {len(whole)}")
    print(f"  malformed and refused as they should be: {refused} of {len(malformed)}")
    print(f"  answered 5xx: {sum(each.status >= 500 for each in answers)}")


# Memory.


def show_memory(running: Server, number: int = 20_000, clients: int = 32) -> None:
    """Send many short requests; print what the server holds on the way."""
    held: dict[int, float] = {}
    failed, numbers = [], iter(range(1, number + 1))

    async def ask() -> None:
        async with Client(running.port) as client:
            for each in numbers:
                body = {"prompt": "A", "max_tokens": 8, "seed": each, "stream": each % 2 == 0}
                answer = await client.post(PATH, body)
                if answer.status != 200 or not answer.is_whole:
                    failed.append(each)
                if each == 1_000 or each % (number // 5) == 0:
                    held[each] = running.resident()

    async def all_of_them() -> None:
        await asyncio.gather(*(ask() for _ in range(clients)))

    before = times(running.pid)
    asyncio.run(all_of_them())
    taken = times(running.pid).since(before)
    print(f"{number:,} requests, {taken.clock:.0f} s, {len(failed)} failed")
    print(f"{1000 * taken.core / number:.2f} ms of work for each")
    for each, megabytes in sorted(held.items()):
        print(f"  after {each:>6,}: {megabytes:>7.1f} MB, {megabytes / held[1_000]:.3f} ×")


# The peer.


def compare_peer(path: Path, running: Server, rounds: int) -> None:
    """Compare streams with those of `predict` behind FastAPI."""
    script = Path(__file__).with_name("serving_peer.py")

    def streams(of: Server, clients: int, length: int) -> tuple[int, Times]:
        body = {"prompt": "A", "max_tokens": length, "stream": True, "temperature": 0.8}
        answers, taken = answers_to(of, [body] * clients)
        assert all(len(each.text()) == length for each in answers)
        return clients * length, taken

    with server([str(script), str(path)], path.with_name("peer.log")) as peer:
        streams(peer, 1, 5)  # whatever compiles does so now
        for clients, ours, its in ((1, 2_000, 40), (8, 400, 10)):
            print(f"{clients} at once")
            contestants = {
                "chargen serve": partial(streams, running, clients, ours),
                "Keras predict behind FastAPI": partial(streams, peer, clients, its),
            }
            compare(contestants, rounds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parts = ("stream", "batch", "first", "storm", "memory", "peer")
    parser.add_argument("parts", nargs="+", choices=parts, metavar="PART")
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    print_machine()
    os.sched_setaffinity(0, {CLIENT_CORE})
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.safetensors"
        random_checkpoint((512, 512), 64).save(path)
        here = Here(path)
        command = ["-m", "chargen", "serve", "-m", str(path), "--port", "0", "--threads", "1"]
        with server(command, path.with_name("server.log")) as running:
            works: dict[str, Callable[[], None]] = {
                "stream": partial(compare_streams, path, running, args.rounds),
                "batch": partial(compare_batches, here, running, args.rounds),
                "first": partial(show_first_characters, running),
                "storm": partial(storm, here, running),
                "memory": partial(show_memory, running),
                "peer": partial(compare_peer, path, running, args.rounds),
            }
            for part in args.parts:
                print(f"\n{part}\n")
                works[part]()
        here.close()
        print(f"\nthe server's log:\n{running.log.read_text()}")


if __name__ == "__main__":
    main()
