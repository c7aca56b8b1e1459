"""Writing side by side: each text multiplied by itself, beside all multiplied at once.

    python benchmarks/company.py [--only "2 × 512"] [--texts 1 2 4] [--rounds 5] [--threads 1]

Each table is of so many texts side by side; the characters of all are counted.

exact       what chargen does: a text is the same, bit for bit, in any company
at once     the products of all texts in one (gemm), as it was before; a text depends on its company
"""

import argparse
from functools import partial

import numpy as np
from busy import BUNDLED, SIZES
from measure import in_turn, print_machine, print_table, seconds
from sampling_speed import random_checkpoint

import chargen.generation.decoder as decoder_module
from chargen.checkpoint import Checkpoint
from chargen.config import SamplingConfig
from chargen.generation.batching import Request, generate_samples
from chargen.generation.decoder import Decoder, MakeDecoder
from chargen.generation.generate import Generator
from chargen.generation.weights import DecoderWeights
from chargen.language_model import load

TURN = 0.5  # seconds


def write(checkpoint: Checkpoint, make_decoder: MakeDecoder, texts: int, length: int) -> None:
    config = SamplingConfig(length=length, seed=0)
    generator = Generator(checkpoint.tokenizer, config)
    requests = [Request("A", 0, n=texts)]
    for _ in generate_samples(
        checkpoint, make_decoder, generator, requests, max_batch=decoder_module.MAX_BATCH
    ):
        pass


def compare(checkpoint: Checkpoint, texts: int, rounds: int, threads: int | None) -> None:
    makers = {
        "exact": partial(Decoder, DecoderWeights(checkpoint, threads)),
        "at once": partial(Decoder, DecoderWeights(checkpoint, threads), by_rows=False),
    }

    def rate(name: str, length: int) -> float:
        return texts * length / seconds(partial(write, checkpoint, makers[name], texts, length))

    for name in makers:
        rate(name, 20)
    lengths = {name: int(TURN * rate(name, 50) / texts) + 1 for name in makers}
    print(f"\n{texts} side by side\n")
    turns = {name: partial(rate, name, length) for name, length in lengths.items()}
    print_table(in_turn(turns, rounds), "chars/s", "exact")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--only", choices=SIZES, nargs="+", default=["2 × 512", "1 × 1024"])
    parser.add_argument("--texts", type=int, nargs="+", default=[1, 2, 4, 8, 16, 32, 64])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int)
    args = parser.parse_args()
    print_machine()
    decoder_module._FEW = 0  # or few texts would be multiplied each by itself in any case
    for size in args.only:
        units = SIZES[size]
        checkpoint = load(BUNDLED).checkpoint if units is None else random_checkpoint(units, 64)
        print(f"\n{size}, NumPy {np.__version__}, threads: {args.threads or 'chosen'}")
        for texts in args.texts:
            compare(checkpoint, texts, args.rounds, args.threads)


if __name__ == "__main__":
    main()
