"""Say in plain sentences what a loss means for a text, and what would help most.

`chargen corpus` says it before training, a run at its end. What is said of words was measured on
what networks wrote (benchmarks/prediction.md).
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from chargen.config.presets import useful_passes
from chargen.corpus.prediction import Yardstick, known_words, predicted_loss
from chargen.shell import command
from chargen.wording import about, count

_GAIN = 0.03  # nats per character; less is not worth the trouble
_NO_PATTERN = 0.05  # of the loss is what context gains at most in a text that is noise
_ENOUGH = 0.9  # of the useful passes
_MINUTES = (1, 2, 5, 10, 20, 30, 60)  # that are advised
_MOST = 0.8  # of what the longest training gains is enough
_BY_HEART = 0.4  # nats per character between the losses on what was learned and on what was not
# How far what is left to gain may be from the prediction, for a text that it does not fit well.
_MIN_FACTOR, _MAX_FACTOR = 0.3, 1.5
# The least share of written words that occur in the text, and what a reader sees then.
_LOOKS = (
    (0.8, "nearly all words are right, and most pairs of words; sentences seldom are"),
    (0.7, "most words are right, and about half of the pairs of words; sentences are not"),
    (0.5, "more than half of the words are right; phrases and sentences are not"),
    (0.3, "short words are right, and most long ones are made up"),
    (0.0, "letters follow each other as in the text, but most words are made up"),
)
_NOISE = (
    "Text: the characters before say hardly anything about the next one, as in random or encrypted "
    "text. So there is little to learn but how often each character occurs."
)


@dataclass(frozen=True)
class Outcome:
    """What a run came to; losses in nats per character."""

    held_out: float  # of the best weights, carried
    training: float  # at the end
    learned: int  # characters, over all passes
    passes: float  # over the training part
    units: Sequence[int]
    minutes: float  # that it took
    is_exhausted: bool  # it ended early, as nothing more was gained


def on_text(
    measured: Yardstick, losses: Mapping[int, float], units: Sequence[int]
) -> Iterator[str]:
    """Yield sentences on a text before training: what it is enough for, and how long to train.

    Args:
        measured: what counting says of it.
        losses: what is predicted, by the minutes of training; two or more.
        units: the widths of the network that the most minutes train.
    """
    if _is_noise(measured):
        yield _NOISE
        return
    limit = _limit(measured, units)
    yield f"Text: if it is read often enough, new text like it has a loss of about {_said(limit)}."
    yield f"Writing: {_look(measured, limit)}"
    longest = max(losses)
    minutes = next(each for each in sorted(losses) if losses[each] - losses[longest] < _GAIN)
    advice = f"train {count(minutes, 'minute')}"
    advice += "; more would gain little." if minutes < longest else "; a shorter run learns less."
    gain = _text_gain(measured, units)
    if gain >= _GAIN:
        advice += f" Twice as much text would bring the loss down by about {gain:.2f}."
    yield f"Advice: {advice}"


def on_run(measured: Yardstick, outcome: Outcome, folder: Path) -> Iterator[str]:
    """Yield sentences on a run that has ended: what it reached, and what would help most."""
    loss = outcome.held_out
    yield f"Meaning: {_said(loss)} on new text. {_compared(measured, loss)}"
    if _is_noise(measured):
        yield _NOISE
        return
    yield f"Writing: {_look(measured, loss)}"
    useful = useful_passes(measured.characters)
    is_enough = outcome.is_exhausted or outcome.passes >= _ENOUGH * useful
    minutes, in_time = (0, 0.0) if is_enough else _time_gain(measured, outcome)
    more = f"to read it up to {about(useful)} times can help"
    if is_enough:
        more = "that is enough for a text of this length"
    elif in_time < _GAIN:
        more = "to read it more often would gain little"
    yield f"Reading: {_reading(outcome, more)}"
    in_text = _text_gain(measured, outcome.units)
    if in_time >= _GAIN:
        resume = command("resume", folder, "--minutes", f"{minutes}")
        yield (
            "Advice: more training would help: the loss would fall to about "
            f"{loss - in_time:.2f}, with: {resume}"
        )
    elif in_text >= _GAIN:
        yield (
            "Advice: more text of the same kind would help most; more minutes would gain little. "
            f"With twice as much text, the loss would be about {loss - in_text:.2f}."
        )
    else:
        yield "Advice: neither more minutes nor twice as much text would gain much."


def _said(loss: float) -> str:
    return f"{loss:.2f} nats ({loss / math.log(2):.1f} bits) per character"


def _is_noise(measured: Yardstick) -> bool:
    return measured.losses[0] - measured.best < _NO_PATTERN * measured.losses[0]


def _compared(measured: Yardstick, loss: float) -> str:
    """Return between which n-gram models a loss lies, as a sentence."""
    losses = measured.losses[: measured.losses.index(measured.best) + 1]
    if loss >= losses[0]:
        return "That is no better than knowing how often each character occurs."
    tables = ["knowing how often each character occurs", "a table of what follows each character"]
    tables += [
        f"a table of what follows each {each} characters" for each in range(2, len(losses) + 1)
    ]
    if loss < measured.best:
        return f"That is better than {tables[len(losses) - 1]}, and than any longer table."
    order = sum(loss < each for each in losses)
    return f"That is better than {tables[order - 1]}, and not as good as {tables[order]}."


def _look(measured: Yardstick, loss: float) -> str:
    """Return what a reader sees in what a model of such a loss writes, as the end of a sentence."""
    share = known_words(measured, loss)
    if share is not None:
        seen = next(words for least, words in _LOOKS if share >= least)
        return f"{seen} ({max(1, min(9, round(10 * share)))} of 10 words occur in the text)."
    if loss >= measured.losses[min(1, len(measured.losses) - 1)]:
        return "few pairs of characters are right."
    if loss >= measured.best:
        return "many pairs of characters are right; longer groups are not."
    return "many groups of a few characters are right; sentences are not."


def _reading(outcome: Outcome, more: str) -> str:
    """Return how often the text was read, and what `more` would do, as a sentence or two."""
    read = f"it read the text {count(outcome.passes, 'time')}"
    if outcome.passes < 1:
        read = f"it read {outcome.passes:.0%} of the text"
    said = (
        f"{read}{', until more reading gained nothing' if outcome.is_exhausted else f'; {more}'}."
    )
    if outcome.held_out - outcome.training > _BY_HEART:
        said += (
            f" It knows what it read much better (a loss of {outcome.training:.2f}) than new text: "
            "it learns by heart."
        )
    return said


def _limit(measured: Yardstick, units: Sequence[int], longer: float = 1.0) -> float:
    """Return the loss that is predicted where the text is read as often as helps."""
    return predicted_loss(measured, learned=math.inf, units=units, longer=longer)


def _text_gain(measured: Yardstick, units: Sequence[int]) -> float:
    """Return how much lower the loss becomes with twice as much text, both read often enough."""
    return _limit(measured, units) - _limit(measured, units, 2)


def _time_gain(measured: Yardstick, outcome: Outcome) -> tuple[int, float]:
    """Return for how many minutes to go on, and how much lower the loss becomes.

    The prediction says which share of what is left to gain they gain. What is left is what lies
    between the loss and the predicted limit.
    """
    units = outcome.units
    now = predicted_loss(measured, learned=outcome.learned, units=units)
    left = now - _limit(measured, units)
    if left <= 0:
        return 0, 0.0
    factor = 1 + (outcome.held_out - now) / left
    factor = min(_MAX_FACTOR, max(_MIN_FACTOR, factor))
    speed = outcome.learned / max(outcome.minutes, 0.1)  # characters a minute
    gains = {}
    for minutes in _MINUTES:
        read = outcome.learned + minutes * speed
        gain = now - predicted_loss(measured, learned=read, units=units)
        gains[minutes] = factor * min(left, gain)
    most = max(gains.values())
    minutes = next(each for each, gain in gains.items() if gain >= _MOST * most)
    return minutes, gains[minutes]
