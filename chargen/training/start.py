"""The start of a run: a new one is prepared, an interrupted one is found again, then it trains.

TensorFlow is not imported before all that can be wrong with text, settings and folder was told.
"""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self, get_args

from chargen.checkpoint import Checkpoint
from chargen.config import PreparationConfig, ReadingConfig, RunConfig
from chargen.config.base import check
from chargen.config.presets import choose_preset
from chargen.corpus.corpus import Corpus, read_corpus
from chargen.corpus.encoder import BaseVocabulary
from chargen.corpus.reader import ReadingProgress
from chargen.corpus.sources import STANDARD_INPUT, Paths, absolute, run_name
from chargen.corpus.spans import Spans
from chargen.corpus.split import HeldOut, train_validation_split
from chargen.corpus.streams import Streams
from chargen.errors import CheckpointError, RunError, SettingError
from chargen.storage.arrays import Arrays, read_arrays
from chargen.storage.atomic import remove
from chargen.storage.runs import (
    MODEL_FILE,
    RESUME_FILE,
    find_checkpoint,
    holds_run,
    locked,
    run_folder,
)
from chargen.text.characters import enumerate_some
from chargen.text.vocabulary import Vocabulary
from chargen.training.preflight import preflight
from chargen.training.warm_start import (
    base_vocabulary,
    check_continues,
    inherit_settings,
    warm_start_weights,
)

if TYPE_CHECKING:
    from chargen.training.report import Reporter

Growth = Literal["grow", "keep"]


@dataclass(frozen=True)
class Source:
    """Where the text of a run is, and the model that the run goes on from."""

    paths: list[str] | None  # None for a `Corpus` that the caller made
    base: str | None = None  # the model, as the caller named it
    known: BaseVocabulary | None = None  # its characters and labels

    def to_json(self) -> dict[str, Any]:
        """Return the source as plain values."""
        known = self.known and [self.known.vocabulary.idx2char, self.known.grow, self.known.labels]
        return {"paths": self.paths, "from": self.base, "known": known}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Return the source that `to_json` wrote."""
        if values["known"] is None:
            return cls(values["paths"])
        characters, grow, labels = values["known"]
        known = BaseVocabulary(Vocabulary(characters), grow, tuple(labels))
        return cls(values["paths"], values["from"], known)


def start_run(
    corpus: Paths | Corpus,
    settings: Mapping[str, Any],
    *,
    name: str | None,
    overwrite: bool,
    cache: str | Path | None,
    base: str | Path | None,
    vocabulary: Growth,
    progress: ReadingProgress | None,
    reporter: "Reporter | None",
) -> Path:
    """Train a new run to its end, and return the path of its model.

    The arguments and the errors are those of `chargen.train`.
    """
    started = time.monotonic()
    check("vocabulary", vocabulary, vocabulary in get_args(Growth), "grow or keep")
    grow = vocabulary == "grow"
    old = Checkpoint.load(find_checkpoint(base)) if base is not None else None
    asked = settings if old is None else inherit_settings(old, settings)
    config = RunConfig.of(asked)  # bad settings are told before a long text is read
    if isinstance(corpus, Corpus):
        _check_made(corpus, settings, old, grow=grow)
    elif old is not None and old.labels and not config.reading.label:
        raise SettingError(
            f"{base} has the labels {enumerate_some(list(old.labels))}; say which this text has, "
            "or a new one, as in --label 'NAME=*'."
        )
    if name is None:
        name = run_name(corpus.name if isinstance(corpus, Corpus) else corpus)
    folder = run_folder(name)
    _refuse_to_replace(folder, overwrite)
    source = Source(
        paths=None if isinstance(corpus, Corpus) else absolute(corpus),
        base=None if base is None else str(base),
        known=None if old is None else base_vocabulary(old, grow=grow),
    )
    if not isinstance(corpus, Corpus):
        corpus = _read(corpus, source, config, cache=cache, progress=progress)
    notes, weights = [], None
    if old is not None:
        weights = warm_start_weights(old, corpus.vocabulary, corpus.label_names)
        new = corpus.vocabulary.vocab_size - old.config.vocab_size
        notes.append(f"Goes on from {base}; {new:,} characters are new to it.")
    spans, held_out = train_validation_split(corpus, config.training.validation_fraction)
    config, note = _completed(config, asked, corpus, characters=len(spans))
    streams = _streams(corpus, spans, config)
    with locked(folder):
        _refuse_to_replace(folder, overwrite)  # another process may have finished one meanwhile
        return _train(
            folder,
            corpus,
            (streams, held_out),
            config,
            source,
            reporter,
            started=started,
            notes=[*notes, note],
            weights=weights,
        )


def resume_run(
    run: str | Path,
    settings: Mapping[str, Any],
    *,
    corpus: Paths | Corpus | None,
    cache: str | Path | None,
    progress: ReadingProgress | None,
    reporter: "Reporter | None",
) -> Path:
    """Train an interrupted run to its end, and return the path of its model.

    The arguments and the errors are those of `chargen.resume`.
    """
    started = time.monotonic()
    folder = run_folder(run)
    path = folder / RESUME_FILE
    if not path.exists():
        raise CheckpointError(f"There is no checkpoint {path}.")
    with locked(folder):  # from here on nobody else goes on with it or replaces it
        _, document = kept = read_arrays(path)
        try:
            config = RunConfig.from_json(document["config"])
            source, sha256 = Source.from_json(document["corpus"]), document["corpus"]["sha256"]
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise CheckpointError(
                f"{path} holds no run that this chargen can resume ({error!r}); start anew under "
                "another --name, or with --overwrite."
            ) from None
        for name, before, given in config.differences(settings):
            raise RunError(
                f"{folder} was started with {name} {before}, and {given} would make it another "
                "run; leave the option out, or start anew under another --name."
            )
        if not isinstance(corpus, Corpus):
            if not corpus and (source.paths is None or STANDARD_INPUT in source.paths):
                raise RunError(
                    f"{folder} was trained on a text that is no file; pass it again, as corpus."
                )
            paths: Paths = corpus or source.paths or []
            source = replace(source, paths=absolute(paths))  # where it is from now on
            corpus = _read(paths, source, config, cache=cache, progress=progress)
        if corpus.sha256 != sha256 or corpus.preparation != config.preparation:
            raise RunError(
                f"{corpus.name} is not the text that {folder} was trained on (its SHA-256 "
                "differs); restore it, or start anew under another --name."
            )
        _check_characters(corpus, folder, config, source)
        spans, held_out = train_validation_split(corpus, config.training.validation_fraction)
        parts = _streams(corpus, spans, config), held_out
        return _train(folder, corpus, parts, config, source, reporter, started=started, kept=kept)


def _refuse_to_replace(folder: Path, overwrite: bool) -> None:
    if not overwrite and holds_run(folder):
        raise RunError(
            f"{folder} holds a run already; go on with it (--resume, or chargen resume {folder}), "
            "choose another --name, or replace it with --overwrite."
        )


def _check_made(
    corpus: Corpus, settings: Mapping[str, Any], base: Checkpoint | None, *, grow: bool
) -> None:
    """Raise SettingError for a `Corpus` made otherwise than the settings and the base ask for."""
    for_files = {field.name for cls in (ReadingConfig, PreparationConfig) for field in fields(cls)}
    if odd := [name for name in settings if name in for_files]:
        raise SettingError(
            f"{odd[0]} is for files; a Corpus was read and prepared when it was made."
        )
    if base is not None:
        check_continues(corpus, base, grow=grow)


def _check_characters(corpus: Corpus, folder: Path, config: RunConfig, source: Source) -> None:
    """Raise RunError for a text that is the run's, but has other ids for its characters."""
    known = source.known.vocabulary.idx2char if source.known is not None else ""
    characters = corpus.vocabulary.idx2char
    if len(characters) != config.model.vocab_size or not set(known) <= set(characters):
        raise RunError(
            f"{corpus.name} was made with other characters than those of {folder}; make it with "
            "known=chargen.BaseVocabulary(model.vocabulary, grow=False, labels=model.labels), "
            f"where model is chargen.load({str(folder)!r})."
        )


