"""What a model writes: the part of `LanguageModel` that generates text."""

import warnings
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Unpack

from chargen.checkpoint import Checkpoint
from chargen.config import SamplingConfig
from chargen.config.arguments import check_arguments
from chargen.config.base import check, is_integer
from chargen.config.keywords import SamplesKeywords, SamplingKeywords
from chargen.generation.batching import Request, generate_samples, stream_text
from chargen.generation.blas import held
from chargen.generation.decoder import MAX_BATCH, MakeDecoder
from chargen.generation.generate import Generator
from chargen.generation.initial_state import choose_label
from chargen.generation.recorder import Sample
from chargen.generation.sampler import Sampler
from chargen.generation.session import Session
from chargen.text.copies import CopyIndex
from chargen.text.unknown import PreparedText, Unknown

Text = str | PreparedText
"""A text as it is, or one that a `CharTokenizer` prepared, which is taken as it is."""


class Writing:
    """A base of `LanguageModel`, which has the network."""

    checkpoint: Checkpoint
    _make_decoder: MakeDecoder

    @check_arguments
    def session(
        self,
        *,
        sampler: Sampler | None = None,
        copies: CopyIndex | None = None,
        **settings: Unpack[SamplingKeywords],
    ) -> Session:
        """Begin a text that is written part after part, each going on where the last one ended.

            session = model.session(seed=1)
            session.generate("All: ", length=100)
            session.generate(length=100)  # the next 100 characters

        Args:
            sampler: as for `stream`.
            copies: as for `stream`.
            settings: as for `stream`; each part may change them.
        """
        config = SamplingConfig.of(settings)
        return Session(self.checkpoint, self._make_decoder, config, sampler=sampler, copies=copies)

    @check_arguments
    def stream(
        self,
        prompt: Text = "",
        *,
        sampler: Sampler | None = None,
        copies: CopyIndex | None = None,
        unknown: Unknown = "error",
        **settings: Unpack[SamplingKeywords],
    ) -> Iterator[str]:
        """Give the text that continues a prompt, each character as soon as it is drawn.

        Where there are texts to stop at, what may be the beginning of one is held back. With
        `unique`, the text comes as a whole (with `lines` from 2, line by line), and is empty if
        300 in a row were not new.

        Args:
            prompt: what the text starts with; it is read but not given back. An empty one starts
                a document, where the corpus had several, else a line, or a word where it has no
                lines; where it has no words either, the text begins with its first character.
            sampler: used instead of what the settings say of temperature, top_k, top_p and min_p.
            copies: of the corpus that the settings `max_copy` and `unique` are about; see
                `chargen.CopyIndex`.
            unknown: what to do with prompt characters that the model never saw: "error", "skip" or
                "nearest"; see `CharTokenizer.prepare_prompt`.
            settings: any field of `SamplingConfig`, such as `length=1000, temperature=0.5`. Of a
                model with labels, `label` says which to write as; where it does not, one is drawn
                by the seed, in proportion to how much text each had.

        Raises:
            SettingError: if a setting is unknown or outside its limits, or a label unknown;
                if there is no prompt, and `only` or `ban` rules out the first character.
            UnknownCharacterError: if the prompt has characters that the model never saw.
        """
        prepared = self._prepared(prompt, unknown)
        config = SamplingConfig.of(settings)
        generator = Generator(self.checkpoint.tokenizer, config, sampler, copies)
        choose_label(self.checkpoint, config.label, seed=generator.seed)  # what is wrong is told
        request = Request(prepared.text, 0, config.label)
        return stream_text(self.checkpoint, self._make_decoder, generator, request)

    @check_arguments
    def generate(
        self,
        prompt: Text = "",
        *,
        sampler: Sampler | None = None,
        copies: CopyIndex | None = None,
        unknown: Unknown = "error",
        **settings: Unpack[SamplingKeywords],
    ) -> str:
        """Return the text that continues a prompt, without it; as `stream`, but whole."""
        prepared = self._prepared(prompt, unknown)  # here, so that a warning names our caller
        pieces = self.stream(prepared, sampler=sampler, copies=copies, **settings)
        with held():
            return "".join(pieces)

    @check_arguments
    def samples(
        self,
        prompts: Text | Sequence[Text] = "",
        *,
        n: int = 1,
        label: str | Sequence[str | None] | None = None,
        sampler: Sampler | None = None,
        copies: CopyIndex | None = None,
        unknown: Unknown = "error",
        log_probs: bool = False,
        top: int = 0,
        **settings: Unpack[SamplesKeywords],
    ) -> Iterator[Sample]:
        """Write several texts for each prompt and label, side by side.

        Sample k of a seed and a prompt draws the same random numbers whatever `n` is, and
        whatever other prompts there are. So it is the same text, byte for byte, on one machine and
        with one build of NumPy; of sample 0, the one that `generate` and `stream` give. (Not with
        the engine "keras", whose rounding depends on how many texts are written side by side.)

        Args:
            prompts: one or several.
            n: how many texts for each.
            label: one or several; as for `stream`, a text without has one drawn.
            sampler: as for `stream`.
            copies: as for `stream`.
            unknown: as for `stream`.
            settings: as for `stream`.
            log_probs: whether to record the log-probability of each character.
            top: how many of the likeliest characters to record at each place.

        With `unique`, a text that is not new is left out, and sample n takes its place, and so on;
        so the numbers have gaps. When 300 in a row were not new, there are fewer than n texts. With
        `unique` and `lines` from 2 on, sample k depends on `n` and on the other prompts too, since
        texts that are written side by side leave out each other's lines.

        Yields:
            The samples of the first prompt, in order, then those of the next; of each prompt,
            those of the first label, then those of the next.
        """
        for name, value, least in (("n", n, 1), ("top", top, 0)):
            check(name, value, is_integer(value, least), f"a whole number from {least}")
        config = SamplingConfig.of(settings)
        generator = Generator(self.checkpoint.tokenizer, config, sampler, copies)
        given = [prompts] if isinstance(prompts, Text) else prompts
        # Mapped, not listed: a warning counts the frames to the line that asked.
        texts = list(map(partial(self._prepared, unknown=unknown), given))
        labels = [label] if label is None or isinstance(label, str) else list(label)
        for each in labels:  # what is wrong is told at once
            choose_label(self.checkpoint, each, seed=generator.seed)
        requests = (Request(text.text, 0, each, n) for text in texts for each in labels)
        return generate_samples(
            self.checkpoint,
            self._make_decoder,
            generator,
            requests,
            max_batch=MAX_BATCH,
            log_probs=log_probs,
            top=top,
        )

    @check_arguments
    def copy_index(self, texts: str | Sequence[str]) -> CopyIndex:
        """Return an index of the corpus, or of each of its files, read as the model reads a text.

        It is what `copies` takes, and finds what a text has copied.
        """
        tokenizer = self.checkpoint.tokenizer
        several = [texts] if isinstance(texts, str) else texts
        return CopyIndex([*map(tokenizer.prepare, several)], tokenizer.separator or "")

    def _prepared(self, text: Text, unknown: Unknown, *, is_prompt: bool = True) -> PreparedText:
        """Return the text prepared; a warning says what was changed, where it was asked for."""
        if isinstance(text, PreparedText):
            return text
        tokenizer = self.checkpoint.tokenizer
        prepare = tokenizer.prepare_prompt if is_prompt else tokenizer.prepare_text
        prepared = prepare(text, unknown)
        for note in prepared.notes:
            warnings.warn(note, stacklevel=4)  # to the caller of a checked method
        return prepared
