"""A trained network in Python's hands: `load` one, then generate, stream, look inside."""

import warnings
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from chargen.checkpoint import Checkpoint, find_checkpoint
from chargen.config import ModelConfig, SamplingConfig
from chargen.errors import SettingError
from chargen.evaluation.loss import Evaluation, evaluate
from chargen.evaluation.score import TOP, Score, score
from chargen.evaluation.surprise import Progress, no_progress
from chargen.generation.decoder import Decoder
from chargen.generation.generate import Writer
from chargen.generation.sample import Record, Sample
from chargen.generation.sampler import Sampler
from chargen.generation.state import Floats, State
from chargen.text.copies import CopyIndex
from chargen.text.unknown import Unknown, fit
from chargen.text.vocabulary import Ids, Vocabulary

_MOST_TEXTS = 64  # written side by side; with more, a character takes longer and gains little

if TYPE_CHECKING:
    import keras

    from chargen.training.model import KerasDecoder

Engine = Literal["numpy", "keras"]


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
        if engine == "numpy":
            self._decoder = Decoder(checkpoint)
            self._most_texts = _MOST_TEXTS
        elif engine == "keras":
            from chargen.training.model import KerasDecoder

            self._decoder = KerasDecoder(checkpoint)
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
        prompt: str = "",
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
            copies: of the corpus that the setting `max_copy` is about; see `chargen.copy_index`.
            unknown: what to do with prompt characters that the model never saw: "error", "skip" or
                "nearest"; see `chargen.text.unknown.fit`.
            settings: any field of `SamplingConfig`, such as `length=1000, temperature=0.5`.

        Raises:
            SettingError: if a setting is unknown or outside its limits.
            UnknownCharacterError: if the prompt has characters that the model never saw.
            StateError: if the state is of another network.
        """
        writer = Writer(self.vocabulary, self._sampling(settings), sampler, copies)
        ids = self._prompt_ids(prompt, unknown)
        self._begin(state)
        return writer.stream(self._decoder, ids)

    def generate(
        self,
        prompt: str = "",
        *,
        state: State | None = None,
        sampler: Sampler | None = None,
        copies: CopyIndex | None = None,
        unknown: Unknown = "error",
        **settings: Any,
    ) -> str:
        """The text that continues a prompt, without it; as `stream`, but whole."""
        return "".join(
            self.stream(
                prompt, state=state, sampler=sampler, copies=copies, unknown=unknown, **settings
            )
        )

    def samples(
        self,
        prompts: str | Sequence[str] = "",
        *,
        n: int = 1,
        state: State | None = None,
        sampler: Sampler | None = None,
        copies: CopyIndex | None = None,
        unknown: Unknown = "error",
        log_probs: bool = False,
        top: int = 0,
        **settings: Any,
    ) -> Iterator[Sample]:
        """Several texts for each prompt, written side by side.

        Sample k of a seed and a prompt draws the same random numbers whatever `n` is, and
        whatever other prompts there are. So it is the same text, but for rounding: products of
        other shapes are summed in another order, which turns one draw in some 450,000.

        Args:
            prompts: one or several.
            n: how many texts for each.
            state: as for `stream`.
            sampler: as for `stream`.
            copies: as for `stream`.
            unknown: as for `stream`.
            log_probs: whether to note the log-probability of each character.
            top: how many of the likeliest characters to note in the place of each.
            settings: as for `stream`.

        Yields:
            The samples of the first prompt, in order, then those of the next.

        Raises:
            Errors as `stream` does.
        """
        for name, value, least in (("n", n, 1), ("top", top, 0)):
            if value < least:
                raise SettingError(f"{name} must be a whole number from {least}; received {value}.")
        writer = Writer(self.vocabulary, self._sampling(settings), sampler, copies)
        texts = [prompts] if isinstance(prompts, str) else list(prompts)
        ids = [self._prompt_ids(text, unknown) for text in texts]
        self._begin(state)
        jobs = ((which, number) for which in range(len(texts)) for number in range(n))

        def write(batch: Sequence[tuple[int, int]]) -> Iterator[Sample]:
            characters = self.vocabulary.idx2char
            records = [Record(characters, log_probs=log_probs, top=top) for _ in batch]
            drafts = [
                writer.draft(ids[which], number, record)
                for (which, number), record in zip(batch, records, strict=True)
            ]
            logits = self._read_all([ids[which] for which, _ in batch], state)
            deque(writer.write(self._decoder, drafts, logits), maxlen=0)
            for (which, number), draft, record in zip(batch, drafts, records, strict=True):
                yield record.sample(
                    prompt=texts[which],
                    seed=writer.seed,
                    number=number,
                    finish_reason=draft.finish_reason,
                )

        return chain.from_iterable(map(write, _batches(jobs, self._most_texts)))

    def _sampling(self, settings: Mapping[str, Any]) -> SamplingConfig:
        """The settings, and what the model adds to them.

        A document that ends is over, and the unknown is never written.
        """
        config = SamplingConfig.of(settings)
        if self.checkpoint.end is not None:
            config = replace(config, stop=(*config.stop, self.checkpoint.end))
        if self.checkpoint.unknown is not None and not (config.ban or "").startswith("^"):
            config = replace(config, ban=(config.ban or "") + self.checkpoint.unknown)
        return config

    def _prompt_ids(self, prompt: str, unknown: Unknown) -> Ids:
        text = self._fitted(prompt, unknown, stacklevel=4)
        return self.vocabulary.encode(text or self.checkpoint.start)

    def _fitted(self, text: str, unknown: Unknown, *, stacklevel: int = 3) -> str:
        """The text in known characters; a warning says what was changed, where it was asked for."""
        fitted = fit(self.checkpoint.prepare(text), self.vocabulary, unknown)
        for note in fitted.notes:
            warnings.warn(note, stacklevel=stacklevel)
        return fitted.text

    def _begin(self, state: State | None) -> None:
        """Be ready to read one prompt."""
        kind = self.config.cell, self.config.units, 1
        if state is None:
            state = State.zeros(*kind)
        state.check(*kind)
        self._decoder.resume(state)

    def _read_all(self, prompts: Sequence[Ids], state: State | None) -> Floats:
        """Read prompts, each after the same state, and be ready to go on with them side by side.

        Returns:
            The logits after each, shape [len(prompts), vocab_size].
        """
        states: list[State] = []
        logits: list[Floats] = []
        for number, prompt in enumerate(prompts):
            if number and prompt is prompts[number - 1]:
                states.append(states[-1])
                logits.append(logits[-1])
                continue
            self._begin(state)
            logits.append(self._decoder.read(prompt[None]))
            states.append(self._decoder.state)
        if len(states) > 1:
            self._decoder.resume(State.joined(states))
        return np.concatenate(logits)

    def to_keras(self, batch_size: int = 1) -> "keras.Model":
        """The same network as a stateful Keras model with a fixed batch size.

        It takes ids, [batch_size, any number], and gives logits, [batch_size, number, vocab_size].
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
        text: str,
        *,
        adapt: bool = False,
        unknown: Unknown = "error",
        progress: Progress = no_progress,
    ) -> Evaluation:
        """How well the network predicts a text, carried and windowed.

        Args:
            text: at least two characters; all but the first are predicted.
            adapt: measure dynamic evaluation too, the network going on learning as it reads a
                text; this imports TensorFlow. The model itself is never changed.
            unknown: what to do with characters that the model never saw, as for `stream`.
            progress: told each time how many more characters were read; two or, to adapt, three
                times the text's in all.

        Raises:
            CorpusError: if there is nothing to predict.
            UnknownCharacterError: if the text has characters that the model never saw.
        """
        ids = self.vocabulary.encode(self._fitted(text, unknown))
        result = evaluate(self.checkpoint, ids, progress=progress)
        if adapt:
            from chargen.training.adapt import adapted_loss

            adapted = adapted_loss(self.checkpoint, ids, progress=progress)
            result = replace(result, adapted=adapted)
        return result

    def score(
        self,
        text: str,
        *,
        top: int = TOP,
        unknown: Unknown = "error",
        progress: Progress = no_progress,
    ) -> Score:
        """How much each character of a text surprises the network; a notebook shows it coloured.

        The first character counts too: it follows the start character, as where generation has
        no prompt.

        Args:
            text: at least one character.
            top: how many of the likeliest characters to keep at each place.
            unknown: as for `stream`.
            progress: told each time how many more characters were read.

        Raises:
            CorpusError: if the text is empty.
            SettingError: if `top` is not a whole number from 0.
            UnknownCharacterError: if the text has characters that the model never saw.
        """
        fitted = self._fitted(text, unknown)
        return score(self.checkpoint, fitted, top=top, progress=progress)

    def __repr__(self) -> str:
        config = self.config
        return f"LanguageModel({config.cell} {config.units}, {config.vocab_size} characters)"


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


def _batches(jobs: Iterable[tuple[int, int]], size: int) -> Iterator[list[tuple[int, int]]]:
    """Lists of `size` jobs; the last may be shorter."""
    jobs = iter(jobs)
    while batch := list(islice(jobs, size)):
        yield batch
