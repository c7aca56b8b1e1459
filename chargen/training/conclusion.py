"""What is said at the end of a run: the verdict on what it reached."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from chargen.corpus.prediction import MIN_HELD_OUT, yardstick
from chargen.corpus.spans import Spans
from chargen.corpus.verdict import Outcome, on_run
from chargen.wording import count

if TYPE_CHECKING:
    from chargen.training.run import Run


def conclusion(run: "Run", loss: float | None) -> Iterator[str]:
    """Yield sentences on a run that has finished.

    Args:
        run: it, with all of its evaluations.
        loss: of its best weights on the held-out part, carried; None if nothing is held out.
    """
    training = run.streams.spans or Spans.whole(len(run.corpus.ids))
    measured = yardstick(run.corpus, training, run.held_out.ids)
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
