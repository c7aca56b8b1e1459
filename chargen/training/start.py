"""Start a run: read and check its text, complete its settings, build it, train.

TensorFlow is not imported before all that can be wrong with text, settings and folder was told.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

from chargen.checkpoint import Checkpoint
from chargen.config import RunConfig
from chargen.config.base import check
from chargen.config.presets import DROPOUT_RATES, PresetChoice, choose_preset
from chargen.corpus.corpus import Corpus, read_corpus
from chargen.corpus.encoder import BaseVocabulary
from chargen.corpus.held_out import likeness_warning
from chargen.corpus.reader import ReadingProgress
from chargen.corpus.sources import STANDARD_INPUT, Paths, absolute, run_name
from chargen.corpus.split import HeldOut
from chargen.corpus.streams import Streams
from chargen.errors import SettingError
from chargen.storage.runs import (
    find_checkpoint,
    locked,
    run_folder,
)
from chargen.training.cluster.agreement import agree, lead_reading
from chargen.training.cluster.team import Team
from chargen.training.cluster.together import together
from chargen.training.corpus_checks import check_text
from chargen.training.existing import refuse_to_replace
from chargen.training.installed import check_tensorflow
from chargen.training.interrupt import interruptible
from chargen.training.parts import cut, split
from chargen.training.preflight import preflight
from chargen.training.source import Source
from chargen.training.transfer import initial_model
from chargen.training.warm_start import inherit_settings, warm_start_weights
from chargen.wording import count

if TYPE_CHECKING:
    from chargen.training.report import Reporter
    from chargen.training.run import Run

Growth = Literal["grow", "keep"]


def start_run(corpus: Paths | Corpus, settings: Mapping[str, Any], **how: Any) -> Checkpoint:
    """Train in a new run, as `chargen.train` says, and return the best model."""
    return together("train", settings, partial(_start, corpus, **how), corpus, **how_to_read(how))


def rehearse(
    corpus: Paths | Corpus,
    settings: Mapping[str, Any],
    *,
    reporter: "Reporter | None" = None,
    **how: Any,
) -> None:
    """Say what a new run would take and reach; nothing is written.

    Args:
        corpus: as for `chargen.train`; so are the others.
        settings: see there.
        reporter: see there.
        how: cache, base, vocabulary and progress.
    """
    with interruptible():
        check_tensorflow()
        started = time.monotonic()
        prepared = _prepare(corpus, settings, **how)
        run = _new_run(Path(), prepared, reporter, started)
        from chargen.training.dry_run import dry_run

        for line in dry_run(run):
            run.reporter.say(line)
        run.reporter.close()


@dataclass(frozen=True, eq=False)
class _Prepared:
    """All that a new run needs, but its folder and TensorFlow."""

    corpus: Corpus
    parts: tuple[Streams, HeldOut]
    config: RunConfig
    source: Source
    notes: list[str]
    chosen: list[str]  # the settings that were left to the preset
    initial: Checkpoint | None  # the model whose weights the run begins with


def _start(
    corpus: Paths | Corpus,
    settings: Mapping[str, Any],
    team: Team | None,
    *,
    name: str | None,
    overwrite: bool,
    reporter: "Reporter | None",
    **how: Any,
) -> Path:
    """Train in a new run, and return its folder."""
    started = time.monotonic()
    RunConfig.of(settings)  # bad settings are told before anything else
    if name is None:
        name = run_name(corpus.name if isinstance(corpus, Corpus) else corpus)
    folder = run_folder(name)
    refuse_to_replace(folder, overwrite)
    prepared = _prepare(corpus, settings, team, **how)
    with locked(folder):
        refuse_to_replace(folder, overwrite)  # another process may have finished one
        with interruptible():
            run = _new_run(folder, prepared, reporter, started, team)
        run.train()
    return folder


def _prepare(
    corpus: Paths | Corpus,
    settings: Mapping[str, Any],
    team: Team | None = None,
    *,
    cache: str | Path | None,
    base: str | Path | None,
    vocabulary: Growth,
    progress: ReadingProgress | None,
) -> _Prepared:
    """Read the text, complete the settings, and see that all goes together."""
    check("vocabulary", vocabulary, vocabulary in get_args(Growth), "grow or keep")
    settings = located(settings)
    old, source, asked = None, Source(), settings
    if base is not None:
        old = Checkpoint.load(find_checkpoint(base))
        known = BaseVocabulary(old.tokenizer.vocabulary, vocabulary == "grow", tuple(old.labels))
        source = Source(base=str(base), known=known)
        asked = inherit_settings(old, settings)
    if not asked.keys().isdisjoint(DROPOUT_RATES):
        asked = {"dropout_schedule": "constant", **asked}  # a rate that is given is meant as it is
    config = RunConfig.of(asked)  # bad settings are told before a long text is read
    check_text(corpus, settings, config, old, source)
    if team is not None:
        lead_reading(team, config, source)
    if not isinstance(corpus, Corpus):
        source = replace(source, paths=absolute(corpus))
        how = config.reading, config.preparation
        corpus = read_corpus(corpus, *how, known=source.known, cache=cache, progress=progress)
    spans, held_out = split(corpus, config, cache)
    source = replace(source, held_out=held_out.sha256)
    workers = 1 if team is None else len(team.members.addresses)
    config, choice = _complete(config, asked, corpus, characters=len(spans), workers=workers)
    notes = [*held_out.notes, choice.describe(asked)]
    if warning := likeness_warning(corpus, spans, held_out):
        notes.append(warning)
    if old is None:
        old, why = initial_model(config, asked, corpus, spans)
        if why:
            config = config.changed({"initial_weights": "bundled"})
            notes.append(why)
    else:
        new = corpus.vocabulary.vocab_size - old.config.vocab_size
        new_to_it = f"{count(new, 'character')} {'is' if new == 1 else 'are'} new to it"
        notes.insert(0, f"Goes on from {base}; {new_to_it}.")
    streams = cut(corpus, spans, config)
    if team is not None:
        agree(team, config, corpus, streams)
    chosen = [name for name in choice.settings if name not in asked]
    return _Prepared(corpus, (streams, held_out), config, source, notes, chosen, old)


def _new_run(
    folder: Path,
    new: _Prepared,
    reporter: "Reporter | None",
    started: float,
    team: Team | None = None,
) -> "Run":
    """Return a run at its first step."""
    of = new.corpus, new.parts, new.config, new.source
    run = build_run(folder, *of, reporter, started, team, new.notes)
    run.state.chosen = new.chosen
    if new.initial is not None:
        fresh, corpus = run.trainer.weights(), new.corpus
        grown = warm_start_weights(new.initial, fresh, corpus.vocabulary, corpus.label_names)
        run.trainer.load_weights(grown)
    return run


def located(settings: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the settings, with the path of a text to measure on from the root on."""
    path = settings.get("validation", "spread")
    if not isinstance(path, str | Path) or path in ("", "spread", "end"):
        return settings
    if str(path) == STANDARD_INPUT:
        message = "validation must be spread, end, or the path of a text; received '-'."
        raise SettingError(message, setting="validation")
    return {**settings, "validation": absolute(path)[0]}


