"""The surprise of each character of a text, with what the network had expected instead."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chargen.config.base import check, is_integer
from chargen.errors import CorpusError
from chargen.generation.blas import held
from chargen.generation.decoder import Decoder
from chargen.generation.initial_state import initial_state
from chargen.generation.log_probs import (
    Progress,
    bits,
    log_softmax,
    most_likely,
    no_progress,
    perplexity,
)
from chargen.generation.weights import DecoderWeights
from chargen.text.vocabulary import BOUNDARY
from chargen.wording import count

TOP = 5


@dataclass(frozen=True, eq=False)
class Score:
    """A text, character by character, as a network saw it come.

    In a notebook it shows itself, coloured; each character tells its alternatives when pointed at.
    """

    text: str  # with a NUL for the end of each document that another one follows
    bits: NDArray[np.float64]  # the surprise of each character, -log2 p, shape [len(text)]
    likeliest: tuple[str, ...]  # at each place, the likeliest characters, best first
    probabilities: NDArray[np.float64]  # and theirs, shape [len(text), top]

    @property
    def total_bits(self) -> float:
        """Return the bits that a perfect coder with this network would need for the text."""
        return float(self.bits.sum())

    @property
    def bits_per_char(self) -> float:
        """Return the mean surprise, in bits."""
        return self.total_bits / len(self.text)

    @property
    def perplexity(self) -> float:
        """Return the number of equally likely characters that the mean surprise amounts to."""
        return perplexity(self.bits_per_char * np.log(2))

    def alternatives(self, position: int) -> list[tuple[str, float]]:
        """Return what was expected at a position: characters and probabilities, best first."""
        pairs = zip(self.likeliest[position], self.probabilities[position].tolist(), strict=True)
        return list(pairs)

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "text": self.text,
            "total_bits": self.total_bits,
            "bits_per_char": self.bits_per_char,
            "perplexity": self.perplexity,
            "characters": [
                {
                    "character": character,
                    "bits": cost,
                    "alternatives": [
                        {"character": other, "probability": probability}
                        for other, probability in self.alternatives(position)
                    ],
                }
                for position, (character, cost) in enumerate(
                    zip(self.text, self.bits.tolist(), strict=True)
                )
            ],
        }

    def to_html(self, *, model: str | None = None, source: str | None = None) -> str:
        """Return a page that stands alone.

        Args:
            model: the name of the model, which the page shows.
            source: the name of the text, likewise.
        """
        from chargen.pages.score import page

        return page(self, model=model, source=source)

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        from chargen.pages.score import fragment

        return fragment(self)

    def __repr__(self) -> str:
        said = count(len(self.text), "character")
        return f"Score({said}, {self.bits_per_char:.3f} bits per character)"


def score(
    weights: DecoderWeights,
    text: str,
    *,
    label: str | None = None,
    top: int = TOP,
    progress: Progress = no_progress,
) -> Score:
    """Measure how much each character of a text surprises a network.

    The first character is counted too: the network reads its start character before it, from a
    zero state, as generation without a prompt does.

    Args:
        weights: of the network.
        text: at least one character.
        label: the text's, if the network has labels.
        top: how many of the likeliest characters to keep at each place; all, if there are fewer.
        progress: told how many characters were read.

    Raises:
        CorpusError: if the text is empty.
        SettingError: if `top` is not a whole number from 0; if the network has no such label, or
            needs one.
        UnknownCharacterError: if the text has characters that the network never saw.
    """
    check("top", top, is_integer(top, 0), "a whole number from 0")
    text = text.removeprefix(BOUNDARY)
    if not text:
        raise CorpusError("The text is empty; a score needs at least one character.")
    checkpoint = weights.checkpoint
    tokenizer, vocabulary = checkpoint.tokenizer, checkpoint.tokenizer.vocabulary
    ids = tokenizer.encode(tokenizer.start + text)
    top = min(top, vocabulary.vocab_size)
    costs, likeliest = np.empty(len(text)), []
    probabilities = np.empty((len(text), top))
    decoder = Decoder(weights, initial_state(checkpoint, label))
    with held():
        for position, target in enumerate(ids[1:]):
            (expected,) = log_softmax(decoder.step(ids[position : position + 1]))
            costs[position] = -bits(expected[target])
            best = most_likely(expected, top)
            likeliest.append("".join(vocabulary.idx2char[i] for i in best))
            probabilities[position] = np.exp(expected[best])
            progress(1)
    return Score(text, costs, tuple(likeliest), probabilities)
