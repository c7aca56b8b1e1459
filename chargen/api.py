"""Training from Python: `train` a new run, `resume` an interrupted one."""

import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

from chargen.checkpoint import Checkpoint
from chargen.config import ModelConfig, PreparationConfig, ReadingConfig, TrainingConfig
from chargen.config.base import check
from chargen.config.presets import choose_preset
from chargen.corpus.corpus import Corpus, read_corpus
from chargen.corpus.encoder import BaseVocabulary
from chargen.corpus.reader import Progress
from chargen.corpus.sources import STANDARD_INPUT, Paths, absolute, run_name
from chargen.corpus.split import HeldOut, train_validation_split
from chargen.corpus.streams import Streams
from chargen.errors import CheckpointError, RunError, SettingError
from chargen.language_model import LanguageModel, load
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
from chargen.training.settings import (
    check_fits,
    check_made,
    check_unchanged,
    inherited_settings,
    kept_settings,
    sorted_settings,
)

Growth = Literal["grow", "keep"]

if TYPE_CHECKING:
    from chargen.training.report import Reporter


def train(
    corpus: Paths | Corpus,
    *,
    name: str | None = None,
    overwrite: bool = False,
    cache: str | Path | None = None,
    base: str | Path | None = None,
    vocabulary: Growth = "grow",
    progress: Progress | None = None,
    reporter: "Reporter | None" = None,
    **settings: Any,
) -> LanguageModel:
    """Train a network on a text and give the best weights it found.

    The run is kept in checkpoints/`name`. What was interrupted goes on with `resume`.

    Args:
        corpus: the path of a text file or a folder, a list of such, or a `Corpus`.
        name: the run's name under checkpoints/, or a path with a folder in it; None takes the
            corpus's name.
        overwrite: replace a run of that name.
        cache: the folder for texts too long for memory; None takes $CHARGEN_CACHE, else the
            system's.
        base: a trained model to go on from, as for `load`; its characters keep what is known of
            them, its shape is kept, and what was done to its text is done to this one, unless
            something else is asked for.
        vocabulary: whether new characters are added to the base's ("grow"), or not ("keep").
        progress: is told how many bytes of the text are read, of how many.
        reporter: who is told; None shows a progress bar and lines on standard error.
        settings: any field of `ReadingConfig`, `PreparationConfig`, `ModelConfig` (but vocab_size
            and labels, which the corpus gives) and `TrainingConfig`, such as `encoding="cp1252"`,
            `label="folder"`, `units=(256, 256)` or `minutes=3`. Those that are not given are the
            preset's, else the defaults.

    Raises:
        CorpusError: if the text cannot be read or learned from.
        SettingError: if a setting is unknown or outside its limits.
        RunError: if the run exists, or is in use.
        Interrupted: if Ctrl-C or SIGTERM came; everything is saved. (A second one ends the
            process at once.)
        DivergedError: if the loss broke and could not be mended.
        StorageError: if the run could not be written.
    """
    started = time.monotonic()
    check("vocabulary", vocabulary, vocabulary in get_args(Growth), "grow or keep")
    old = Checkpoint.load(find_checkpoint(base)) if base is not None else None
    known = (
        BaseVocabulary(old.tokenizer.vocabulary, vocabulary == "grow", tuple(old.labels))
        if old is not None
        else None
    )
    asked = sorted_settings(settings)
    if old is not None:
        asked = inherited_settings(old, asked)
    training_config = TrainingConfig(**asked[TrainingConfig])  # bad settings are told
    model_config = ModelConfig(vocab_size=2, **asked[ModelConfig])  # before reading
    reading = ReadingConfig(**asked[ReadingConfig])
    preparation = PreparationConfig(**asked[PreparationConfig])
    if training_config.weight_dropout and model_config.cell != "lstm":
        raise SettingError(f"weight_dropout is for lstm layers; these are {model_config.cell}.")
    if old is not None and old.labels and not reading.label and not isinstance(corpus, Corpus):
        raise SettingError(
            f"{base} has the labels {enumerate_some(list(old.labels))}; say which this text has, "
            "or a new one, as in --label 'NAME=*'."
        )
    if name is None:
        name = run_name(corpus.name if isinstance(corpus, Corpus) else corpus)
    folder = run_folder(name)
    _refuse_to_replace(folder, overwrite)
    source: dict[str, Any] = {}
    if isinstance(corpus, Corpus):
        check_made(corpus, settings, old, grow=vocabulary == "grow")
    else:
        source = {"paths": absolute(corpus), "reading": reading.to_json()}
        corpus = read_corpus(
            corpus, reading, preparation, known=known, cache=cache, progress=progress
        )
    notes, weights = [], None
    if old is not None and known is not None:
        from chargen.training.warm_start import warm_start_weights

        source |= {
            "from": str(base),
            "known": old.tokenizer.vocabulary.idx2char,
            "grow": known.grow,
        }
        if old.labels:
            source["labels"] = list(old.labels)
        weights = warm_start_weights(old, corpus.vocabulary, corpus.label_names)
        new = corpus.vocabulary.vocab_size - old.tokenizer.vocabulary.vocab_size
        notes.append(f"Goes on from {base}; {new:,} characters are new to it.")
    recipe = choose_preset(
        training_config.preset,
        characters=len(train_validation_split(corpus, training_config.validation_fraction)[0]),
        minutes=training_config.minutes,
        epochs=training_config.epochs,
        cell=model_config.cell,
        units=asked[ModelConfig].get("units"),
    )
    chosen = sorted_settings(recipe.settings)
    model_config = ModelConfig(
        vocab_size=corpus.vocabulary.vocab_size,
        labels=len(corpus.label_names),
        **chosen[ModelConfig] | asked[ModelConfig],
    )
    training_config = TrainingConfig(**chosen[TrainingConfig] | asked[TrainingConfig])
    parts = _parts(corpus, training_config)
    with locked(folder):
        _refuse_to_replace(folder, overwrite)  # another process may have finished one meanwhile
        return _run(
            folder,
            corpus,
            parts,
            model_config,
            training_config,
            source,
            reporter,
            started=started,
            notes=[*notes, recipe.describe({*settings, *asked[ModelConfig]})],
            weights=weights,
        )


