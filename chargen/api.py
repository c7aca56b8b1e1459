"""The door for Python: `train` a new run, `resume` one, or take a model `from_keras`."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from chargen.config.arguments import check_arguments
from chargen.config.keywords import ResumeKeywords, RunKeywords
from chargen.corpus.corpus import Corpus
from chargen.corpus.reader import ReadingProgress
from chargen.corpus.sources import Paths
from chargen.exports.from_keras import read_keras
from chargen.language_model import LanguageModel, load
from chargen.training.report import Reporter
from chargen.training.resume import resume_run
from chargen.training.start import Growth, start_run

if TYPE_CHECKING:
    import keras

__all__ = ["from_keras", "load", "resume", "train"]


@check_arguments
def train(
    corpus: Paths | Corpus,
    *,
    name: str | None = None,
    overwrite: bool = False,
    cache: str | Path | None = None,
    base: str | Path | None = None,
    vocabulary: Growth = "grow",
    progress: ReadingProgress | None = None,
    reporter: Reporter | None = None,
    **settings: Unpack[RunKeywords],
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
            preset's, else the defaults. Those of `ClusterConfig`, such as `workers`, say which
            machines train together; then the run is kept where worker 0 is.

    Raises:
        CorpusError: if the text cannot be read or learned from.
        SettingError: if a setting is unknown or outside its limits.
        RunError: if the run exists, or is in use.
        Interrupted: if Ctrl-C, SIGTERM or SIGHUP came; everything is saved. (A second one ends the
            process at once.)
        DivergedError: if the loss diverged, and again after every return to the last save.
        StorageError: if the run could not be written.
        ClusterError: if another worker is missing, differs or is gone.
    """
    return LanguageModel(
        start_run(
            corpus,
            settings,
            name=name,
            overwrite=overwrite,
            cache=cache,
            base=base,
            vocabulary=vocabulary,
            progress=progress,
            reporter=reporter,
        )
    )


@check_arguments
def resume(
    run: str | Path,
    *,
    minutes: float | None = None,
    epochs: int | None = None,
    corpus: Paths | Corpus | None = None,
    cache: str | Path | None = None,
    progress: ReadingProgress | None = None,
    reporter: Reporter | None = None,
    **settings: Unpack[ResumeKeywords],
) -> LanguageModel:
    """Continue a run, and return its best model.

    One that was interrupted ends with the model that it would have ended with. One that has
    finished goes on from its last weights if `minutes` or `epochs` say for how long; its learning
    rate rises and falls anew.

    Args:
        run: its folder, or its name under checkpoints/.
        minutes: how long a finished run goes on.
        epochs: the same in passes over its training part.
        corpus: the text, if it is no longer where it was; its content must be the same.
        cache: as for `train`.
        progress: as for `train`.
        reporter: as for `train`.
        settings: as for `train`; each must be as it was.

    Raises:
        CheckpointError: if there is no such run, or it is damaged.
        RunError: if the corpus or a setting is not what it was, or if the run has not finished and
            `minutes` or `epochs` are not its own.
        Others: as `train` does.
    """
    return LanguageModel(
        resume_run(
            run,
            settings,
            minutes=minutes,
            epochs=epochs,
            corpus=corpus,
            cache=cache,
            progress=progress,
            reporter=reporter,
        )
    )


@check_arguments
def from_keras(model: "keras.Model", vocabulary: Any) -> LanguageModel:
    """Take over a Keras model that something else trained, such as a tutorial's.

    It is an Embedding, one or more LSTM, GRU or SimpleRNN layers of one kind, and a Dense layer,
    with or without a softmax. Dropout between them has no effect. The model itself is not changed;
    where it is stateful, its states are as they were.

    Args:
        model: a built Keras model: Sequential, functional with one input, or a subclass.
        vocabulary: the id of each character, such as `char2idx`; or the characters in the order of
            their ids; or a `keras.layers.StringLookup`. Ids that have no character, such as that of
            "[UNK]", are never written; a NUL counts as none.

    Raises:
        CheckpointError: if the model has another shape, or computes something else; the message
            names the layer.
        SettingError: if the vocabulary does not fit the model.
    """
    return LanguageModel(read_keras(model, vocabulary))
