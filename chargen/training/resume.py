"""Resume a run: read what it kept and its text, see that both are the same, train on."""

import os.path
import time
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chargen.checkpoint import Checkpoint
from chargen.config.base import given
from chargen.corpus.corpus import Corpus, read_corpus
from chargen.corpus.reader import ReadingProgress
from chargen.corpus.sources import STANDARD_INPUT, Paths, absolute
from chargen.errors import CheckpointError, RunError
from chargen.storage.atomic import remove
from chargen.storage.runs import RESUME_FILE, ROLLBACK_FILE, locked, run_folder
from chargen.training.cluster.agreement import agree, lead_reading
from chargen.training.cluster.team import Team
from chargen.training.cluster.together import together
from chargen.training.corpus_checks import check_same
from chargen.training.existing import nothing_to_resume, tell_finished
from chargen.training.interrupt import interruptible
from chargen.training.parts import cut, split
from chargen.training.saved_run import SavedRun
from chargen.training.start import build_run, how_to_read, located

if TYPE_CHECKING:
    from chargen.training.report import Reporter


def resume_run(run: str | Path, settings: Mapping[str, Any], **how: Any) -> Checkpoint:
    """Continue a run, as `chargen.resume` says, and return the best model."""
    return together("resume", settings, partial(_resume, run, **how), **how_to_read(how))


def _resume(
    run: str | Path,
    settings: Mapping[str, Any],
    team: Team | None,
    *,
    corpus: Paths | Corpus | None,
    cache: str | Path | None,
    progress: ReadingProgress | None,
    reporter: "Reporter | None",
    minutes: float | None = None,
    epochs: int | None = None,
) -> Path:
    """Continue a run, and return its folder."""
    started = time.monotonic()
    settings = located(settings)
    folder = run_folder(run)
    path = folder / RESUME_FILE
    if not os.path.exists(path):
        raise CheckpointError(nothing_to_resume(folder))
    with locked(folder):  # from here on nobody else goes on with it or replaces it
        saved = SavedRun.load(path)
        config, source, finished = saved.config, saved.source, saved.state.finished
        longer = given({"minutes": minutes, "epochs": epochs})
        if longer and finished:
            config = config.changed({"minutes": None, "epochs": None, **longer})
        for name, before, value in config.differences({**settings, **longer}):
            raise RunError(
                f"{folder} was started with {name} {before}, and {value} would make it another "
                "run; leave the option out, or start anew under another --name."
                + (" Once it has finished, it can go on for more." if longer else "")
            )
        if finished and not longer:
            remove(folder / ROLLBACK_FILE)  # a kill may have left it
            tell_finished(folder, finished, reporter)
            return folder
        if team is not None:
            lead_reading(team, config, source)
        if not isinstance(corpus, Corpus):
            if not corpus and (source.paths is None or STANDARD_INPUT in source.paths):
                raise RunError(
                    f"{folder} was trained on a text that is not a file; pass the text again, as "
                    "corpus."
                )
            paths: Paths = corpus or source.paths or []
            source = replace(source, paths=absolute(paths))  # where it is from now on
            how = config.reading, config.preparation
            corpus = read_corpus(paths, *how, known=source.known, cache=cache, progress=progress)
        check_same(corpus, folder, config, source, saved.sha256)
        spans, held_out = split(corpus, config, cache)
        if held_out.sha256 != source.held_out:
            raise RunError(
                f"{config.training.validation} is not the text that {folder} was measured on (its "
                "SHA-256 differs); restore it, or start anew under another --name."
            )
        parts = cut(corpus, spans, config), held_out
        if team is not None:
            agree(team, config, corpus, parts[0])
        with interruptible():
            resumed = build_run(folder, corpus, parts, config, source, reporter, started, team)
            resumed.restore(saved)
            if finished:
                resumed.go_on()
        resumed.train()
    return folder