def _refuse_to_replace(folder: Path, overwrite: bool) -> None:
    if not overwrite and holds_run(folder):
        raise RunError(
            f"{folder} holds a run already; go on with it (--resume, or chargen resume {folder}), "
            "choose another --name, or replace it with --overwrite."
        )


def resume(
    run: str | Path,
    *,
    corpus: Paths | Corpus | None = None,
    cache: str | Path | None = None,
    progress: Progress | None = None,
    reporter: "Reporter | None" = None,
    **settings: Any,
) -> LanguageModel:
    """Go on with a run that was interrupted, and end where it would have ended.

    Args:
        run: its folder, or its name under checkpoints/.
        corpus: the text, if it is no longer where it was; its content must be the same.
        cache: as for `train`.
        progress: as for `train`.
        reporter: as for `train`.
        settings: as for `train`; each must be as it was.

    Raises:
        CheckpointError: if there is no such run, or it is damaged.
        RunError: if the corpus or a setting is not what it was.
        Others: as `train` does.
    """
    started = time.monotonic()
    folder = run_folder(run)
    if not (folder / RESUME_FILE).exists():
        raise CheckpointError(f"There is no checkpoint {folder / RESUME_FILE}.")
    with locked(folder):  # from here on nobody else goes on with it or replaces it
        _, document = kept = read_arrays(folder / RESUME_FILE)
        configs = kept_settings(folder / RESUME_FILE, document)
        check_unchanged(folder, configs, settings)
        source = dict(document["corpus"])
        if not isinstance(corpus, Corpus):
            if not corpus and STANDARD_INPUT in source.get("paths", [STANDARD_INPUT]):
                raise RunError(
                    f"{folder} was trained on a text that is no file; pass it again, as corpus."
                )
            paths = corpus or source["paths"]
            source["paths"] = absolute(paths)  # where it is from now on
            corpus = _read_again(paths, source, configs, cache=cache, progress=progress)
        if corpus.sha256 != source["sha256"] or corpus.preparation != configs[PreparationConfig]:
            raise RunError(
                f"{corpus.name} is not the text that {folder} was trained on (its SHA-256 "
                "differs); restore it, or start anew under another --name."
            )
        check_fits(corpus, folder, configs[ModelConfig], source.get("known", ""))
        return _run(
            folder,
            corpus,
            _parts(corpus, configs[TrainingConfig]),
            configs[ModelConfig],
            configs[TrainingConfig],
            source,
            reporter,
            started=started,
            kept=kept,
        )


def _read_again(
    paths: Paths,
    source: Mapping[str, Any],
    configs: Mapping[type, Any],
    *,
    cache: str | Path | None,
    progress: Progress | None,
) -> Corpus:
    """The text of a run, read as it was when the run started."""
    known = (
        BaseVocabulary(Vocabulary(source["known"]), source["grow"], tuple(source.get("labels", ())))
        if "known" in source
        else None
    )
    return read_corpus(
        paths,
        configs[ReadingConfig],
        configs[PreparationConfig],
        known=known,
        cache=cache,
        progress=progress,
    )


def _parts(corpus: Corpus, config: TrainingConfig) -> tuple[Streams, HeldOut]:
    """What is learned and what is held out."""
    spans, held_out = train_validation_split(corpus, config.validation_fraction)
    streams = Streams(corpus.ids, config.batch_size, config.seq_length, spans, corpus.labels)
    return streams, held_out


def _run(
    folder: Path,
    corpus: Corpus,
    parts: tuple[Streams, HeldOut],
    model_config: ModelConfig,
    training_config: TrainingConfig,
    source: Mapping[str, Any],
    reporter: "Reporter | None",
    *,
    started: float,
    notes: Iterable[str] = (),
    kept: tuple[Arrays, Mapping[str, Any]] | None = None,
    weights: Arrays | None = None,
) -> LanguageModel:
    """Train in `folder`, whose lock is held, from the start or from what was kept there.

    The minutes count from `started`, a time of `time.monotonic`, slow imports and all.
    """
    # All that can be wrong with text, settings and folder has been told; now the slow imports.
    from chargen.training.report import Terminal

    reporter = reporter if reporter is not None else Terminal()
    for line in (*preflight(corpus, model_config), *notes):
        reporter.say(line)
    from chargen.training.run import Run

    run = Run(
        folder,
        corpus,
        *parts,
        model_config,
        training_config,
        source,
        reporter,
        started,
    )
    if kept is not None:
        run.restore(*kept)
    else:  # a run that is replaced must not be resumed with the new one's weights beside it
        remove(folder / RESUME_FILE)
        if weights is not None:
            run.trainer.inherit(weights)
    run.train()
    return load(folder / MODEL_FILE)
