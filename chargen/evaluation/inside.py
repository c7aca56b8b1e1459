"""What a model lets one see of itself while it reads: the part of `LanguageModel` that looks in."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

from chargen.checkpoint import Checkpoint
from chargen.config.arguments import check_arguments
from chargen.config.base import check, is_integer
from chargen.evaluation.activations import Activations, activations
from chargen.evaluation.memory import PLACES, Memory, memory
from chargen.evaluation.units import TOP, Asked, FoundUnit, find_units
from chargen.generation.decoder import MakeDecoder
from chargen.generation.log_probs import Progress, no_progress
from chargen.generation.weights import DecoderWeights
from chargen.text.unknown import PreparedText, Unknown
from chargen.text.vocabulary import Ids


class Inside(ABC):
    """The base of `LanguageModel`, which has the network and reads texts for it."""

    checkpoint: Checkpoint
    _make_decoder: MakeDecoder

    @property
    @abstractmethod
    def _weights(self) -> DecoderWeights:
        """Return the weights, with the clamps that there are."""

    @abstractmethod
    def _prepared(
        self, text: str | PreparedText, unknown: Unknown, *, is_prompt: bool = True
    ) -> PreparedText:
        """Return the text prepared; a warning says what was changed, where it was asked for."""

    @abstractmethod
    def _as_corpus(
        self, texts: Sequence[PreparedText], label: str | Sequence[str | None] | None
    ) -> tuple[Ids, Ids | None]:
        """Return the ids of several texts as those of one corpus, and the label of each id."""

    @check_arguments
    def activations(
        self,
        text: str | PreparedText,
        *,
        label: str | None = None,
        unknown: Unknown = "error",
        progress: Progress = no_progress,
    ) -> Activations:
        """Return what every recurrent unit does while the network reads a text.

            found = model.activations("The tide is out.")
            found.unit(layer=0, unit=12)  # h after each character, from -1 to 1

        The text is read as generation reads a prompt: from a zero state, and as a document where
        the corpus had several.

        Args:
            text: at least one character.
            label: as for `evaluate`.
            unknown: as for `stream`.
            progress: is told each time how many more characters were read.

        Raises:
            CorpusError: if the text is empty, or so long that the result would not fit in 1 GB.
            SettingError: if the model has no such label, or needs one.
            UnknownCharacterError: if the text has characters that the model never saw.
        """
        prepared = self._prepared(text, unknown, is_prompt=False)
        return activations(
            self.checkpoint, self._make_decoder, prepared.text, label=label, progress=progress
        )

    @check_arguments
    def find_units(
        self,
        feature: Asked,
        text: str | PreparedText,
        *,
        label: str | None = None,
        top: int = TOP,
        unknown: Unknown = "error",
        progress: Progress = no_progress,
    ) -> list[FoundUnit]:
        """Find the units that follow a feature of a text, by Pearson's correlation.

            model.find_units("line position", text)[0]

        Args:
            feature: the name of one of `chargen.FEATURES`, or a function that gives a number for
                each character of a text.
            text: two characters or more; with few, some unit follows anything by chance.
            label: as for `evaluate`.
            top: how many units to return.
            unknown: as for `stream`.
            progress: is told each time how many more characters were read.

        Returns:
            Of all layers, those with the greatest correlation of either sign, greatest first.

        Raises:
            CorpusError: if the feature is the same at every character of the text.
            SettingError: if there is no such feature, or `top` is not a whole number from 1; and
                errors as `activations` does.
        """
        prepared = self._prepared(text, unknown, is_prompt=False)
        return find_units(
            self.checkpoint,
            self._make_decoder,
            feature,
            prepared.text,
            label=label,
            top=top,
            progress=progress,
        )

    @check_arguments
    def memory(
        self,
        text: str | PreparedText,
        *,
        label: str | None = None,
        places: int = PLACES,
        unknown: Unknown = "error",
        progress: Progress = no_progress,
    ) -> Memory:
        """Measure how far back the network remembers: its loss against characters of context.

        The same characters are predicted at each context: after reading exactly 1, 2, 4 ... 256
        characters from a zero state, or as many as half of the text's characters have before them.

        Args:
            text: at least two characters; from 511 on, contexts go up to 256.
            label: as for `evaluate`.
            places: how many characters to predict at most, evenly chosen.
            unknown: as for `stream`.
            progress: is told each time how many more characters were read; in all, up to 511 for
                each place.

        Raises:
            Errors as `evaluate` does, and SettingError if `places` is not a whole number from 1.
        """
        check("places", places, is_integer(places, 1), "a whole number from 1")
        prepared = self._prepared(text, unknown, is_prompt=False)
        ids, labels = self._as_corpus([prepared], label)
        return memory(self._weights, ids, labels=labels, places=places, progress=progress)
