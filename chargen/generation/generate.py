"""Writing: several texts side by side, each a draft until it is over.

Three tiers, each a few lines over the one below: `write` draws for all drafts, a `Writer` makes
the drafts that settings ask for, and `LanguageModel` puts prompts in and takes texts out. The
network and the sampler are passed in; neither knows of texts.
"""

from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np

from chargen.config import SamplingConfig
from chargen.errors import SettingError
from chargen.generation.logits_processors import NothingLeft, Rule, allowed, make_rules
from chargen.generation.sample import Record
from chargen.generation.sampler import Sampler, make_sampler
from chargen.generation.state import Floats, State
from chargen.generation.stopping import Ending, FinishReason
from chargen.text.copies import CopyIndex
from chargen.text.vocabulary import Ids, Vocabulary


class Network(Protocol):
    """What reads ids and says what may follow, such as `Decoder`."""

    @property
    def state(self) -> State:
        """What it remembers, of all texts that it reads."""

    def resume(self, state: State) -> None:
        """Go on from a state, with as many texts as it is of."""

    def step(self, ids: Ids) -> Floats:
        """Read one id of each text, [batch_size]; logits, [batch_size, vocab_size]."""

    def read(self, ids: Ids) -> Floats:
        """Read several ids of each text, [batch_size, n]; the logits after the last."""


class Draft:
    """One text while it is written.

    Sample k of a seed draws its random numbers from (seed, k) alone, so that it is the same text,
    but for rounding in the network, however many are written beside it.

    Args:
        characters: of the vocabulary, by id.
        ending: where it ends.
        rules: what it is held to; they have read the prompt.
        seed: of the random numbers.
        number: which sample of that seed it is.
        record: what takes notes of it, if anything.
    """

    def __init__(
        self,
        characters: str,
        ending: Ending,
        rules: Sequence[Rule] = (),
        *,
        seed: int = 0,
        number: int = 0,
        record: Record | None = None,
    ) -> None:
        self._characters, self._ending, self.rules = characters, ending, rules
        self._record = record
        sequence = np.random.SeedSequence(seed, spawn_key=(number,))
        self.uniform = np.random.default_rng(sequence).random

    @property
    def finish_reason(self) -> FinishReason | None:
        """Why it is over; None while it is not."""
        return self._ending.reason

    def adjust(self, logits: Floats) -> None:
        """Let the rules change the logits of the next character, in place."""
        try:
            for rule in self.rules:
                rule.adjust(logits)
        except NothingLeft:  # all that could be said would be a copy
            self._ending.reason = "max_copy"
            logits[:] = 0

    def add(self, index: int, logits: Floats) -> str:
        """Take the character that was drawn; gives what has become certain to be text."""
        if self._ending.reason:  # it was over before this one
            piece = self._ending.release()
        else:
            for rule in self.rules:
                rule.read(index)
            piece = self._ending.add(self._characters[index])
        if self._record is not None:
            self._record.add(piece, index, logits)
        return piece


def write(
    network: Network,
    drafts: Sequence[Draft],
    logits: Floats,
    sampler: Sampler,
    mask: Floats | None = None,
) -> Iterator[tuple[Draft, str]]:
    """Write texts side by side, a character of each in turn, until all are over.

    A text that is over leaves the batch. The network has not read the last character of any.

    Args:
        network: where the prompts have left it, a text for each draft.
        drafts: the texts.
        logits: after the prompts, shape [len(drafts), vocab_size].
        sampler: from logits to ids.
        mask: what to add to all logits, shape [vocab_size].

    Yields:
        A draft, and what of its text has become certain: mostly one character.
    """
    ids: Ids | None = None
    ruled = mask is not None or any(draft.rules for draft in drafts)
    while going := [i for i, draft in enumerate(drafts) if draft.finish_reason is None]:
        if len(going) < len(drafts):
            network.resume(network.state.rows(going))
            drafts, logits = [drafts[i] for i in going], logits[going]
            ids = ids if ids is None else ids[going]
        if ids is not None:
            logits = network.step(ids)
        adjusted = logits
        if ruled:
            adjusted = logits.copy() if mask is None else logits + mask
            for draft, row in zip(drafts, adjusted, strict=True):
                draft.adjust(row)
        ids = sampler(adjusted, np.array([draft.uniform() for draft in drafts]))
        for draft, index, row in zip(drafts, ids.tolist(), logits, strict=True):
            yield draft, draft.add(index, row)


class Writer:
    """Sampling settings made ready for a network's vocabulary.

    Attributes:
        seed: that of the settings, or the one that was drawn instead.

    Args:
        vocabulary: the network's.
        config: the settings.
        sampler: instead of what they say of temperature, top_k, top_p and min_p.
        copies: of the corpus that `max_copy` is about.
        unknown: the character of the vocabulary that stands for others, and is never written.

    Raises:
        SettingError: if the settings leave nothing to write with, or limit copies of no corpus.
    """

    def __init__(
        self,
        vocabulary: Vocabulary,
        config: SamplingConfig,
        sampler: Sampler | None = None,
        copies: CopyIndex | None = None,
        unknown: str | None = None,
    ) -> None:
        if config.max_copy is not None and copies is None:
            raise SettingError("max_copy needs a corpus whose passages are not to be copied.")
        self._vocabulary, self._config, self._copies = vocabulary, config, copies
        self._sampler = make_sampler(config) if sampler is None else sampler
        self._mask = allowed(config, vocabulary, unknown)
        fresh = int(np.random.SeedSequence().generate_state(1)[0])
        self.seed = fresh if config.seed is None else config.seed

    @property
    def characters(self) -> str:
        """Of the vocabulary, by id."""
        return self._vocabulary.idx2char

    def draft(
        self,
        prompt: Ids,
        number: int = 0,
        record: Record | None = None,
        *,
        stands_in: bool = False,
    ) -> Draft:
        """A new text, to continue a prompt, or one that only `stands_in` for an empty one.

        What stands in is no part of the text, and its rules do not count it.
        """
        prompt = prompt[:0] if stands_in else prompt
        return Draft(
            self.characters,
            Ending(self._config),
            make_rules(self._config, self._vocabulary, prompt, self._copies),
            seed=self.seed,
            number=number,
            record=record,
        )

    def stream(self, network: Network, prompt: Ids, *, stands_in: bool = False) -> Iterator[str]:
        """The text that continues a prompt, a piece at a time.

        Args:
            network: with the state that goes before the prompt, of one text.
            prompt: shape [n], n at least 1.
            stands_in: as for `draft`.
        """
        draft = self.draft(prompt, stands_in=stands_in)
        for _, piece in self.write(network, [draft], network.read(prompt[None])):
            if piece:
                yield piece

    def write(
        self, network: Network, drafts: Sequence[Draft], logits: Floats
    ) -> Iterator[tuple[Draft, str]]:
        """Write drafts; see `write`."""
        return write(network, drafts, logits, self._sampler, self._mask)
