"""The distinct characters of a corpus, and the way from text to ids and back."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chargen.config.arguments import check_arguments
from chargen.config.base import check
from chargen.errors import CorpusError, UnknownCharacterError
from chargen.text.characters import code_points, describe, enumerate_some, refuse_surrogates

Ids = NDArray[np.integer[Any]]

BOUNDARY = "\0"  # where a document begins or ends; no text holds it, and it is sorted first
RARE = "\N{REPLACEMENT CHARACTER}"  # stands for all characters too rare to be learned

_UNKNOWN = -1


class Vocabulary:
    """A fixed set of characters (Unicode code points), sorted; the id of each is its rank.

    Args:
        characters: the characters, in any order, repeated or not.

    Raises:
        CorpusError: if there are none, or one is a lone surrogate, which no UTF-8 file can hold.
    """

    @check_arguments
    def __init__(self, characters: str) -> None:
        codes = np.unique(code_points(characters))
        if not codes.size:
            raise CorpusError("A vocabulary needs at least one character, received none.")
        refuse_surrogates(codes)
        self._codes = codes
        self.idx2char: str = codes.tobytes().decode("utf-32-le")

    @property
    def vocab_size(self) -> int:
        """Return how many characters there are."""
        return len(self.idx2char)

    @cached_property
    def char2idx(self) -> dict[str, int]:
        """Return the id of each character."""
        return {character: index for index, character in enumerate(self.idx2char)}

    @cached_property
    def _ids_by_code(self) -> Ids:
        """Return the id of each code point up to the highest known one, then one for all above."""
        table = np.full(int(self._codes[-1]) + 2, _UNKNOWN, dtype=np.int32)
        table[self._codes] = np.arange(self.vocab_size, dtype=np.int32)
        return table

    @check_arguments
    def encode(self, text: str) -> Ids:
        """Return the ids of `text`, int32, shape [len(text)].

        Raises:
            UnknownCharacterError: naming each character that is not in the vocabulary.
        """
        ids = self._ids_by_code.take(code_points(text), mode="clip")
        if ids.size and ids.min() == _UNKNOWN:
            unknown = sorted({text[i] for i in np.flatnonzero(ids == _UNKNOWN)})
            named = enumerate_some([describe(character) for character in unknown])
            raise UnknownCharacterError(
                f"The model never saw {named}; it knows {self.vocab_size} characters "
                "(`chargen info` lists them).",
                "Leave them out with --unknown skip, or take the nearest that it knows with "
                "--unknown nearest (from Python, unknown=...).",
            )
        return ids

    @check_arguments
    def decode(self, ids: Ids | Sequence[int]) -> str:
        """Return the text that `ids` stand for.

        Raises:
            SettingError: if they are not whole numbers in one dimension.
            IndexError: if one is not in 0..vocab_size-1.
        """
        ids = np.asarray(ids)
        is_list = ids.ndim == 1 and (ids.dtype.kind in "iu" or not ids.size)
        check("ids", ids, is_list, "a list of whole numbers")
        if ids.size and not 0 <= ids.min() <= ids.max() < self.vocab_size:
            raise IndexError(
                f"ids must be in 0..{self.vocab_size - 1}; received {ids.min()}..{ids.max()}"
            )
        return self._codes[ids.astype(np.intp)].tobytes().decode("utf-32-le")

    def __len__(self) -> int:
        return self.vocab_size

    def __contains__(self, character: str) -> bool:
        return character in self.char2idx

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Vocabulary) and self.idx2char == other.idx2char

    def __hash__(self) -> int:
        return hash(self.idx2char)

    def __repr__(self) -> str:
        return f"Vocabulary({self.idx2char!r})"
