"""Say what is waited for: a pipe or a terminal gives nothing until somebody writes to it.

Python's `logging` carries it, as a warning of the logger "chargen". So it reaches standard error,
unless a program that imports chargen wants it elsewhere.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Timer

SECONDS = 1.0  # nobody is told of a shorter wait


@contextmanager
def told(message: str) -> Iterator[None]:
    """Say `message` if what the block does takes longer than a second."""
    timer = Timer(SECONDS, _warn, [message])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _warn(message: str) -> None:
    import logging  # here, since it takes long and is seldom needed

    logging.getLogger("chargen").warning("%s", message)
