"""How a run ends: some last steps with a falling rate, and words on what it reached."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from chargen.training.verdicts import conclusion
from chargen.wording import about, count

if TYPE_CHECKING:
    from chargen.training.run import Run

_COOLING_SHARE = 0.5  # of the steps before the best, the rate falls at the end


def cool(run: "Run") -> None:
    """Go back to the best weights, and lower the rate from now on until the end, which is near.

    A high rate finds no better weights any more, and a falling one often does. This way a run
    that was laid out for more passes than the text is good for ends like a shorter one.
    """
    state = run.state
    left = (state.total_steps or state.step) - state.step
    steps = max(1, min(left, int(_COOLING_SHARE * state.best_step)))
    state.cooling = (state.step, state.rate(state.step, run.config))
    state.total_steps, state.waited = state.step + steps, 0
    run.trainer.load_weights(run.best.load().weights)
    run.reporter.say(
        f"No better held-out loss since step {state.best_step:,}: back to its weights, and "
        f"{steps:,} last steps with a falling learning rate."
    )


def finish(run: "Run", read: int) -> None:
    """Say in the state why a run ends, and measure the best weights on all that is held out.

    They were measured already, if evaluations read all of it.

    Args:
        run: the run, after its last evaluation.
        read: how many held-out characters each evaluation read.
    """
    state = run.state
    state.finished = "all planned steps are done"
    if state.cooling is not None and state.planned_steps:
        made = run.planner.passes(state.step - state.first_step)
        planned = run.planner.passes(state.planned_steps - state.first_step)
        planned_in_words = count(planned, "pass", "passes")
        state.finished = f"nothing more is gained, after {about(made)} of {planned_in_words}"
    if run.validator is not None and read < len(run.held_out):
        run.reporter.say(run.best.measure_on_all(run.validator))


def last_words(run: "Run") -> Iterator[str]:
    """Yield sentences on a run that has finished: why, which weights it keeps, what they reach."""
    kept = f"the best is from step {run.state.best_step:,}"
    kept = kept if run.best.is_judged else "the last weights are kept"
    yield f"Finished: {run.state.finished}; {kept}."
    yield from conclusion(run, run.best.load().origin.carried)
