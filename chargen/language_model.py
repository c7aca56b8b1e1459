"""A trained network in Python's hands: `load` one, then generate, stream, look inside.

What writes is in `generation/writing.py`, what looks inside in `evaluation/inside.py`.
"""

import copy
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from chargen.checkpoint import Checkpoint, Origin
from chargen.config import ModelConfig
from chargen.config.arguments import check_arguments
from chargen.config.base import check
from chargen.errors import SettingError
from chargen.evaluation.inside import Inside
from chargen.evaluation.loss import Evaluation, evaluate
from chargen.evaluation.score import TOP, Score, score
from chargen.exports.formats import export
from chargen.generation.clamps import Clamp
from chargen.generation.decoder import Decoder, MakeDecoder
from chargen.generation.log_probs import Progress, bits, no_progress
from chargen.generation.weights import DecoderWeights
from chargen.generation.writing import Text, Writing
from chargen.storage.runs import find_checkpoint
from chargen.text.unknown import PreparedText, Unknown
from chargen.text.vocabulary import Ids, Vocabulary
from chargen.wording import count

if TYPE_CHECKING:
    import keras

_MAX_KERAS_BATCH = 65_536
Engine = Literal["numpy", "keras"]


class LanguageModel(Writing, Inside):
    """A trained network, ready to write.

    It does not change: any number of streams, sessions and threads can use it at the same time.

    Args:
        checkpoint: the trained network.
        engine: "numpy", or "keras" for the same network rebuilt in Keras, which is far slower.
        threads: how many threads multiply, at most one for each processor core; one where more
            would change the result. None takes one, or more while that is measured to be quicker.

    Raises:
        SettingError: if a setting is outside its limits, or threads cannot be set here.
    """

    @check_arguments
    def __init__(
        self, checkpoint: Checkpoint, engine: Engine = "numpy", *, threads: int | None = None
    ) -> None:
        self.checkpoint = checkpoint
        self._threads = threads
        self._clamps: tuple[Clamp, ...] = ()
        self._is_numpy = engine == "numpy"
        self._make_decoder: MakeDecoder
        if engine == "numpy":
            self._make_decoder = partial(Decoder, self._weights)
        elif engine == "keras":
            if threads is not None:
                raise SettingError("threads is for the numpy engine.", setting="threads")
            from chargen.training.model import KerasDecoder, KerasNetwork

            self._make_decoder = partial(KerasDecoder, KerasNetwork(checkpoint))
        else:
            raise SettingError(f"engine must be numpy or keras; received {engine!r}.")

    @cached_property
    def _weights(self) -> DecoderWeights:
        return DecoderWeights(self.checkpoint, self._threads)

    @property
    def clamps(self) -> tuple[Clamp, ...]:
        """Return the units that are held at a value; none but in what `clamped` returns."""
        return self._clamps

    @check_arguments
    def clamped(self, clamps: Sequence[Clamp]) -> "LanguageModel":
        """Return the same network with these units held at a value, and no others.

            silenced = model.clamped([chargen.Clamp(layer=0, unit=12, value=0)])
            silenced.generate("All: ", seed=1)

        All that it writes and measures is with the clamps. It shares the weights, so it costs
        nothing; this model does not change. No clamps give the network as it was trained.

        Raises:
            SettingError: if the network has no such unit, or one is clamped twice; if the engine
                is keras.
        """
        if not self._is_numpy:
            raise SettingError("Units can be clamped with the numpy engine only.")
        other = copy.copy(self)
        other._weights = weights = self._weights.clamped(clamps)
        other._make_decoder, other._clamps = partial(Decoder, weights), tuple(clamps)
        return other

    def _refuse_clamps(self, what: str) -> None:
        """Refuse to do what would leave out the clamps.

        Raises:
            SettingError: if there are any.
        """
        if self._clamps:
            raise SettingError(
                f"{what} leaves out the clamps of this model; lift them first: model.clamped([])."
            )

    @property
    def config(self) -> ModelConfig:
        """Return the network's shape."""
        return self.checkpoint.config

    @property
    def vocabulary(self) -> Vocabulary:
        """Return the characters it knows."""
        return self.checkpoint.tokenizer.vocabulary

    @property
    def labels(self) -> tuple[str, ...]:
        """Return the labels that it can write as; none if it learned from a text without."""
        return tuple(self.checkpoint.labels)

    @property
    def origin(self) -> Origin:
        """Return where it came from: corpus, losses in nats per character, training settings."""
        return self.checkpoint.origin

    @check_arguments
    def to_keras(self, batch_size: int = 1) -> "keras.Model":
        """Return the same network as a stateful Keras model with a fixed batch size.

        It takes ids, [batch_size, any number], and gives logits, [batch_size, number, vocab_size].
        Of a model with labels, it takes a list: ids, and the number of each one's label, its rank
        in `labels`.

        Raises:
            SettingError: if `batch_size` is not from 1 to 65,536, or units are clamped.
        """
        fits = 1 <= batch_size <= _MAX_KERAS_BATCH
        check("batch_size", batch_size, fits, f"from 1 to {_MAX_KERAS_BATCH:,}")
        self._refuse_clamps("to_keras")
        from chargen.training.model import rebuild

        return rebuild(self.checkpoint, batch_size)

    @check_arguments
    def save(self, path: str | Path) -> None:
        """Write the model to a .safetensors file that `load` reads.

        Raises:
            SettingError: if units are clamped.
            StorageError: if it cannot be written.
        """
        self._refuse_clamps("save")
        self.checkpoint.save(path)

    @check_arguments
    def export(
        self, path: str | Path, format: str, *, overwrite: bool = False, **options: Any
    ) -> None:
        """Write the model in the format of another program; `chargen.verify` checks it.

        Args:
            path: of the file to write, or of the folder to make.
            format: "page", "keras", "savedmodel", "onnx", "torch", "hub", "python" or "half".
            overwrite: whether what is there may be replaced.
            options: of "hub": `license` and `language`, for its model card.

        Raises:
            ExportError: if the format cannot hold the model, or the path does not fit it.
            MissingLibraryError: if the format needs one that is not installed.
            SettingError: if there is no such format, or it has no such option.
            StorageError: if there is something already, or it cannot be written.
        """
        export(self.checkpoint, format, path, overwrite=overwrite, **options)

    @check_arguments
    def evaluate(
        self,
        text: Text | Sequence[Text],
        *,
        label: str | Sequence[str | None] | None = None,
        adapt: bool = False,
        unknown: Unknown = "error",
        progress: Progress = no_progress,
    ) -> Evaluation:
        """Measure how well the network predicts a text, carried and windowed.

        A model of documents reads it as it read its corpus: cut at the document separator, if
        that had one, and predicts the end of each document too.

        Args:
            text: at least two characters, of which all but the first are predicted; or several
                texts, which a model of documents reads as documents, any other as one text.
            label: of the text, if the model has labels; or of each of several.
            adapt: measure dynamic evaluation too, where the network learns from the text as it
                reads; this imports TensorFlow. The model itself is never changed.
            unknown: as for `stream`.
            progress: is told each time how many more characters were read; in all, two or, to
                adapt, three times those of the text.

        Raises:
            CorpusError: if there is nothing to predict.
            SettingError: if the model has no such label, or needs one, or there are not as many as
                texts.
            UnknownCharacterError: if the text has characters that the model never saw.
        """
        several = [text] if isinstance(text, Text) else text
        check("text", several, bool(several), "one text or more")
        if adapt:
            self._refuse_clamps("adapt")
        texts = list(map(partial(self._prepared, unknown=unknown, is_prompt=False), several))
        ids, labels = self._as_corpus(texts, label)
        result = evaluate(self._weights, ids, labels=labels, progress=progress)
        if adapt:
            from chargen.training.dynamic_evaluation import adapted_loss

            adapted = adapted_loss(self.checkpoint, ids, labels=labels, progress=progress)
            result = replace(result, adapted=adapted)
        return result

    def _as_corpus(
        self, texts: Sequence[PreparedText], label: str | Sequence[str | None] | None
    ) -> tuple[Ids, Ids | None]:
        """Return the ids of several texts as those of one corpus, and the label of each id."""
        each_label = [label] * len(texts) if label is None or isinstance(label, str) else label
        if len(each_label) != len(texts):
            raise SettingError(
                f"There are {len(each_label):,} labels for {len(texts):,} texts; give one for each."
            )
        checkpoint = self.checkpoint
        parts = checkpoint.tokenizer.encode_documents(text.text for text in texts)
        labels = [
            checkpoint.label_ids(name, len(part))
            for name, part in zip(each_label, parts, strict=True)
        ]
        of_all = [numbers for numbers in labels if numbers is not None]
        return np.concatenate(parts), np.concatenate(of_all) if of_all else None

    @check_arguments
    def score(
        self,
        text: Text,
        *,
        label: str | None = None,
        top: int = TOP,
        unknown: Unknown = "error",
        progress: Progress = no_progress,
    ) -> Score:
        """Measure how much each character of a text surprises the network.

        The first character counts too: it follows the start character, as where generation has
        no prompt. A model of documents reads the text cut at the document separator, if its corpus
        had one; in place of each stands a NUL, the end of a document.

        Args:
            text: at least one character.
            label: as for `evaluate`.
            top: how many of the likeliest characters to keep at each place.
            unknown: as for `stream`.
            progress: is told each time how many more characters were read.

        Raises:
            Errors as `evaluate` does, and SettingError if `top` is not a whole number from 0.
        """
        prepared = self._prepared(text, unknown, is_prompt=False)
        return score(self._weights, prepared.text, label=label, top=top, progress=progress)

    def __repr__(self) -> str:
        config, origin = self.config, self.origin
        said = [f"{config.cell} {config.units}", count(config.vocab_size, "character")]
        if config.labels:
            said.append(count(config.labels, "label"))
        if origin.corpus is not None:
            said.append(f"corpus {origin.corpus!r}")
        loss = origin.loss if origin.carried is None else origin.carried
        if loss is not None:
            which = "training" if origin.carried is None else "held-out"
            said.append(f"{which} loss {loss:.4f} nats = {bits(loss):.4f} bits per character")
        if self._clamps:
            said.append(f"{count(len(self._clamps), 'unit')} clamped")
        return f"LanguageModel({', '.join(said)})"


@check_arguments
def load(
    path: str | Path | None = None, *, engine: Engine = "numpy", threads: int | None = None
) -> LanguageModel:
    """Load a trained model.

    Args:
        path: a run's folder, a .safetensors file, or the name of a run under checkpoints/. None
            takes the run there that was written last, else the model that comes with chargen.
        engine: what computes; see `LanguageModel`.
        threads: how many threads multiply; see `LanguageModel`.

    Raises:
        CheckpointError: if there is none, or it is damaged, foreign or too new.
        SettingError: as `LanguageModel` does.
    """
    return LanguageModel(Checkpoint.load(find_checkpoint(path)), engine, threads=threads)
