"""Predict the held-out loss that training reaches, and the words it then writes, from n-grams."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from chargen.corpus.corpus import Corpus
from chargen.corpus.ngrams import held_out_losses
from chargen.corpus.spans import Spans
from chargen.text.vocabulary import Ids

ORDERS = 5  # characters that the longest n-gram looks back
MIN_HELD_OUT = 200  # characters; by fewer, a loss is chance
# Characters, so that counting takes about a second at most, however long the text is.
_MAX_COUNTED, _MAX_PREDICTED = 1_000_000, 100_000
_PIECES = 40  # that the text is cut into, to count one half of it

_MAX_DOUBLINGS, _MAX_HALVINGS = 2.0, 4.0  # of the text that was counted; beyond is a guess
_MAX_BEYOND = 0.3  # of the loss of n-grams, which is near 0 in a text that repeats itself
_MIN_LEFT = 0.1  # of what there is to learn, where one character before is known
# What no run was measured to gain from: more passes (unless the text is very short), more reading.
_MAX_PASSES, _MIN_READING, _MAX_READING = 20, 280_000, 10_000_000

_WORD = re.compile(r"[^\W\d_]+")
_MIN_FAMILIAR = 0.4  # of the held-out words occur in the training part, where there are words


@dataclass(frozen=True)
class Fit:
    """The constants of the predictions, as `python benchmarks/prediction.py fit` finds them.

    How far they are off for texts that they were not fitted to is in benchmarks/prediction.md.
    """

    learning: float = 35_000  # characters, of a text in which each is a guess among 25
    power: float = 1.257
    width_power: float = 0.5  # a wider network learns as much from fewer characters
    beyond: float = 0.1917  # of what context gains for n-grams, a network gains more
    # The logit of the share of known words: it falls with the logarithm of the loss, compared with
    # that of a model that looks back two characters, and with the letters of a word.
    words: float = 1.42
    words_by_loss: float = 4.57
    words_by_length: float = 0.307


FIT = Fit()


@dataclass(frozen=True)
class Yardstick:
    """What counting n-grams in a training part says of the held-out part, in nats per character."""

    characters: int  # of the training part
    counted: int  # of these; fewer if the text is long
    losses: tuple[float, ...]  # held out, of n-gram models, by the characters that they look back
    by_half: float  # the lowest such loss if only half of what was counted is
    word_length: float | None  # letters on average; None if the text has no words that come again

    @property
    def best(self) -> float:
        """Return the lowest loss that counting reaches."""
        return min(self.losses)


def yardstick(corpus: Corpus, training: Spans, held_out: Ids) -> Yardstick | None:
    """Count n-grams in a training part and predict the held-out part by them.

    Of a long text, samples are counted and predicted, in evenly spread stretches.

    Returns:
        None where fewer than 200 characters are held out, which say nothing.
    """
    if len(held_out) < MIN_HELD_OUT:
        return None
    counted = corpus.ids[training.sample(_MAX_COUNTED)]
    predicted = held_out[Spans.whole(len(held_out)).sample(_MAX_PREDICTED)]
    vocab_size = corpus.vocabulary.vocab_size
    losses = held_out_losses(counted, predicted, vocab_size, ORDERS)
    half = np.concatenate(np.array_split(counted, _PIECES)[::2])
    halved = held_out_losses(half, predicted, vocab_size, losses.index(min(losses)))
    words = _word_length(*map(corpus.vocabulary.decode, (counted, predicted)))
    return Yardstick(len(training), len(counted), tuple(losses), min(halved), words)


def predicted_loss(
    measured: Yardstick,
    *,
    learned: float,
    units: Sequence[int],
    longer: float = 1.0,
    fit: Fit = FIT,
) -> float:
    """Return about which held-out loss a default run reaches, carried, in nats per character.

    What context is worth to n-grams of the text is the measure. A network ends a share of it below
    them. What it has not yet learned falls as a power of the characters that were read; the power
    is the greater, the more the one character before says of the next. More than 20 passes, or ten
    million characters, count as so many.

    Args:
        measured: what counting says of the text.
        learned: the characters that will have been read, over all passes.
        units: the width of each layer.
        longer: how many times as long the text is, if it is not the one that was measured.
        fit: the constants.
    """
    characters = measured.characters * longer
    learned = min(learned, _MAX_READING, max(_MIN_READING, _MAX_PASSES * characters))
    read = max(2.0, min(characters, learned))
    doublings = min(math.log2(read / measured.counted), _MAX_DOUBLINGS)
    counting = measured.best - max(doublings, -_MAX_HALVINGS) * (measured.by_half - measured.best)
    none, one = measured.losses[0], measured.losses[min(1, len(measured.losses) - 1)]
    limit = counting - min(fit.beyond * (none - counting), _MAX_BEYOND * counting)
    if limit >= none:  # the characters before say nothing of the next one
        return none
    amount = learned / fit.learning * 25 / math.exp(none) * (max(units) / 512) ** fit.width_power
    left_by_one = min(1.0, max(_MIN_LEFT, (one - limit) / (none - limit)))
    power = -fit.power * math.log(left_by_one)
    unlearned: float = (1 + amount) ** -power
    return limit + (none - limit) * unlearned


def known_words(measured: Yardstick, loss: float, fit: Fit = FIT) -> float | None:
    """Return about which share of the words that a model of such a loss writes occurs in the text.

    That is, in what it learned, and at the default temperature. None if the text has no words.
    """
    if measured.word_length is None:
        return None
    two = measured.losses[min(2, len(measured.losses) - 1)]
    logit = fit.words - fit.words_by_loss * math.log(max(loss, 0.01) / two)
    return 1 / (1 + math.exp(fit.words_by_length * measured.word_length - logit))


def _word_length(learned: str, held_out: str) -> float | None:
    """Return how many letters a word has on average; None if few held-out words were learned.

    Such texts are lists of names, code of DNA, or in a script that puts no space between words.
    """
    known, words = set(_WORD.findall(learned)), _WORD.findall(held_out)
    if sum(word in known for word in words) <= _MIN_FAMILIAR * len(words):
        return None
    return sum(map(len, words)) / len(words)
