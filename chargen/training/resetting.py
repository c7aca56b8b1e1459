"""Recurrent layers that start from a zero state wherever a document begins, in mid-sequence."""

from typing import Any

from chargen.training.backend import keras, tf


class Resetting:
    """Gives the Keras recurrent layer that it is mixed into one more input, `keep`.

    `keep` is [batch, steps, 1]: 0 at the steps before which a row's state is set to zero, else 1.
    Weights and states stay those of the Keras layer; so do the results where nothing is reset.
    """

    _keep: Any = None

    def call(
        self,
        sequences: Any,
        initial_state: Any = None,
        mask: Any = None,
        training: bool = False,
        keep: Any = None,
    ) -> Any:
        """Run the layer as Keras's own does, with `keep`; None keeps every state."""
        self._keep = keep
        return super().call(  # type: ignore[misc]
            sequences, initial_state=initial_state, mask=mask, training=training
        )

    def inner_loop(
        self, sequences: Any, initial_state: Any, mask: Any, training: bool = False
    ) -> Any:
        """Read inputs, [batch, steps, width]; return the last output, all outputs, the states."""
        if self._keep is None:
            return super().inner_loop(  # type: ignore[misc]
                sequences, initial_state, mask=mask, training=training
            )

        def step(states: Any, inputs: Any) -> Any:
            x, keep = inputs
            cell = self.cell  # type: ignore[attr-defined]
            return tuple(cell(x, [state * keep for state in states], training=training)[1])

        by_step = tuple(tf.transpose(each, [1, 0, 2]) for each in (sequences, self._keep))
        states = tf.scan(step, by_step, tuple(initial_state))  # each [steps, batch, units]
        last = [state[-1] for state in states]
        return last[0], tf.transpose(states[0], [1, 0, 2]), last


class GRU(Resetting, keras.layers.GRU):
    """`keras.layers.GRU` with `keep`."""


class SimpleRNN(Resetting, keras.layers.SimpleRNN):
    """`keras.layers.SimpleRNN` with `keep`."""
