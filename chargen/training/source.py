"""Where the text of a run is, as the run keeps it for whoever resumes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from chargen.config.arguments import check_fields
from chargen.corpus.encoder import BaseVocabulary
from chargen.text.vocabulary import Vocabulary


@dataclass(frozen=True)
class Source:
    """Where the text of a run is, and the model that the run goes on from."""

    paths: list[str] | None = None  # None for a `Corpus` that the caller made
    base: str | None = None  # the model, as the caller named it
    known: BaseVocabulary | None = None  # its characters and labels
    held_out: str = ""  # the fingerprint of the validation part

    def to_json(self) -> dict[str, Any]:
        """Return the source as plain values."""
        known = self.known and [self.known.vocabulary.idx2char, self.known.grow, self.known.labels]
        held_out = self.held_out
        return {"paths": self.paths, "from": self.base, "known": known, "held_out": held_out}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Return the source that `to_json` wrote.

        Raises:
            KeyError, TypeError, ValueError, CorpusError: if a field is missing, or none of its
                kind.
        """
        known = None
        if values["known"] is not None:
            characters, grow, labels = values["known"]
            known = BaseVocabulary(Vocabulary(characters), grow, tuple(labels))
        source = cls(values["paths"], values["from"], known, values["held_out"])
        check_fields(source)
        return source
