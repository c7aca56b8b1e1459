"""How long a step takes on several machines: a model of it, and advice that follows from it.

A step is arithmetic, which the workers share row by row, and then a ring all-reduce of the
gradients, during which they wait. docs/scaling.md holds the model to what was measured.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

from chargen.wording import about

_BITS = 32  # of a gradient
_FIXED_SHARE = 0.1  # of a step's arithmetic, where only one number of rows was measured
_PAYS = 1.2  # times as fast; less is not worth a second machine
_PAYS_WELL = 1.4  # times as fast; a larger batch, which costs updates, has to bring this
_MAX_LARGER = 64  # times the batch size


@dataclass(frozen=True)
class Arithmetic:
    """The seconds that a step's arithmetic takes on one machine."""

    fixed: float  # however many rows there are
    per_row: float

    @classmethod
    def measured(cls, rows: int, seconds: float, half: float | None = None) -> Self:
        """Return that of a machine which takes so many seconds for a step.

        Args:
            rows: of the step's batch.
            seconds: that it takes.
            half: the seconds for half of the rows; None takes a usual share as fixed.
        """
        fixed = _FIXED_SHARE * seconds if half is None else 2 * half - seconds
        fixed = min(max(0.0, fixed), seconds)  # a noisy machine can measure what cannot be
        return cls(fixed, (seconds - fixed) / rows)

    def seconds(self, rows: float) -> float:
        """Return how long so many rows take."""
        return self.fixed + self.per_row * rows


@dataclass(frozen=True)
class Link:
    """What joins each machine to the others."""

    bandwidth: float  # bits per second, each way
    latency: float = 1e-4  # seconds that a message takes to arrive; 1e-4 is usual within a building
    # Bits per second that TensorFlow packs, copies and unpacks on one core, while it cannot compute
    # (benchmarks/workers.py, the unshaped link).
    handling: float = 2.5e9

    def __str__(self) -> str:
        giga = self.bandwidth >= 1e9
        return f"{self.bandwidth / (1e9 if giga else 1e6):g} {'G' if giga else 'M'}bit/s"


GIGABIT = Link(1e9)


def reduce_seconds(workers: int, *, parameters: int, link: Link) -> float:
    """Return how long a ring all-reduce takes.

    In each of 2 (workers - 1) rounds, every worker sends one part of as many as there are workers.
    """
    part = _BITS * parameters / workers
    return 2 * (workers - 1) * (part / link.bandwidth + part / link.handling + link.latency)


def step_seconds(
    workers: int, *, rows: int, arithmetic: Arithmetic, parameters: int, link: Link
) -> float:
    """Return how long a step takes.

    Args:
        workers: how many equal machines share it.
        rows: of the whole batch.
        arithmetic: what one of them takes.
        parameters: of the network, each with a gradient.
        link: between them.
    """
    waiting = reduce_seconds(workers, parameters=parameters, link=link)
    return arithmetic.seconds(rows / workers) + waiting


def speedup(
    workers: int, *, rows: int, arithmetic: Arithmetic, parameters: int, link: Link
) -> float:
    """Return how many times as fast a step is as on one machine."""
    together = step_seconds(
        workers, rows=rows, arithmetic=arithmetic, parameters=parameters, link=link
    )
    return arithmetic.seconds(rows) / together


def advice(*, rows: int, seconds: float, parameters: int, link: Link = GIGABIT) -> Iterator[str]:
    """Yield one or two sentences: whether a second machine, or a larger batch on two, would help.

    Args:
        rows: the batch size.
        seconds: that a step takes on one machine.
        parameters: of the network.
        link: between the two.
    """
    arithmetic = Arithmetic.measured(rows, seconds)

    def faster(times: int) -> float:
        more = times * rows
        return speedup(2, rows=more, arithmetic=arithmetic, parameters=parameters, link=link)

    now = faster(1)
    verdict = "it pays" if now >= _PAYS else "it does not pay"
    yield (
        f"A second machine like this one, on a link of {link}, would make a step {about(now)} "
        f"times as fast: {verdict}."
    )
    if now >= _PAYS:
        return
    sizes = (2**power for power in range(1, _MAX_LARGER.bit_length()))
    larger = next((times for times in sizes if faster(times) >= _PAYS_WELL), None)
    if larger is None:
        yield "It would take a faster link; a larger batch would not be enough."
        return
    yield (
        f"With --batch-size {larger * rows} it would be {about(faster(larger))} times as fast, but "
        "larger batches learn less from each character."
    )
