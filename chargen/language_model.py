"""A trained network in Python's hands: `load` one, then generate, stream, look inside."""

import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from chargen.checkpoint import Checkpoint
from chargen.config import ModelConfig, SamplingConfig
from chargen.config.base import check, is_integer
from chargen.errors import SettingError
from chargen.evaluation.loss import Evaluation, evaluate
from chargen.evaluation.score import TOP, Score, score
from chargen.generation.batching import Job, write_jobs
from chargen.generation.decoder import Decoder
from chargen.generation.generate import Writer
from chargen.generation.initial_state import beginning, choose_label, label_of
from chargen.generation.log_probs import Progress, no_progress
from chargen.generation.sample import Sample
from chargen.generation.sampler import Sampler
from chargen.generation.state import State
from chargen.storage.runs import find_checkpoint
from chargen.text.copies import CopyIndex
from chargen.text.unknown import PreparedText, Unknown
from chargen.text.vocabulary import Ids, Vocabulary

_MAX_TEXTS = 64  # written side by side; with more, a character takes longer and gains little

if TYPE_CHECKING:
    import keras

    from chargen.training.model import KerasDecoder

Engine = Literal["numpy", "keras"]
Text = str | PreparedText
"""A text as it is, or one that `Checkpoint.fit` made fit already and that is taken as it is."""


