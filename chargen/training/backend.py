"""TensorFlow and Keras, imported without their start-up noise.

TensorFlow's C++ side writes to file descriptor 2 before Python can configure its logging, and
TF_CPP_MIN_LOG_LEVEL does not stop all of it. The descriptor therefore leads to a temporary file
while the libraries load. If loading fails, what they wrote is printed.
"""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from chargen.training.installed import check_tensorflow


@contextmanager
def _quiet_stderr() -> Iterator[None]:
    """Hold back what is written to standard error; print it only if the body fails."""
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as aside:
        os.dup2(aside.fileno(), 2)
        try:
            yield
        except Exception:  # so not where it was stopped
            aside.seek(0)
            os.write(kept, aside.read())
            raise
        finally:
            os.dup2(kept, 2)
            os.close(kept)


check_tensorflow()
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")
with _quiet_stderr():
    import keras
    import tensorflow as tf
    from tensorflow.python.eager.context import context as eager_context  # no public name has it

__all__ = ["eager_context", "graph", "keras", "on_gpu", "tf"]

# `tf.function` without its translation of Python's `if` and `for` into graphs, which nothing here
# needs and which is more than half of the time that it takes to trace a training step.
graph = partial(tf.function, autograph=False)


def on_gpu() -> bool:
    """Return whether TensorFlow computes on a GPU here."""
    return bool(tf.config.list_logical_devices("GPU"))
