"""The other workers' side: read the text as worker 0 says, then learn with it, step by step."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chargen.config import ModelConfig, PreparationConfig, ReadingConfig, RunConfig, TrainingConfig
from chargen.corpus.corpus import Corpus, read_corpus
from chargen.corpus.sources import Paths
from chargen.training.cluster.agreement import fingerprints
from chargen.training.cluster.team import WAY_OUT, Team
from chargen.training.interrupt import caught_signals, interruptible
from chargen.training.parts import cut, training_spans
from chargen.training.source import Source

if TYPE_CHECKING:
    from chargen.training.trainer import Trainer

_SENT = Path("what worker 0 sent")


def follow(team: Team, corpus: Paths | Corpus | None, **reading: Any) -> bytes:
    """Learn with the others until worker 0 has finished.

    Args:
        team: worker 0, as this worker talks to it.
        corpus: the text, or where it is on this machine; None where it is worker 0's path.
        reading: cache and progress, as for `read_corpus`.

    Returns:
        The best model, as worker 0's model.safetensors holds it.

    Raises:
        ClusterError: if a worker is gone, or does not fit, or worker 0 has failed.
        Interrupted: if a signal came to any worker; worker 0 has saved everything.
        CorpusError: if the text cannot be read.
    """
    with interruptible():
        order = team.hear(0)
        if order.kind == "finished":  # the run had finished before
            return order.arrays["model"].tobytes()
        wanted = order.values
        source = Source.from_json(wanted["source"])
        if not isinstance(corpus, Corpus):
            how = (
                ReadingConfig.from_json(wanted["reading"]),
                PreparationConfig.from_json(wanted["preparation"]),
            )
            paths = corpus or source.paths or []
            corpus = read_corpus(paths, *how, known=source.known, **reading)
        config = RunConfig.from_json(team.hear(0, "plan").values["config"])
        streams = cut(corpus, training_spans(corpus, config), config)
        team.tell("planned", fingerprints=fingerprints(corpus, streams))
        from chargen.training.cluster.strategy import check_unused, connect, gpus
        from chargen.training.trainer import Trainer

        check_unused()
        team.tell("ready", gpus=gpus())
        team.hear(0, "connect")
        team.have_loaded()
        replicas = connect(team.members)
        team.tell("connected")

    def build(model: dict[str, Any], training: dict[str, Any], boundary: int | None) -> Trainer:
        configs = ModelConfig.from_json(model), TrainingConfig.from_json(training)
        return Trainer(*configs, streams, boundary=boundary, replicas=replicas)

    return _obey(team, build)


def _obey(team: Team, build: Callable[..., "Trainer"]) -> bytes:
    """Do what worker 0 says, until it says that all is done; return the best model."""
    trainer: Any = None
    is_told = False
    with caught_signals() as received:
        while (order := team.hear(0)).kind != "finished":
            if received and not is_told:
                team.tell("signal", number=received[0])
                is_told = True
            with team.step():
                match order.kind:
                    case "build":
                        team.expect_compiling()
                        trainer = build(**order.values)
                    case "step":  # so that worker 0 has saved, which it does first
                        team.way_out = WAY_OUT
                        trainer.step(**order.values)
                    case "arrays":
                        trainer.arrays()
                    case "restore":
                        trainer.restore(order.arrays, _SENT)
                    case "weights":
                        trainer.load_weights(order.arrays)
        return order.arrays["model"].tobytes()
