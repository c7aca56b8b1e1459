"""What is said of a run's loss: which to expect, and at the end what it means."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from chargen.corpus.prediction import MIN_HELD_OUT, Yardstick, predicted_loss, yardstick
from chargen.corpus.spans import Spans
from chargen.corpus.verdict import Outcome, on_run
from chargen.generation.log_probs import bits
from chargen.wording import count

if TYPE_CHECKING:
    from chargen.training.run import Run

_MIN_LEARNED = 150_000  # characters; shorter runs reach less than is predicted


def expectation(run: "Run", steps: int) -> str | None:
    """Return a sentence on the held-out loss that a run reaches by so many steps.

    None where nobody knows: the run is too short, begins with the weights of a model, or holds
    nothing out.
    """
    learned = steps * run.config.batch_size * run.config.seq_length
    begins_trained = run.source.base is not None or run.config.initial_weights == "bundled"
    if learned < _MIN_LEARNED or begins_trained:
        return None
    measured = _measured(run)
    if measured is None:
        return None
    units = run.model_config.units
    once, twice = (predicted_loss(measured, learned=n * learned, units=units) for n in (1, 2))
    return (
        f"Expect a held-out loss of about {once:.2f} ({bits(once):.2f} bits/char); with twice the "
        f"time, about {twice:.2f}."
    )


def conclusion(run: "Run", loss: float | None) -> Iterator[str]:
    """Yield sentences on a run that has finished.

    Args:
        run: it, with all of its evaluations.
        loss: of its best weights on the held-out part, carried; None if nothing is held out.
    """
    measured = _measured(run)
    if measured is None or loss is None:
        number = len(run.held_out)
        few = f"Only {count(number, 'character')} are" if number else "Nothing is"
        yield (
            f"{few} held out, so nothing can be said about new text; that needs "
            f"{MIN_HELD_OUT} characters or more (--validation-fraction)."
        )
        return
    state = run.state
    last = state.rows[-1]
    outcome = Outcome(
        held_out=loss,
        training=last.loss,
        learned=last.characters or 0,
        passes=last.epoch,
        units=run.model_config.units,
        minutes=state.seconds / 60,
        is_exhausted=state.cooling is not None,
    )
    yield from on_run(measured, outcome, run.folder)


def _measured(run: "Run") -> Yardstick | None:
    """Return what counting says of the run's text."""
    training = run.streams.spans or Spans.whole(len(run.corpus.ids))
    return yardstick(run.corpus, training, run.held_out.ids)
