"""The few words that a network writes at each evaluation, to be looked at."""

from dataclasses import replace
from functools import partial

from chargen.checkpoint import Checkpoint
from chargen.config import SamplingConfig
from chargen.generation.decoder import Decoder
from chargen.generation.session import Session
from chargen.generation.weights import DecoderWeights
from chargen.text.line_ends import LINE_END

_SAMPLE = SamplingConfig(temperature=0.7)
_SAMPLE_LENGTH = 90


def write_excerpt(checkpoint: Checkpoint, number: int, *, seed: int) -> str:
    """Write a few words with the network as it is; of labels, each has its turn."""
    names = list(checkpoint.labels)
    config = replace(_SAMPLE, seed=seed, label=names[number % len(names)] if names else None)
    session = Session(checkpoint, partial(Decoder, DecoderWeights(checkpoint)), config)
    parts: list[str] = []  # documents, which can be short
    while (left := _SAMPLE_LENGTH - sum(map(len, parts)) - len(parts)) > 0:
        parts += LINE_END.split(session.generate(length=left))
    lead = f"    {config.label}: " if names else "    "
    return lead + " / ".join(filter(None, parts))
