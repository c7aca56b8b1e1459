"""Report on a run while it trains: a live bar, and a line for each thing that happens."""

import importlib
import sys
import warnings
from typing import Any, Protocol, runtime_checkable

from chargen.generation.log_probs import bits
from chargen.text.controls import escape_line
from chargen.training.history import Row

_BAR = "{percentage:3.0f}% {bar} {desc} · {rate_fmt} · {remaining} left"


@runtime_checkable
class Reporter(Protocol):
    """Takes reports of all that happens in a run."""

    def say(self, line: str) -> None:
        """Report one line."""

    def stepped(self, *, done: int, total: int | None, loss: float, characters: int) -> None:
        """Report a step: `done` of `total` are taken, of `characters` each; None if not known."""

    def evaluated(self, row: Row, *, best: bool) -> None:
        """Report an evaluation, and whether its loss is the best so far."""

    def close(self) -> None:
        """End the report."""


def is_notebook() -> bool:
    """Return whether this is the kernel of a notebook."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return "IPKernelApp" in getattr(shell, "config", {})


def _tqdm(in_notebook: bool) -> Any:
    """Return the class of tqdm's bars: in a notebook that has widgets, one that is a widget."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of tqdm: that there are no widgets
        return importlib.import_module("tqdm.auto" if in_notebook else "tqdm").tqdm


class Silent(Reporter):
    """Reports nothing."""


class Terminal:
    """Reports on standard error: lines and, if that is a terminal, a tqdm bar.

    In a notebook, which shows standard error in red, lines and bar are below the cell.

    Args:
        waiting: what stands in place of the bar until the first step.
    """

    def __init__(self, waiting: str = "") -> None:
        in_notebook = is_notebook()
        self._bar = _tqdm(in_notebook)(
            file=sys.stdout if in_notebook else sys.stderr,
            disable=False if in_notebook else None,  # None: unless standard error is a terminal
            unit="char",
            unit_scale=True,
            dynamic_ncols=True,
            leave=False,
            desc=waiting,
            bar_format="{desc}",
        )
        self._file = sys.stdout if in_notebook else sys.stderr
        self._loss: float | None = None

    def say(self, line: str) -> None:
        self._bar.write(escape_line(line), file=self._file)

    def stepped(self, *, done: int, total: int | None, loss: float, characters: int) -> None:
        if self._loss is None:
            self._bar.bar_format = _BAR
            self._bar.initial = self._bar.n = (done - 1) * characters
            self._loss = loss
        if total is not None:
            self._bar.total = total * characters
        self._loss += (loss - self._loss) * 0.1
        self._bar.set_description_str(
            f"loss {self._loss:.3f} · {bits(self._loss):.2f} bits/char", refresh=False
        )
        self._bar.update(done * characters - self._bar.n)

    def evaluated(self, row: Row, *, best: bool) -> None:
        held_out = "nothing held out"
        if row.carried is not None:
            held_out = (
                f"held-out {row.carried:.4f} carried, {row.windowed:.4f} windowed, "
                f"{row.bits_per_char:.3f} bits/char"
            )
        progress = f"step {row.step:,} · epoch {row.epoch:.2f} · loss {row.loss:.4f}"
        self.say(f"{progress} · {held_out}{' *' if best else ''}")

    def close(self) -> None:
        self._bar.close()
