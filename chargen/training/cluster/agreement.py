"""What workers must agree on before they train: versions, settings, the text, and the rows."""

import hashlib
import json
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import chargen
from chargen.config import RunConfig
from chargen.corpus.corpus import Corpus
from chargen.corpus.streams import Streams
from chargen.errors import ClusterError
from chargen.training.cluster.meeting import meet
from chargen.training.cluster.members import Members, begin_with
from chargen.training.cluster.team import Team
from chargen.training.shares import check_even
from chargen.training.source import Source


def gather(members: Members, command: str, settings: Mapping[str, Any]) -> Team:
    """Wait for the other workers, and see that they were started alike; return them.

    Args:
        members: the workers.
        command: what they do, train or resume.
        settings: those that this worker was given.

    Raises:
        ClusterError: on every worker that has come, if one is missing or differs.
    """
    asked = {name: str(value) for name, value in settings.items()}
    facts = {"chargen": chargen.__version__, "TensorFlow": _tensorflow(), "command": command}
    return Team(members, meet(members, facts | asked))


def lead_reading(team: Team, config: RunConfig, source: Source) -> None:
    """Let the other workers read the text as this one does."""
    reading, preparation = config.reading.to_json(), config.preparation.to_json()
    team.tell("read", reading=reading, preparation=preparation, source=source.to_json())


def agree(team: Team, config: RunConfig, corpus: Corpus, streams: Streams) -> None:
    """Give the other workers the settings, and see that all have the same text and rows.

    Raises:
        ClusterError: on every worker, if one differs.
        SettingError: if the rows cannot be dealt evenly.
    """
    check_even(config.training.batch_size, len(team.members.addresses), "worker")
    team.tell("plan", config=config.to_json())
    mine = fingerprints(corpus, streams)
    for index, theirs in team.hear_all("planned").items():
        for name, value in mine.items():
            if theirs.values["fingerprints"].get(name) != value:
                raise ClusterError(
                    f"{begin_with(team.members.name(index))} has another {name} than worker 0: its "
                    f"SHA-256 differs. Give every worker the same files, in the same order."
                )


def fingerprints(corpus: Corpus, streams: Streams) -> dict[str, str]:
    """Return the SHA-256 of a text, of its vocabulary, and of where its rows are read."""
    steps = streams.steps_per_epoch
    rows = [streams.starts(step).tolist() for step in {0, steps // 2, steps - 1}]
    return {
        "text": corpus.sha256,
        "vocabulary": _digest(corpus.vocabulary.idx2char),
        "row plan": _digest([steps, len(streams.ids), rows]),
    }


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()


def _tensorflow() -> str:
    try:
        return version("tensorflow")
    except PackageNotFoundError:  # of a build that has another name
        return "unknown"
