"""From text to ids and back, as the corpus of one model was read: its tokenizer.

One token is one character. What was done to the corpus before it was learned is done to every
text that the model meets afterwards.
"""

from dataclasses import dataclass

from chargen.config import PreparationConfig
from chargen.text.characters import code_points, refuse_surrogates
from chargen.text.preparation import fold_unknown, prepare
from chargen.text.unknown import PreparedText, Unknown, check_unknown, replace_unknown
from chargen.text.vocabulary import BOUNDARY, RARE, Ids, Vocabulary


@dataclass(frozen=True)
class CharTokenizer:
    """Turn text into ids and ids into text.

    Args:
        vocabulary: the characters that the model knows.
        start: the character that a text begins after where there is no prompt, or, if it can be
            seen, with.
        preparation: what was done to the corpus.
    """

    vocabulary: Vocabulary
    start: str
    preparation: PreparationConfig = PreparationConfig()

    @property
    def boundary(self) -> str | None:
        """Return the character between two documents; None where there are no documents."""
        return BOUNDARY if BOUNDARY in self.vocabulary else None

    @property
    def boundary_id(self) -> int | None:
        """Return the id of the boundary, if there is one."""
        return self.vocabulary.char2idx.get(BOUNDARY)

    @property
    def lead(self) -> str:
        """Return what the model reads, and does not write, where there is no prompt."""
        return self.start if self.start == BOUNDARY or self.start.isspace() else ""

    @property
    def unknown(self) -> str | None:
        """Return the character that stands for all rare ones, if any; it is never written."""
        folded = self.preparation.min_count > 1 and RARE in self.vocabulary
        return RARE if folded else None

    def prepare(self, text: str) -> str:
        """Do to a text what was done to the corpus; rare characters are left in it."""
        return prepare(text, self.preparation)

    def prepare_prompt(self, text: str, unknown: Unknown = "error") -> PreparedText:
        """Make a text one that `encode` takes.

        Where one character stands for all rare ones, nothing is unknown.

        Args:
            text: any text.
            unknown: what to do with characters that the model never saw: "error", "skip" or
                "nearest".

        Raises:
            CorpusError: if the text holds half of a character, and rare ones are left in it.
            SettingError: if `unknown` is none of the three.
            UnknownCharacterError: if the text has characters that the model never saw.
        """
        text = self.prepare(text)
        if self.unknown is None:
            return replace_unknown(text, self.vocabulary, unknown)
        check_unknown(unknown)
        refuse_surrogates(code_points(text))
        return PreparedText(text)

    def encode(self, text: str) -> Ids:
        """Return the ids of a prepared text, shape [len(text)].

        Raises:
            UnknownCharacterError: if the text has characters that the model never saw.
        """
        if self.unknown is not None:
            text = fold_unknown(text, self.vocabulary)
        return self.vocabulary.encode(text)

    def decode(self, ids: Ids) -> str:
        """Return the text that ids stand for.

        Raises:
            IndexError: if an id is not in 0..vocab_size-1.
        """
        return self.vocabulary.decode(ids)