def _read(paths: Paths, source: Source, config: RunConfig, **how: Any) -> Corpus:
    return read_corpus(paths, config.reading, config.preparation, known=source.known, **how)


def _completed(
    config: RunConfig, asked: Mapping[str, Any], corpus: Corpus, *, characters: int
) -> tuple[RunConfig, str]:
    """Return `config` with what preset and corpus decide, and a line that says what they chose.

    The settings that were `asked` for go before the preset's, which depend on the number of
    `characters` in the training part.
    """
    choice = choose_preset(
        config.training.preset,
        characters=characters,
        minutes=config.training.minutes,
        epochs=config.training.epochs,
        cell=config.model.cell,
        units=config.model.units if "units" in asked else None,
    )
    completed = RunConfig.of({**choice.settings, **asked}).for_corpus(
        vocab_size=corpus.vocabulary.vocab_size,
        labels=len(corpus.label_names),
        preparation=corpus.preparation,
    )
    return completed, choice.describe(asked)


def _streams(corpus: Corpus, spans: Spans, config: RunConfig) -> Streams:
    training = config.training
    return Streams(corpus.ids, training.batch_size, training.seq_length, spans, corpus.labels)


def _train(
    folder: Path,
    corpus: Corpus,
    parts: tuple[Streams, HeldOut],
    config: RunConfig,
    source: Source,
    reporter: "Reporter | None",
    *,
    started: float,
    notes: Iterable[str] = (),
    kept: tuple[Arrays, Mapping[str, Any]] | None = None,
    weights: Arrays | None = None,
) -> Path:
    """Train in `folder`, whose lock is held, and return the path of the model.

    A run starts from what was `kept` of it, else from `weights`, else from random weights. The
    minutes count from `started`, a time of `time.monotonic`, slow imports and all.
    """
    # All that can be wrong with text, settings and folder has been told; now the slow imports.
    from chargen.training.report import Terminal

    reporter = reporter if reporter is not None else Terminal()
    for line in (*preflight(corpus, config.model), *notes):
        reporter.say(line)
    from chargen.training.run import Run

    run = Run(folder, corpus, *parts, config, source.to_json(), reporter, started)
    if kept is not None:
        run.restore(*kept)
    else:  # a run that is replaced must not be resumed with the new one's weights beside it
        remove(folder / RESUME_FILE)
        if weights is not None:
            run.trainer.load_weights(weights)
    run.train()
    return folder / MODEL_FILE
