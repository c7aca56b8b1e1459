"""What there is to say before the first step, of the text, the network and how they fit."""

from collections.abc import Iterator

import numpy as np

from chargen.checkpoint import weight_shapes
from chargen.config import ModelConfig
from chargen.text.corpus import Corpus
from chargen.text.vocabulary import describe

_MOST_WEIGHTS_PER_CHARACTER = 50
_MOST_SINGLETONS = 1000


def preflight(corpus: Corpus, config: ModelConfig) -> Iterator[str]:
    """Lines about a corpus and the network that will learn it; warnings begin with "Warning:"."""
    text, vocabulary = corpus.text, corpus.vocabulary
    counts = np.bincount(corpus.ids, minlength=vocabulary.vocab_size)
    yield (
        f"{corpus.name}: {len(text):,} characters, {vocabulary.vocab_size:,} distinct; "
        f"{corpus.encoding}, line endings: {corpus.line_ending}."
    )
    rarest = ", ".join(
        f"{describe(vocabulary.idx2char[i])} {counts[i]:,}×"
        for i in np.argsort(counts, kind="stable")[:4]
    )
    yield f"Rarest: {rarest}."
    weights = sum(int(np.prod(shape)) for shape in weight_shapes(config).values())
    yield (
        f"Network: embedding {config.embedding_dim} → {config.cell} "
        f"{' → '.join(map(str, config.units))} → dense {config.vocab_size}, {weights:,} weights, "
        f"{weights / len(text):.2g} per character."
    )
    yield from corpus.notes
    if weights > _MOST_WEIGHTS_PER_CHARACTER * len(text):
        yield (
            "Warning: the text is very short for so large a network, which will soon know it by "
            "heart; give more text, or fewer --units."
        )
    singletons = int((counts == 1).sum())
    if singletons >= _MOST_SINGLETONS:
        yield (
            f"Warning: {singletons:,} characters occur only once, too rare to be learned; "
            "is the encoding right?"
        )
    if corpus.line_ending == "none":
        yield "Warning: the text has no line end at all, so the model will never end a line."
