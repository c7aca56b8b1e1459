"""The way into a training: alone, leading other workers, or following."""

import os
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from chargen.checkpoint import Checkpoint
from chargen.config import ClusterConfig, RunConfig
from chargen.config.base import given
from chargen.corpus.corpus import Corpus
from chargen.corpus.reader import ReadingProgress
from chargen.corpus.sources import Paths
from chargen.storage.runs import MODEL_FILE
from chargen.training.cluster.agreement import gather
from chargen.training.cluster.following import follow
from chargen.training.cluster.members import Members, find_members
from chargen.training.cluster.team import Team
from chargen.training.installed import check_tensorflow
from chargen.training.interrupt import interruptible

_NAMES = {each.name for each in fields(ClusterConfig)}

if TYPE_CHECKING:
    from chargen.training.report import Reporter


def together(
    command: str,
    settings: Mapping[str, Any],
    lead: Callable[[Mapping[str, Any], Team | None], Path],
    corpus: Paths | Corpus | None = None,
    *,
    cache: str | Path | None,
    progress: ReadingProgress | None,
    reporter: "Reporter | None",
) -> Checkpoint:
    """Train with the workers that settings or the environment name; return the best model.

    Args:
        command: what is done, train or resume.
        settings: those of the run and of the workers.
        lead: trains with the settings of the run and the other workers, None where there are none;
            returns the run's folder.
        corpus: the text that a worker reads that does not lead.
        cache: as for `chargen.train`; so are the others.
        progress: see there.
        reporter: see there.

    Raises:
        ClusterError: if a worker is missing, differs or is gone.
    """
    with interruptible():
        check_tensorflow()
    members = _members(settings)
    settings = {name: value for name, value in settings.items() if name not in _NAMES}
    if members is None:
        return Checkpoint.load(lead(settings, None) / MODEL_FILE)
    RunConfig.of(settings)  # bad settings are told at once
    _say(members, reporter)
    with interruptible():
        team = gather(members, command, settings)
    with team:
        if members.leads:
            path = lead(settings, team) / MODEL_FILE
            team.finish({"model": np.frombuffer(path.read_bytes(), np.uint8)})
            return Checkpoint.load(path)
        model = follow(team, corpus, cache=cache, progress=progress)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / MODEL_FILE
        path.write_bytes(model)
        return Checkpoint.load(path)


def leads(settings: Mapping[str, Any]) -> bool:
    """Return whether this process keeps the run: whether it is alone, or leads other workers."""
    members = _members(settings)
    return members is None or members.leads


def _members(settings: Mapping[str, Any]) -> Members | None:
    config = ClusterConfig.of(given({k: v for k, v in settings.items() if k in _NAMES}))
    return find_members(config, os.environ)


def _say(members: Members, reporter: "Reporter | None") -> None:
    """Say which worker this is, and for whom it waits."""
    from chargen.training.report import Terminal

    whom = "the others" if members.leads else members.name(0)
    line = (
        f"This is {members.name(members.index)} of {len(members.addresses)}; waits up to "
        f"{members.wait:g} seconds for {whom}."
    )
    (reporter if reporter is not None else Terminal()).say(line)
