"""From text to ids and back, as the corpus of one model was read: its tokenizer.

One token is one character. What was done to the corpus before it was learned is done to every
text that the model meets afterwards.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from chargen.config import PreparationConfig
from chargen.text.characters import code_points, refuse_surrogates
from chargen.text.documents import merge_boundaries, split_documents
from chargen.text.line_ends import MARKS, with_newlines
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
        separator: the text that the corpus was split into documents at, if it was.
        line_end: the one that the corpus has most, if its line ends were kept.
    """

    vocabulary: Vocabulary
    start: str
    preparation: PreparationConfig = PreparationConfig()
    separator: str | None = None
    line_end: str | None = None

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
    def newline(self) -> str | None:
        """Return the line end that the model writes where one is forced; None if it knows none."""
        known = filter(self._knows, filter(None, (self.line_end, *MARKS)))
        return next(known, None)

    @property
    def unknown(self) -> str | None:
        """Return the character that stands for all rare ones, if any; it is never written."""
        folded = self.preparation.min_count > 1 and RARE in self.vocabulary
        return RARE if folded else None

    def _knows(self, text: str) -> bool:
        return all(character in self.vocabulary for character in text)

    def prepare(self, text: str) -> str:
        """Do to a text what was done to the corpus; rare characters are left in it.

        A boundary stands in place of every document separator.
        """
        if self.separator is not None and self.boundary is not None:
            text = "".join(split_documents([text], self.separator))
        return prepare(text, self.preparation)

    def with_own_line_ends(self, text: str) -> str:
        """Return a text that is typed, with the line ends of a corpus that kept its own."""
        if self.line_end is None or not self._knows(self.line_end):
            return text
        return with_newlines(text, self.line_end)

    def prepare_prompt(self, text: str, unknown: Unknown = "error") -> PreparedText:
        """Make a text that the model is to go on with one that `encode` takes.

        Where one character stands for all rare ones, nothing is unknown. A line end becomes the
        one that the corpus has.

        Args:
            text: any text.
            unknown: what to do with characters that the model never saw: "error", "skip" or
                "nearest".

        Raises:
            CorpusError: if the text holds half of a character, and rare ones are left in it.
            SettingError: if `unknown` is none of the three.
            UnknownCharacterError: if the text has characters that the model never saw.
        """
        return self._readable(self.with_own_line_ends(self.prepare(text)), unknown)

    def prepare_text(self, texts: str | Iterable[str], unknown: Unknown = "error") -> PreparedText:
        """Make a text that is to be measured one that `encode` takes.

        A model of documents reads each text as one, or as several where the document separator
        stands, with a boundary before each; it goes past the last one only where a separator does.
        Any other model reads the texts as one.

        Args:
            texts: one or several.
            unknown: as for `prepare_prompt`.

        Raises:
            Errors as `prepare_prompt` does.
        """
        several = map(self.prepare, [texts] if isinstance(texts, str) else texts)
        if self.boundary is None:
            return self._readable("".join(several), unknown)
        return self._readable("".join(BOUNDARY + text for text in several), unknown)

    def _readable(self, text: str, unknown: Unknown) -> PreparedText:
        """Return a prepared text without unknown characters and empty documents."""
        check_unknown(unknown)
        if self.unknown is None:
            found = replace_unknown(text, self.vocabulary, unknown)
        else:
            refuse_surrogates(code_points(text))
            found = PreparedText(text)
        return replace(found, text=merge_boundaries(found.text))

    def show(self, text: str) -> str:
        """Return a prepared text for people to read, with a separator in place of each boundary."""
        return text.replace(BOUNDARY, self.separator or "")

    def encode(self, text: str) -> Ids:
        """Return the ids of a prepared text, shape [len(text)].

        Raises:
            UnknownCharacterError: if the text has characters that the model never saw.
        """
        if self.unknown is not None:
            text = fold_unknown(text, self.vocabulary)
        return self.vocabulary.encode(text)

    def encode_beginning(self, text: str) -> Ids:
        """Return the ids of what is read from a zero state before a prepared text goes on.

        It begins a document, where there are documents. An empty text is begun by `lead`.
        """
        if text and self.boundary is not None:
            text = BOUNDARY + text.removeprefix(BOUNDARY)
        return self.encode(text or self.lead)

    def encode_documents(self, texts: Iterable[str]) -> list[Ids]:
        """Return the ids of prepared texts, each shape [n], which together are those of a corpus.

        Where there are documents, a boundary stands before each and at the end.
        """
        if self.boundary is None:
            return [self.encode(text) for text in texts]
        inside = (text.strip(BOUNDARY) for text in texts)
        parts = [self.encode(BOUNDARY + text if text else "") for text in inside]
        if any(map(len, parts)):
            parts[-1] = np.append(parts[-1], self.encode(BOUNDARY))
        return parts

    def decode(self, ids: Ids) -> str:
        """Return the text that ids stand for.

        Raises:
            IndexError: if an id is not in 0..vocab_size-1.
        """
        return self.vocabulary.decode(ids)
