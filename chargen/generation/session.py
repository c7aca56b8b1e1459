"""One text that is written part after part, each going on exactly where the last one ended."""

import copy
from collections.abc import Generator as PyGenerator
from collections.abc import Iterator
from dataclasses import replace
from typing import Unpack

import numpy as np

from chargen.checkpoint import Checkpoint
from chargen.config import SamplingConfig
from chargen.config.arguments import check_arguments
from chargen.config.base import check
from chargen.config.keywords import SamplingKeywords
from chargen.generation.batching import Batch
from chargen.generation.blas import held
from chargen.generation.decoder import MakeDecoder
from chargen.generation.generate import (
    Generator,
    Sequence,
    fresh_seed,
    random_numbers,
)
from chargen.generation.initial_state import choose_label, first_logits, initial_state
from chargen.generation.novelty import Novelty
from chargen.generation.sampler import Sampler
from chargen.generation.stopping import FinishReason
from chargen.text.copies import CopyIndex
from chargen.text.unknown import PreparedText, Unknown

_KEEP_EVERY = 256  # characters; so many are read again at most after an interrupt


class Session:
    """One text, and all that going on with it needs: the state, the random numbers, the settings.

    Parts that are written one after the other, without a prompt between them, are the text that
    one longer part would have been. What a part left out, such as the text it stopped at, comes
    with the next one. Of a stop text that goes across two parts, the first keeps its beginning.

    Attributes:
        seed: of the random numbers.
        finish_reason: why the last part ended; None while it is written.

    Args:
        checkpoint: the network.
        make_decoder: gives decoders of the network.
        config: the settings, which each part may change.
        sampler: used instead of what they say of temperature, top_k, top_p and min_p.
        copies: of the corpus that `max_copy` and `unique` are about.

    Raises:
        SettingError: if the settings leave nothing to write with, or the network has no such label.
    """

    @check_arguments
    def __init__(
        self,
        checkpoint: Checkpoint,
        make_decoder: MakeDecoder,
        config: SamplingConfig,
        *,
        sampler: Sampler | None = None,
        copies: CopyIndex | None = None,
    ) -> None:
        self._checkpoint, self._make_decoder = checkpoint, make_decoder
        self._config, self._sampler, self._copies = config, sampler, copies
        self._novelty: Novelty | None = None  # once it matters
        self._generator(config)  # what is wrong with the settings is told at once
        self.seed = fresh_seed() if config.seed is None else config.seed
        self._random = random_numbers(self.seed)
        self._label = choose_label(checkpoint, config.label, seed=self.seed)
        self._state = initial_state(checkpoint, self._label)
        self._unread: list[int] = []  # ids that the network has not read since that state
        self._text: list[str] = []  # characters, prompts included
        self._prompt_end = 0  # of these, how many there are up to the end of the last prompt
        self._given = 0  # of these, how many were given
        self._part: PyGenerator[str, None, None] | None = None  # that was begun last
        self._rejected = 0  # parts that were not new
        self.finish_reason: FinishReason | None = None

    @property
    def text(self) -> str:
        """Return the text so far, prompts included."""
        return self._checkpoint.tokenizer.show("".join(self._text[: self._given]))

    @property
    def label(self) -> str | None:
        """Return the label that the text is written with, if the network has labels."""
        return self._label

    def fork(self) -> "Session":
        """Return a copy that goes on by itself, from the same place with the same numbers."""
        other = copy.copy(self)
        other._part, other._unread, other._text = None, list(self._unread), list(self._text)
        other._random, other._novelty = copy.deepcopy(self._random), copy.deepcopy(self._novelty)
        return other

    def remember(self, other: "Session") -> None:
        """Let this session and another write nothing, with `unique`, that either wrote with it.

        Raises:
            SettingError: if `other` is no session.
        """
        check("other", other, isinstance(other, Session), "a Session")
        if other._novelty is not None:
            self._novelty = self._novelty or Novelty(self._copies)
            self._novelty.share(other._novelty)

    @check_arguments
    def generate(
        self,
        prompt: str | PreparedText = "",
        *,
        unknown: Unknown = "error",
        **settings: Unpack[SamplingKeywords],
    ) -> str:
        """Return the next part of the text; as `stream`, but whole."""
        with held():
            return "".join(self.stream(prompt, unknown=unknown, **settings))

    @check_arguments
    def stream(
        self,
        prompt: str | PreparedText = "",
        *,
        unknown: Unknown = "error",
        **settings: Unpack[SamplingKeywords],
    ) -> Iterator[str]:
        """Give the next part of the text, each character as soon as it is drawn.

        A part may be left before its end; the next one goes on from there. To begin a part ends
        the one before it.

        Args:
            prompt: what the text goes on with; it is read but not given. An empty one changes
                nothing, but at the start of a text, which then begins where texts begin.
            unknown: what to do with characters that the model never saw; as for
                `CharTokenizer.prepare_prompt`.
            settings: fields of `SamplingConfig` for this part. A `seed` other than the last one
                starts its random numbers; another `label` turns the text to it, for good.

        Raises:
            SettingError: if a setting is unknown or outside its limits, or a label unknown.
            UnknownCharacterError: if the prompt has characters that the model never saw.
        """
        config = SamplingConfig.of({**self._config.to_json(), **settings})
        generator = self._generator(config)
        seed, label = settings.get("seed"), settings.get("label")
        tokenizer = self._checkpoint.tokenizer
        if not isinstance(prompt, PreparedText):
            prompt = tokenizer.prepare_prompt(prompt, unknown)
        is_first = not (self._text or self._unread)
        read = (tokenizer.encode_beginning if is_first else tokenizer.encode)(prompt.text)
        if self._part is not None:
            self._part.close()
        if label not in (None, self._label):
            labels = self._checkpoint.label_ids(label)
            self._label, self._state = label, replace(self._state, labels=labels)
        if seed not in (None, self.seed):
            self.seed, self._random = seed, random_numbers(seed)
        if prompt.text:
            self._text += prompt.text
            self._given = self._prompt_end = len(self._text)
        self._unread += read.tolist()
        self._part = self._write(generator)
        return self._part

    def _generator(self, config: SamplingConfig) -> Generator:
        tokenizer, novelty = self._checkpoint.tokenizer, None
        if config.unique:
            self._novelty = novelty = self._novelty or Novelty(self._copies)
        return Generator(tokenizer, config, self._sampler, self._copies, novelty)

    def _write(self, generator: Generator) -> PyGenerator[str, None, None]:
        tokenizer = self._checkpoint.tokenizer
        if left_out := "".join(self._text[self._given :]):
            self._given = len(self._text)
            yield tokenizer.show(left_out)
        before = self._state, list(self._unread), len(self._text)
        for _ in range(generator.max_rejected):
            if (yield from self._attempt(generator)):
                return
            self._state, self._unread, length = before[0], list(before[1]), before[2]
            del self._text[length:]
            self._given = length
            self._rejected += 1
            self._random = random_numbers(self.seed, self._rejected)
        self.finish_reason = "unique"

    def _attempt(self, generator: Generator) -> PyGenerator[str, None, bool]:
        """Write a part; return whether it was kept, which one that was to be new may not be."""
        tokenizer = self._checkpoint.tokenizer
        ids = tokenizer.encode("".join(self._text))
        written = "".join(self._text[self._prompt_end :])
        sequence = generator.sequence(ids, self._random.random, written=written)
        self.finish_reason = sequence.finish_reason
        if sequence.finish_reason is not None:
            return True
        decoder = self._make_decoder(self._state)
        logits = first_logits(decoder, tokenizer, np.array(self._unread, np.int32))
        batch = Batch(self._make_decoder)
        batch.add(sequence, decoder.state, logits)
        since, whole = 0, True  # characters since the state was kept; whether the last step ended
        held: list[str] | None = [] if generator.has_unique_texts else None
        try:
            while sequence.finish_reason is None:
                whole = False
                ((_, piece),) = batch.step()
                whole = True
                self.finish_reason = sequence.finish_reason
                if sequence.finish_reason != "max_copy":
                    self._text += sequence.taken
                    self._unread.append(sequence.drawn)
                    since += 1
                if held is None:
                    self._given += len(piece)
                else:  # the caller may want to stop meanwhile
                    held.append(piece)
                    piece = ""
                if since >= _KEEP_EVERY:
                    self._keep(batch, sequence)
                    since = 0
                if piece or held is not None:
                    yield piece
        finally:
            self._text += sequence.held
            if whole and since and sequence.finish_reason != "max_copy":
                self._keep(batch, sequence)
        text = "".join(held or ())
        if not generator.accepts(sequence, text):
            return False
        self._given += len(text)
        if text:
            yield text
        return True

    def _keep(self, batch: Batch, sequence: Sequence) -> None:
        """Keep the state as it is, which has read all but the last character."""
        self._state, self._unread = batch.state_of(sequence), [sequence.drawn]