class LanguageModel:
    """A trained network, ready to write.

    One object serves one text at a time: its state moves with every call.

    Args:
        checkpoint: the trained network.
        engine: "numpy", or "keras" for the same network rebuilt in Keras, which is far slower.
    """

    def __init__(self, checkpoint: Checkpoint, engine: Engine = "numpy") -> None:
        self.checkpoint = checkpoint
        self._decoder: Decoder | "KerasDecoder"  # noqa: UP037
        label = np.zeros(1, np.int32) if checkpoint.labels else None  # until a text has one
        if engine == "numpy":
            self._decoder = Decoder(checkpoint, labels=label)
            self._most_texts = _MAX_TEXTS
        elif engine == "keras":
            from chargen.training.model import KerasDecoder

            self._decoder = KerasDecoder(checkpoint, labels=label)
            self._most_texts = 1  # its batch is fixed
        else:
            raise SettingError(f"engine must be numpy or keras; received {engine!r}.")

    @property
    def config(self) -> ModelConfig:
        """The network's shape."""
        return self.checkpoint.config

    @property
    def vocabulary(self) -> Vocabulary:
        """The characters it knows."""
        return self.checkpoint.vocabulary

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels that it can write as; none if it learned from a text without."""
        return tuple(self.checkpoint.labels)

    @property
    def label(self) -> str | None:
        """That of the text it last read or wrote."""
        return label_of(self.checkpoint, self.state)

    @property
    def origin(self) -> Mapping[str, Any]:
        """Where it came from: corpus, losses in nats per character, training settings."""
        return self.checkpoint.origin

    @property
    def state(self) -> State:
        """What the network remembers of the text it last read or wrote.

        It has read all but the last character that it drew. To carry on, give that character as
        the next prompt together with this state.
        """
        return self._decoder.state

    def stream(
        self,
        prompt: Text = "",
        *,
        state: State | None = None,
        sampler: Sampler | None = None,
        copies: CopyIndex | None = None,
        unknown: Unknown = "error",
        **settings: Any,
    ) -> Iterator[str]:
        """The text that continues a prompt, each character as soon as it is drawn.

        Where there are texts to stop at, what may be the beginning of one is held back.

        Args:
            prompt: what the text starts with; it is read but not given back. An empty one starts
                a document, where the corpus had several, else from a newline, or from the
                corpus's first character where it had none.
            state: what to remember before the prompt; None starts from nothing.
            sampler: used instead of what the settings say of temperature, top_k, top_p and min_p.
            copies: of the corpus that the setting `max_copy` is about; see `chargen.CopyIndex`.
            unknown: what to do with prompt characters that the model never saw: "error", "skip" or
                "nearest"; see `chargen.text.unknown.fit`.
            settings: any field of `SamplingConfig`, such as `length=1000, temperature=0.5`. Of a
                model with labels, `label` says which to write as; where it does not, the text
                goes on in that of the state, else in one drawn in proportion to how much text
                each had, by the seed.

        Raises:
            SettingError: if a setting is unknown or outside its limits, or a label unknown.
            UnknownCharacterError: if the prompt has characters that the model never saw.
            StateError: if the state is of another network.
        """
        config = self.sampling(settings)
        writer = Writer(self.vocabulary, config, sampler, copies, self.checkpoint.unknown)
        text = self._fitted(prompt, unknown)
        ids = self._ids(text)
        label = choose_label(self.checkpoint, state, config.label, seed=writer.seed)
        self._decoder.resume(beginning(self.checkpoint, state, label))
        return writer.stream(self._decoder, ids, stands_in=not text)

    def generate(
        self,
        prompt: Text = "",
        *,
        state: State | None = None,
        sampler: Sampler | None = None,
        copies: CopyIndex | None = None,
        unknown: Unknown = "error",
        **settings: Any,
    ) -> str:
        """The text that continues a prompt, without it; as `stream`, but whole."""
        prompt = PreparedText(
            self._fitted(prompt, unknown)
        )  # here, so that a warning names our caller
        return "".join(self.stream(prompt, state=state, sampler=sampler, copies=copies, **settings))

    def samples(
        self,
        prompts: Text | Sequence[Text] = "",
        *,
        n: int = 1,
        label: str | Sequence[str] | None = None,
        state: State | None = None,
        sampler: Sampler | None = None,
        copies: CopyIndex | None = None,
        unknown: Unknown = "error",
        log_probs: bool = False,
        top: int = 0,
        **settings: Any,
    ) -> Iterator[Sample]:
        """Several texts for each prompt and label, written side by side.

        Sample k of a seed and a prompt draws the same random numbers whatever `n` is, and
        whatever other prompts there are. So it is the same text, but for rounding: products of
        other shapes are summed in another order, which turns one draw in some 450,000.

        Args:
            prompts: one or several.
            n: how many texts for each.
            label: one or several; as for `stream`, a text without has one drawn.
            state: as for `stream`.
            sampler: as for `stream`.
            copies: as for `stream`.
            unknown: as for `stream`.
            log_probs: whether to note the log-probability of each character.
            top: how many of the likeliest characters to note in the place of each.
            settings: as for `stream`.

        Yields:
            The samples of the first prompt, in order, then those of the next; of each prompt,
            those of the first label, then those of the next.

        Raises:
            Errors as `stream` does.
        """
        for name, value, least in (("n", n, 1), ("top", top, 0)):
            check(name, value, is_integer(value, least), f"a whole number from {least}")
        config = self.sampling(settings)
        writer = Writer(self.vocabulary, config, sampler, copies, self.checkpoint.unknown)
        given = [prompts] if isinstance(prompts, Text) else prompts
        texts = list(map(partial(self._fitted, unknown=unknown), given))
        labels = [label] if label is None or isinstance(label, str) else list(label)
        begin = cache(partial(beginning, self.checkpoint, state))
        choose = partial(choose_label, self.checkpoint, state, seed=writer.seed)
        for each in labels:
            begin(choose(each))  # what is wrong is told at once
        jobs = (
            Job(text, prompt, start, number, label_of(self.checkpoint, start))
            for text, prompt in [(text, self._ids(text)) for text in texts]
            for each in labels
            for number in range(n)
            for start in [begin(choose(each, number=number))]
        )
        return write_jobs(
            self._decoder, writer, jobs, most=self._most_texts, log_probs=log_probs, top=top
        )

    def sampling(self, settings: Mapping[str, Any]) -> SamplingConfig:
        """The settings, and what the model adds to them: a document that ends is over.

        Raises:
            SettingError: if one is unknown or outside its limits.
        """
        config = SamplingConfig.of(settings)
        if self.checkpoint.end is not None:
            config = replace(config, stop=(*config.stop, self.checkpoint.end))
        return config

    def _ids(self, prompt: str) -> Ids:
        """What is read of a prompt; of an empty one, what stands for it."""
        return self.checkpoint.encode(prompt or self.checkpoint.start)

    def _fitted(self, text: Text, unknown: Unknown) -> str:
        """The text made fit; a warning says what was changed, where it was asked for."""
        if isinstance(text, PreparedText):
            return text.text
        fitted = self.checkpoint.fit(text, unknown)
        for note in fitted.notes:
            warnings.warn(note, stacklevel=3)
        return fitted.text

    def to_keras(self, batch_size: int = 1) -> "keras.Model":
        """The same network as a stateful Keras model with a fixed batch size.

        It takes ids, [batch_size, any number], and gives logits, [batch_size, number, vocab_size].
        Of a model with labels, it takes a list: ids, and the number of each one's label, its rank
        in `labels`.
        """
        from chargen.training.model import rebuild

        return rebuild(self.checkpoint, batch_size)

    def save(self, path: str | Path) -> None:
        """Write the model to a .safetensors file that `load` reads.

        Raises:
            StorageError: if it cannot be written.
        """
        self.checkpoint.save(path)

    def evaluate(
        self,
        text: Text,
        *,
        label: str | None = None,
        adapt: bool = False,
        unknown: Unknown = "error",
        progress: Progress = no_progress,
    ) -> Evaluation:
        """How well the network predicts a text, carried and windowed.

        Args:
            text: at least two characters; all but the first are predicted.
            label: which the text has, if the model has labels.
            adapt: measure dynamic evaluation too, the network going on learning as it reads a
                text; this imports TensorFlow. The model itself is never changed.
            unknown: what to do with characters that the model never saw, as for `stream`.
            progress: told each time how many more characters were read; two or, to adapt, three
                times the text's in all.

        Raises:
            CorpusError: if there is nothing to predict.
            SettingError: if the model has no such label, or needs one.
            UnknownCharacterError: if the text has characters that the model never saw.
        """
        ids = self.checkpoint.encode(self._fitted(text, unknown))
        result = evaluate(self.checkpoint, ids, label=label, progress=progress)
        if adapt:
            from chargen.training.dynamic_evaluation import adapted_loss

            adapted = adapted_loss(self.checkpoint, ids, label=label, progress=progress)
            result = replace(result, adapted=adapted)
        return result

    def score(
        self,
        text: Text,
        *,
        label: str | None = None,
        top: int = TOP,
        unknown: Unknown = "error",
        progress: Progress = no_progress,
    ) -> Score:
        """How much each character of a text surprises the network; a notebook shows it coloured.

        The first character counts too: it follows the start character, as where generation has
        no prompt.

        Args:
            text: at least one character.
            label: which the text has, if the model has labels.
            top: how many of the likeliest characters to keep at each place.
            unknown: as for `stream`.
            progress: told each time how many more characters were read.

        Raises:
            CorpusError: if the text is empty.
            SettingError: if `top` is not a whole number from 0; if the model has no such label,
                or needs one.
            UnknownCharacterError: if the text has characters that the model never saw.
        """
        fitted = self._fitted(text, unknown)
        return score(self.checkpoint, fitted, label=label, top=top, progress=progress)

    def __repr__(self) -> str:
        config = self.config
        labels = f", {config.labels} labels" if config.labels else ""
        return (
            f"LanguageModel({config.cell} {config.units}, {config.vocab_size} characters{labels})"
        )


def load(path: str | Path | None = None, *, engine: Engine = "numpy") -> LanguageModel:
    """A trained model.

    Args:
        path: a run's folder, a .safetensors file, or the name of a run under checkpoints/. None
            takes the run there that was written last, else the model that comes with chargen.
        engine: what computes; see `LanguageModel`.

    Raises:
        CheckpointError: if there is none, or it is damaged, foreign or too new.
    """
    return LanguageModel(Checkpoint.load(find_checkpoint(path)), engine)
