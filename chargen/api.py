"""The door for Python: `train` a new run, `resume` an interrupted one.

TensorFlow is not imported before all that can be wrong with text, settings and folder was told.
"""

import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

from chargen.checkpoint import Checkpoint
from chargen.config import RunConfig
from chargen.config.base import check
from chargen.corpus.corpus import Corpus, read_corpus
from chargen.corpus.encoder import BaseVocabulary
from chargen.corpus.reader import ReadingProgress
from chargen.corpus.sources import STANDARD_INPUT, Paths, absolute, run_name
from chargen.corpus.split import train_validation_split
from chargen.errors import CheckpointError, RunError
from chargen.language_model import LanguageModel, load
from chargen.storage.arrays import read_arrays
from chargen.storage.atomic import remove
from chargen.storage.runs import RESUME_FILE, find_checkpoint, locked, run_folder
from chargen.training import start
from chargen.training.warm_start import inherit_settings, warm_start_weights

if TYPE_CHECKING:
    from chargen.training.report import Reporter

Growth = Literal["grow", "keep"]


def train(
    corpus: Paths | Corpus,
    *,
    name: str | None = None,
    overwrite: bool = False,
    cache: str | Path | None = None,
    base: str | Path | None = None,
    vocabulary: Growth = "grow",
    progress: ReadingProgress | None = None,
    reporter: "Reporter | None" = None,
    **settings: Any,
) -> LanguageModel:
    """Train a network on a text, and return it with the best weights that were found.

    The run is kept in checkpoints/`name`. `resume` continues one that was interrupted.

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
    old, source, asked = None, start.Source(), settings
    if base is not None:
        old = Checkpoint.load(find_checkpoint(base))
        known = BaseVocabulary(old.tokenizer.vocabulary, vocabulary == "grow", tuple(old.labels))
        source = start.Source(base=str(base), known=known)
        asked = inherit_settings(old, settings)
    config = RunConfig.of(asked)  # bad settings are told before a long text is read
    start.check_text(corpus, settings, config, old, source)
    if name is None:
        name = run_name(corpus.name if isinstance(corpus, Corpus) else corpus)
    folder = run_folder(name)
    start.refuse_to_replace(folder, overwrite)
    if not isinstance(corpus, Corpus):
        source = replace(source, paths=absolute(corpus))
        how = config.reading, config.preparation
        corpus = read_corpus(corpus, *how, known=source.known, cache=cache, progress=progress)
    spans, held_out = train_validation_split(corpus, config.training.validation_fraction)
    config, note = start.complete(config, asked, corpus, characters=len(spans))
    notes = [note]
    if old is not None:
        new = corpus.vocabulary.vocab_size - old.config.vocab_size
        notes.insert(0, f"Goes on from {base}; {new:,} characters are new to it.")
    parts = start.cut(corpus, spans, config), held_out
    with locked(folder):
        start.refuse_to_replace(folder, overwrite)  # another process may have finished one
        run = start.build_run(folder, corpus, parts, config, source, reporter, started, notes)
        # A run that is replaced must not be resumed with the new one's weights beside it.
        remove(folder / RESUME_FILE)
        if old is not None:
            weights = warm_start_weights(old, corpus.vocabulary, corpus.label_names)
            run.trainer.load_weights(weights)
        run.train()
    return load(folder)


def resume(
    run: str | Path,
    *,
    corpus: Paths | Corpus | None = None,
    cache: str | Path | None = None,
    progress: ReadingProgress | None = None,
    reporter: "Reporter | None" = None,
    **settings: Any,
) -> LanguageModel:
    """Continue a run that was interrupted, and return the model it would have ended with.

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
    path = folder / RESUME_FILE
    if not path.exists():
        raise CheckpointError(f"There is no checkpoint {path}.")
    with locked(folder):  # from here on nobody else goes on with it or replaces it
        arrays, document = read_arrays(path)
        try:
            config = RunConfig.from_json(document["config"])
            source = start.Source.from_json(document["corpus"])
            sha256 = document["corpus"]["sha256"]
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
            how = config.reading, config.preparation
            corpus = read_corpus(paths, *how, known=source.known, cache=cache, progress=progress)
        start.check_same(corpus, folder, config, source, sha256)
        spans, held_out = train_validation_split(corpus, config.training.validation_fraction)
        parts = start.cut(corpus, spans, config), held_out
        resumed = start.build_run(folder, corpus, parts, config, source, reporter, started)
        resumed.restore(arrays, document)
        resumed.train()
    return load(folder)
