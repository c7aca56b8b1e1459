"""Worker 0's side: a trainer whose every act the other workers take part in."""

from pathlib import Path
from typing import Any

from chargen.checkpoint import weight_shapes
from chargen.config import ModelConfig, TrainingConfig
from chargen.corpus.streams import Streams
from chargen.errors import ClusterError
from chargen.storage.arrays import Arrays
from chargen.training.cluster.members import begin_with
from chargen.training.cluster.strategy import check_unused, connect, gpus
from chargen.training.cluster.team import Team
from chargen.training.replicas import Replicas
from chargen.training.trainer import Trainer


def lead_connecting(team: Team) -> Replicas:
    """Wait until all workers have loaded TensorFlow, and connect; return the replicas.

    Raises:
        ClusterError: on every worker, if one has another number of GPUs.
    """
    check_unused()
    mine = gpus()
    for index, message in team.hear_all("ready").items():
        theirs = message.values.get("gpus")
        if theirs != mine:
            raise ClusterError(
                f"{begin_with(team.members.name(index))} has {theirs} GPUs, worker 0 has {mine}; "
                "they must have equally many (CUDA_VISIBLE_DEVICES hides some)."
            )
    team.tell("connect")
    team.have_loaded()
    replicas = connect(team.members)
    team.hear_all("connected")
    return replicas


class LeadingTrainer(Trainer):
    """A trainer that tells the other workers what to do, and does its own part of it.

    Args:
        team: the other workers.
        others: as for `Trainer`.

    Raises:
        ClusterError: by every method, if a worker is gone.
    """

    def __init__(
        self,
        team: Team,
        model_config: ModelConfig,
        config: TrainingConfig,
        streams: Streams,
        *,
        boundary: int | None,
        replicas: Replicas,
    ) -> None:
        self._team = team
        settings = {"model": model_config.to_json(), "training": config.to_json()}
        team.tell("build", **settings, boundary=boundary)
        team.expect_compiling()
        with team.step():
            super().__init__(model_config, config, streams, boundary=boundary, replicas=replicas)

    def step(
        self,
        number: int,
        learning_rate: float,
        dropout_factor: float = 1.0,
        updates: int | None = None,
    ) -> float:
        given = {"learning_rate": learning_rate, "dropout_factor": dropout_factor}
        self._team.tell("step", None, number=number, updates=updates, **given)
        with self._team.step():
            return super().step(number, learning_rate, dropout_factor, updates)

    def arrays(self) -> dict[str, Any]:
        self._team.tell("arrays")
        with self._team.step():
            return super().arrays()

    def restore(self, arrays: Arrays, path: Path) -> None:
        super().restore(arrays, path)
        self._team.tell("restore", arrays)

    def load_weights(self, weights: Arrays) -> None:
        super().load_weights(weights)
        names = weight_shapes(self.model_config)
        self._team.tell("weights", {name: weights[name] for name in names})
