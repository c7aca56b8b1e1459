"""Dynamic evaluation: measure the loss on a text while the network goes on learning from it.

Each segment is measured first and learned from afterwards, so that every character is still
predicted from those before it alone. See Krause, Kahembwe, Murray and Renals 2018, "Dynamic
Evaluation of Neural Sequence Models".

They scale each gradient by its root mean square over the training text. That text is not available
here, so the mean is a running one over the segments read, its bias corrected as in Adam (Kingma and
Ba 2015), and every weight is drawn back to its original value at the same rate.
"""

import numpy as np
from numpy.typing import NDArray

from chargen.checkpoint import Checkpoint
from chargen.generation.log_probs import Progress
from chargen.text.vocabulary import Ids
from chargen.training.backend import graph, tf
from chargen.training.model import TRAINING_CELLS, build_model, inputs_of, load_weights

# Found by trying others on validation texts; the figures are in benchmarks/learning.md.
_SEGMENT = 20  # characters between updates, as in the paper
_LEARNING_RATE = 5e-4
_DECAY = 1e-3  # share of the way back to the original weights, at each update
_SQUARES_DECAY = 0.999  # of the running mean of squared gradients
_EPSILON = 1e-5  # keeps gradients that are almost zero from being scaled up


class DynamicEvaluator:
    """Reads a text once, learning from it on the way.

    Args:
        checkpoint: the network to begin with; its own weights are not changed.
    """

    def __init__(self, checkpoint: Checkpoint) -> None:
        self.model = build_model(
            checkpoint.config,
            batch_size=1,
            seq_length=_SEGMENT,
            cells=TRAINING_CELLS,
            boundary=checkpoint.tokenizer.boundary_id,
        )
        load_weights(self.model, checkpoint.config, checkpoint.weights)
        self._weights = self.model.trainable_variables
        self._original = [tf.constant(weight.numpy()) for weight in self._weights]
        self._squares = [tf.Variable(tf.zeros_like(weight)) for weight in self._original]
        self._updates = tf.Variable(0.0)

    def read(self, ids: Ids, labels: Ids | None = None) -> float:
        """Read the characters that follow those read before, and learn from them.

        Args:
            ids: up to 21 characters, of which the first was predicted already; fewer than 21 only
                at the end of the text.
            labels: the number of each one's label, if the network has labels.

        Returns:
            The summed loss of all but the first before the update, in nats.
        """
        counted: NDArray[np.float32] = (np.arange(_SEGMENT) < len(ids) - 1).astype(np.float32)
        padded = [
            np.pad(each.astype(np.int32), (0, _SEGMENT + 1 - len(each)))
            for each in (ids, labels)
            if each is not None
        ]
        arrays = (padded[0][1:], counted, *(each[:-1] for each in padded))
        return float(self._step(*(tf.constant(each[None]) for each in arrays)))

    @graph
    def _step(self, targets, counted, *inputs):  # type: ignore[no-untyped-def]
        with tf.GradientTape() as tape:
            logits = self.model(inputs_of(*inputs), training=False)
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(targets, logits)
            loss = tf.reduce_sum(losses * counted)
            mean = loss / tf.reduce_sum(counted)
        gradients = tape.gradient(mean, self._weights)
        self._update([tf.convert_to_tensor(gradient) for gradient in gradients])
        return loss

    @graph(jit_compile=True)
    def _update(self, gradients):  # type: ignore[no-untyped-def]
        self._updates.assign_add(1.0)
        seen = 1 - _SQUARES_DECAY**self._updates  # the weight of all segments so far in the mean
        for weight, original, squares, gradient in zip(
            self._weights, self._original, self._squares, gradients, strict=True
        ):
            squares.assign(_SQUARES_DECAY * squares + (1 - _SQUARES_DECAY) * gradient**2)
            scaled = gradient / (tf.sqrt(squares / seen) + _EPSILON)
            weight.assign_add(_DECAY * (original - weight) - _LEARNING_RATE * scaled)


def adapted_loss(
    checkpoint: Checkpoint, ids: Ids, *, labels: Ids | None = None, progress: Progress
) -> float:
    """Return the mean loss of dynamic evaluation, in nats per character.

    The text is read from end to end, from a zero state; from a short one little is learned.

    Args:
        checkpoint: the network to begin with.
        ids: the text, at least two characters; all but the first are predicted.
        labels: the number of each one's label, if the network has labels.
        progress: called with how many more characters were read.
    """
    evaluator, total = DynamicEvaluator(checkpoint), 0.0
    for first in range(0, len(ids) - 1, _SEGMENT):
        segment = slice(first, min(first + _SEGMENT + 1, len(ids)))
        total += evaluator.read(ids[segment], None if labels is None else labels[segment])
        progress(segment.stop - first - 1)
    return total / (len(ids) - 1)
