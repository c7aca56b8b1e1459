"""The arithmetic of learning: a network, its optimizer, and one compiled step.

Everything that a step depends on is passed in or listed by `arrays`, so a trainer restored from
them goes on as if it had never stopped.
"""

from functools import cached_property
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np

from chargen.checkpoint import weight_shapes
from chargen.config import ModelConfig, TrainingConfig
from chargen.corpus.streams import Streams
from chargen.generation.state import Floats
from chargen.storage.arrays import Arrays, check_arrays
from chargen.training.backend import graph, keras, tf
from chargen.training.dropout import LockedDropout, Mask
from chargen.training.lstm import LSTM
from chargen.training.model import TRAINING_CELLS, build_model, inputs_of, state_variables
from chargen.training.optimizer import AdamW
from chargen.training.prefetch import Prefetcher


class Trainer:
    """A network in training.

    Args:
        model_config: the network's shape.
        config: how it learns.
        streams: what it learns from.
        boundary: the id that a document begins with, where the states are set to zero, if any.
    """

    def __init__(
        self,
        model_config: ModelConfig,
        config: TrainingConfig,
        streams: Streams,
        *,
        boundary: int | None = None,
    ) -> None:
        self.model_config, self.config, self.streams = model_config, config, streams
        self._batches = Prefetcher(streams)
        keras.utils.set_random_seed(config.seed)
        self._step_number = tf.Variable(0, dtype=tf.int32)
        masks = count()

        def mask(rate: float) -> Mask:
            return Mask(rate, seed=config.seed, number=next(masks), step=self._step_number)

        def lstm(*args: Any, **kwargs: Any) -> keras.layers.Layer:
            return LSTM(*args, weight_mask=mask(config.weight_dropout), **kwargs)

        self.model = build_model(
            model_config,
            batch_size=config.batch_size,
            seq_length=config.seq_length,
            cells=TRAINING_CELLS | {"lstm": lstm},
            dropout=lambda: LockedDropout(mask(model_config.dropout)),
            boundary=boundary,
        )
        self._states = state_variables(self.model)
        self._learning_rate = tf.Variable(0.0)
        weights, decay = self.model.trainable_variables, config.weight_decay
        self._optimizer = AdamW(weights, weight_decay=decay, clip_norm=config.clip_norm)

    def step(self, number: int, learning_rate: float) -> float:
        """Learn from batch `number`.

        Returns:
            The batch's loss before the update, in nats per character; NaN where the update was
            spoilt by a gradient that is not finite.
        """
        batch = self._batches.batch(number)
        self._step_number.assign(number)
        self._learning_rate.assign(learning_rate)
        return float(self._step(*map(tf.constant, (self._kept(number), *batch))))

    def _kept(self, number: int) -> Floats:
        """Return 1 where a row's state is carried into batch `number`, 0 where it starts from zero.

        All rows do when an epoch begins, and those that come to a cut in the text. A few others do,
        drawn from (seed, number), since every prompt is a text that starts from nothing. Shape
        [batch_size, 1].
        """
        continues = self.streams.continues(number)[:, None]
        drawn = np.random.default_rng((self.config.seed, number)).random(continues.shape)
        return (continues & (drawn >= self.config.state_reset_rate)).astype(np.float32)

    @graph
    def _step(self, keep, ids, targets, *labels):  # type: ignore[no-untyped-def]
        for state in self._states:
            state.assign(state * keep)
        with tf.GradientTape() as tape:
            logits = self.model(inputs_of(ids, *labels), training=True)
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(targets, logits)
            loss = tf.reduce_mean(losses)
        gradients = tape.gradient(loss, self.model.trainable_variables)
        norm = self._optimizer.apply(
            [tf.convert_to_tensor(gradient) for gradient in gradients],
            number=self._step_number,
            learning_rate=self._learning_rate,
        )
        return tf.where(tf.math.is_finite(norm), loss, np.nan)

    def load_weights(self, weights: Arrays) -> None:
        """Replace the weights by those given, named as `weight_shapes` says."""
        self.model.set_weights([weights[name] for name in weight_shapes(self.model_config)])

    def weights(self) -> dict[str, Floats]:
        """Return the network's weights by name."""
        return dict(zip(weight_shapes(self.model_config), self.model.get_weights(), strict=True))

    @cached_property
    def _variables(self) -> dict[str, keras.Variable]:
        """Everything that a step changes, by name."""
        names = weight_shapes(self.model_config)
        return {
            **{f"weights/{k}": v for k, v in zip(names, self.model.weights, strict=True)},
            **{f"optimizer/{k:03}": v for k, v in enumerate(self._optimizer.variables)},
            **{f"states/{k:03}": v for k, v in enumerate(self._states)},
        }

    def arrays(self) -> dict[str, np.ndarray]:
        """Return everything that a step changes, by name."""
        return {name: np.array(variable.numpy()) for name, variable in self._variables.items()}

    def restore(self, arrays: Arrays, path: Path) -> None:
        """Put back what `arrays` gave and the file at `path` kept.

        Raises:
            CheckpointError: naming the array of the file that does not fit this network.
        """
        now = self.arrays().items()
        check_arrays(path, arrays, {name: (each.shape, str(each.dtype)) for name, each in now})
        for name, variable in self._variables.items():
            variable.assign(arrays[name])
