"""What is said before the first step: of the text, of the network, and whether they fit."""

from collections.abc import Iterator, Mapping
from itertools import islice

import numpy as np

from chargen.checkpoint import weight_shapes
from chargen.config import ModelConfig
from chargen.corpus.corpus import Corpus
from chargen.text.characters import describe, enumerate_some
from chargen.text.line_ends import describe_counts
from chargen.wording import about

_MAX_WEIGHTS_PER_CHARACTER = 50
_MAX_SINGLETONS = 1000


def preflight(corpus: Corpus, config: ModelConfig) -> Iterator[str]:
    """Yield lines on a corpus and the network that will learn it; a warning begins "Warning:"."""
    characters, counts = corpus.characters, corpus.distinct
    documents = f" in {corpus.documents:,} documents" if corpus.documents > 1 else ""
    yield (
        f"{corpus.name}: {characters:,} characters{documents}, {len(counts):,} distinct; "
        f"{corpus.encoding}, line endings: {describe_counts(corpus.line_ends)}."
    )
    rarest = ", ".join(f"{describe(each)} {counts[each]:,}×" for each in islice(counts, 4))
    yield f"Rarest: {rarest}."
    if corpus.labels is not None:
        yield from _labels(corpus.labels.characters)
    weights = sum(int(np.prod(shape)) for shape in weight_shapes(config).values())
    yield (
        f"Network: {config.describe()}, {weights:,} weights, "
        f"{about(weights / characters)} per character."
    )
    yield from corpus.notes
    if weights > _MAX_WEIGHTS_PER_CHARACTER * characters:
        yield (
            "Warning: the text is very short for so large a network, which will soon know it by "
            "heart; give more text, or fewer --units."
        )
    singletons = sum(count == 1 for count in counts.values())
    if singletons >= _MAX_SINGLETONS:
        yield (
            f"Warning: {singletons:,} characters occur only once, too rare to be learned; "
            "is the encoding right?"
        )
    if not corpus.line_ends:
        yield "Warning: the text has no line endings, so the model will never end a line."


def _labels(characters: Mapping[str, int]) -> Iterator[str]:
    """Yield a line on the labels and their shares of the text, the largest first."""
    total = sum(characters.values())
    largest = sorted(characters.items(), key=lambda item: -item[1])
    shares = [f"{name} {count / total:.1%}" for name, count in largest if count]
    yield f"Labels: {enumerate_some(shares)}."
    if len(characters) == 1:
        yield (
            f"Warning: all of the text has one label, {largest[0][0]!r}, so there is nothing to "
            "tell apart; --label file takes the names of files."
        )
