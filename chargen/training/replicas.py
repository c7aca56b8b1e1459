"""The devices that share each training step: one, several GPUs, or those of several machines."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from functools import cache
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from chargen.training.backend import graph, tf
from chargen.training.shares import check_even


class Replicas:
    """The replicas of a network that learn as one: each has its share of a batch's rows.

    TensorFlow's strategy keeps their weights equal and sums their gradients.

    Args:
        strategy: a `tf.distribute.Strategy`.
        workers: how many processes take part.
        index: which of them this is.
    """

    def __init__(self, strategy: Any, *, workers: int = 1, index: int = 0) -> None:
        self._strategy = strategy
        self.workers, self.index = workers, index
        self.count: int = strategy.num_replicas_in_sync
        self._here = self.count // workers

    @classmethod
    def of_this_machine(cls, batch_size: int) -> Self:
        """Return a replica on each GPU, of as many as a batch can be dealt evenly to, or one."""
        gpus = [each.name for each in tf.config.list_logical_devices("GPU")]
        used = next((n for n in range(len(gpus), 1, -1) if batch_size % n == 0), 1)
        if used == 1:
            return cls(tf.distribute.get_strategy())
        return cls(mirrored(tuple(gpus[:used])))

    def scope(self) -> AbstractContextManager[Any]:
        """Return a context in which variables are made for every replica."""
        scope: AbstractContextManager[Any] = self._strategy.scope()
        return scope

    def rows(self, batch_size: int) -> slice:
        """Return the rows of a batch that this process reads.

        Raises:
            SettingError: if the replicas cannot have equally many rows.
        """
        check_even(batch_size, self.count, "device")
        mine = batch_size // self.workers
        return slice(self.index * mine, (self.index + 1) * mine)

    def compiled(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function of arrays, [rows of this process, ...], that all replicas run.

        Each is given tensors, its part of the rows; what the first one returned is returned.
        """
        run = graph(lambda *shares: self._strategy.run(function, args=shares))

        def call(*arrays: NDArray[Any]) -> Any:
            return tf.nest.map_structure(self._first, run(*map(self._share_out, arrays)))

        return call

    def _share_out(self, array: NDArray[Any]) -> Any:
        """Return an array as tensors, one for each replica of this process."""
        if self._here == 1:
            return tf.constant(array)
        parts = np.split(array, self._here)
        first = self.index * self._here
        return self._strategy.experimental_distribute_values_from_function(
            lambda context: tf.constant(parts[context.replica_id_in_sync_group - first])
        )

    def _first(self, value: Any) -> Any:
        return self._strategy.experimental_local_results(value)[0]

    def take(self, rows: Any) -> Any:
        """Return a replica's part of a tensor for all rows, [batch_size, ...], within a function.

        One that was `compiled`; so are the others.
        """
        if self.count == 1:
            return rows
        mine = rows.shape[0] // self.count
        first = tf.distribute.get_replica_context().replica_id_in_sync_group * mine
        return tf.slice(rows, [first, *[0] * (rows.shape.rank - 1)], [mine, *rows.shape[1:]])

    def sum(self, tensors: Sequence[Any]) -> Sequence[Any]:
        """Return the sums of the replicas' tensors, within a function."""
        if self.count == 1:
            return tensors
        context = tf.distribute.get_replica_context()
        summed: Sequence[Any] = context.all_reduce(tf.distribute.ReduceOp.SUM, list(tensors))
        return summed

    def gather(self, part: Any) -> Any:
        """Return the replicas' tensors, [rows, width] each, one below the other, within a function.

        As a sum with zeros in the others' places; the strategy's own gathering fails on a CPU.
        """
        if self.count == 1:
            return part
        first = tf.distribute.get_replica_context().replica_id_in_sync_group * part.shape[0]
        rest = part.shape[0] * (self.count - 1) - first
        return self.sum([tf.pad(part, [[first, rest], [0, 0]])])[0]


@cache
def mirrored(devices: tuple[str, ...]) -> Any:
    """Return the strategy for these devices of this machine.

    There is one of them in a process: two would number their sums alike, and mix them up.
    """
    return tf.distribute.MirroredStrategy(devices)