def _complete(
    config: RunConfig,
    asked: Mapping[str, Any],
    corpus: Corpus,
    *,
    characters: int,
    workers: int,
) -> tuple[RunConfig, PresetChoice]:
    """Return `config` with what preset and corpus decide, and what the preset chose.

    The settings that were `asked` for go before the preset's, which depend on the number of
    `characters` in the training part, and on how many `workers` train together.
    """
    training = config.training
    heeded: dict[str, Any] = {
        "units": config.model.units,
        "seq_length": training.seq_length,
        "precision": training.precision,
    }
    choice = choose_preset(
        training.preset,
        characters=characters,
        minutes=training.minutes,
        epochs=training.epochs,
        cell=config.model.cell,
        workers=workers,
        **{name: value for name, value in heeded.items() if name in asked},
    )
    completed = RunConfig.of({**choice.settings, **asked}).for_corpus(
        vocab_size=corpus.vocabulary.vocab_size,
        labels=len(corpus.label_names),
        preparation=corpus.preparation,
    )
    return completed, choice


def build_run(
    folder: Path,
    corpus: Corpus,
    parts: tuple[Streams, HeldOut],
    config: RunConfig,
    source: Source,
    reporter: "Reporter | None",
    started: float,
    team: Team | None,
    notes: Sequence[str] = (),
) -> "Run":
    """Report on the text and the network, import TensorFlow, and return the run.

    The minutes count from `started`, a time of `time.monotonic`, slow imports and all.
    """
    from chargen.training.report import Terminal

    waiting = "Starting TensorFlow (about ten seconds)…"
    reporter = reporter if reporter is not None else Terminal(waiting)
    for line in (*preflight(corpus, config.model), *notes):
        reporter.say(line)
    from chargen.training.run import Run

    make = None
    if team is not None:
        from chargen.training.cluster.leading import LeadingTrainer, lead_connecting

        make = partial(LeadingTrainer, team, replicas=lead_connecting(team))
    return Run(folder, corpus, *parts, config, source, reporter, started, team, make)


def how_to_read(how: Mapping[str, Any]) -> dict[str, Any]:
    """Return, of what a run is given, what its text is read by."""
    return {name: how[name] for name in ("corpus", "cache", "progress", "reporter") if name in how}
