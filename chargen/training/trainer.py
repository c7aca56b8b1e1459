"""The arithmetic of learning: a network, its optimizer, and one compiled step.

Everything that a step depends on is passed in or listed by `arrays`, so a trainer restored from
them goes on as if it had never stopped.
"""

from dataclasses import replace
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
from chargen.training.backend import keras, tf
from chargen.training.dropout import LockedDropout, Mask
from chargen.training.lstm import LSTM
from chargen.training.model import TRAINING_CELLS, build_model, inputs_of, state_variables
from chargen.training.optimizer import AdamW
from chargen.training.prefetch import Prefetcher
from chargen.training.replicas import Replicas
from chargen.training.saved_run import array_shapes, without_optimizer


class Trainer:
    """A network in training.

    Args:
        model_config: the network's shape.
        config: how it learns.
        streams: what it learns from.
        boundary: the id that a document begins with, where the states are set to zero, if any.
        replicas: the devices that learn; None takes those of this machine.

    Raises:
        SettingError: if the streams cannot be dealt evenly to the devices.
    """

    def __init__(
        self,
        model_config: ModelConfig,
        config: TrainingConfig,
        streams: Streams,
        *,
        boundary: int | None = None,
        replicas: Replicas | None = None,
    ) -> None:
        self._replicas = replicas or Replicas.of_this_machine(config.batch_size)
        self._rows = self._replicas.rows(config.batch_size)
        self.model_config, self.config = model_config, config
        self.streams = replace(streams, rows=self._rows)
        self._batches = Prefetcher(self.streams)
        keras.utils.set_random_seed(config.seed)
        self._step_number, self._updates = (tf.Variable(0, dtype=tf.int32) for _ in range(2))
        self._dropout_factor = tf.Variable(1.0)
        masks = count()

        def mask(rate: float) -> Mask:
            changing = {"step": self._step_number, "factor": self._dropout_factor}
            return Mask(rate, seed=config.seed, number=next(masks), **changing)

        def lstm(*args: Any, **kwargs: Any) -> keras.layers.Layer:
            weight_mask = mask(config.weight_dropout)
            return LSTM(*args, weight_mask=weight_mask, precision=config.precision, **kwargs)

        with self._replicas.scope():
            self.model = build_model(
                model_config,
                batch_size=config.batch_size // self._replicas.count,
                seq_length=config.seq_length,
                cells=TRAINING_CELLS | {"lstm": lstm},
                dropout=lambda: LockedDropout(mask(model_config.dropout), self._replicas),
                boundary=boundary,
            )
            self._optimizer = AdamW(
                self.model.trainable_variables,
                weight_decay=config.weight_decay,
                clip_norm=config.clip_norm,
                soap=config.optimizer == "soap",
            )
        self._states = state_variables(self.model)
        self._learning_rate = tf.Variable(0.0)
        self._step = self._replicas.compiled(self._learn)
        self._gather = self._replicas.compiled(self._gather_states)
        self._put = self._replicas.compiled(self._put_states)

    def step(
        self,
        number: int,
        learning_rate: float,
        dropout_factor: float = 1.0,
        updates: int | None = None,
    ) -> float:
        """Learn from a batch.

        Args:
            number: of the batch.
            learning_rate: of the update.
            dropout_factor: what the dropout rates are multiplied by.
            updates: how many the optimizer has made before; None means `number`.

        Returns:
            The batch's loss before the update, in nats per character; NaN where the update was
            spoilt by a gradient that is not finite.
        """
        batch = self._batches.batch(number)
        self._step_number.assign(number)
        self._updates.assign(number if updates is None else updates)
        self._learning_rate.assign(learning_rate)
        self._dropout_factor.assign(dropout_factor)
        return float(self._step(self._kept(number), *batch))

    def _kept(self, number: int) -> Floats:
        """Return 1 where a row's state is carried into batch `number`, 0 where it starts from zero.

        All rows do when an epoch begins, and those that come to a cut in the text. A few others do,
        drawn from (seed, number), since every prompt is a text that starts from nothing. Shape
        [rows of this process, 1].
        """
        generator = np.random.default_rng((self.config.seed, number))
        is_drawn = generator.random(self.config.batch_size) < self.config.state_reset_rate
        kept = self.streams.continues(number) & ~is_drawn[self._rows]
        return kept[:, None].astype(np.float32)

    def _learn(self, keep: Any, ids: Any, targets: Any, *labels: Any) -> Any:
        for state in self._states:
            state.assign(state * keep)
        with tf.GradientTape() as tape:
            logits = self.model(inputs_of(ids, *labels), training=True)
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(targets, logits)
            loss = tf.reduce_mean(losses) / self._replicas.count
        gradients = tape.gradient(loss, self.model.trainable_variables)
        # Each replica finds the same directions but for rounding, so they take their mean.
        bases = [basis / self._replicas.count for basis in self._optimizer.bases(self._updates)]
        parts = [[loss], list(map(tf.convert_to_tensor, gradients)), bases]
        summed = self._replicas.sum([tensor for part in parts for tensor in part])
        [loss], gradients, bases = tf.nest.pack_sequence_as(parts, summed)
        norm = self._optimizer.apply(
            gradients,
            bases,
            number=self._updates,
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
    def _variables(self) -> dict[str, Any]:
        """Everything that a step changes and that is equal on all replicas, by name."""
        names = weight_shapes(self.model_config)
        return {
            **{f"weights/{k}": v for k, v in zip(names, self.model.weights, strict=True)},
            **{f"optimizer/{k:03}": v for k, v in enumerate(self._optimizer.variables)},
        }

    def arrays(self) -> dict[str, np.ndarray]:
        """Return everything that a step changes, by name; the states of all rows."""
        arrays = {name: np.array(variable.numpy()) for name, variable in self._variables.items()}
        return {**arrays, **{f"states/{k:03}": np.array(v) for k, v in enumerate(self._gather())}}

    def restore(self, arrays: Arrays, path: Path) -> None:
        """Put back what `arrays` gave and the file at `path` kept.

        Without arrays of the optimizer, it begins anew.

        Raises:
            CheckpointError: naming the array of the file that does not fit this network.
        """
        shapes = array_shapes(self.model_config, self.config)
        begins_anew = len(without_optimizer(arrays)) == len(arrays)
        if begins_anew:
            shapes = without_optimizer(shapes)
        check_arrays(path, arrays, {name: (shape, "float32") for name, shape in shapes.items()})
        if begins_anew:
            self._optimizer.reset()
        for name, variable in self._variables.items():
            if name in arrays:
                variable.assign(arrays[name])
        states = [arrays[f"states/{k:03}"][self._rows] for k in range(len(self._states))]
        self._put(*states)

    def _gather_states(self) -> list[Any]:
        return [self._replicas.gather(tf.convert_to_tensor(state)) for state in self._states]

    def _put_states(self, *rows: Any) -> None:
        for state, part in zip(self._states, rows, strict=True):
            state.assign(part)
