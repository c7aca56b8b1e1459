"""How text is drawn from a network."""

from dataclasses import dataclass

from chargen.config.base import Settings, setting
from chargen.config.model import MAX_CHARACTERS

DEFAULT_LENGTH = 500
ENDING_LENGTH = 10_000  # characters of a text that should end by itself but does not
MAX_LENGTH = 10**12


@dataclass(frozen=True, kw_only=True)
class SamplingConfig(Settings):
    """How text is drawn from a trained network.

    Raises:
        SettingError: if a value is outside its limits.
    """

    _group = "Choice of characters"

    length: int | None = setting(
        None,
        help=f"Write at most this many characters. If not given: {DEFAULT_LENGTH}, or "
        f"{ENDING_LENGTH:,} where a text ends by itself (with lines or stop, or from a model of "
        "documents).",
        limits=(0, MAX_LENGTH),
        group="Length",
    )
    lines: int | None = setting(
        None,
        help="Write at most this many lines; the last newline is left out.",
        limits=(1, MAX_LENGTH),
        group="Length",
    )
    stop: tuple[str, ...] = setting(
        (), help="Stop before this text, which is left out itself. May be repeated.", group="Length"
    )
    only: str | None = setting(
        None,
        help=r"Write only these characters, given as in a regular expression's brackets: 'a-z \n'.",
    )
    ban: str | None = setting(
        None,
        help=r"Never write these characters, given as in a regular expression's brackets: '0-9'.",
    )
    repetition_penalty: float = setting(
        1.0,
        help="Divide the odds of the characters written last by this; 1 changes nothing.",
        limits=(0, 1_000_000),
        excluded=0,
    )
    repetition_window: int = setting(
        64,
        help="Number of characters that the repetition penalty looks back.",
        limits=(1, 1_000_000),
    )
    max_line: int | None = setting(
        None,
        help="Force a newline after this many characters in a line.",
        limits=(1, MAX_LENGTH),
        group="Length",
    )
    max_copy: int | None = setting(
        None,
        help="Never copy more than this many characters in one piece from the corpus.",
        limits=(1, MAX_LENGTH),
    )
    temperature: float = setting(
        0.8,
        help="Divide the logits by this: low is predictable, high is surprising, and 0 always "
        "takes the most likely character.",
        limits=(0, 1_000_000_000),
    )
    top_k: int = setting(
        0,
        help="Sample only from the k most likely characters (0: all).",
        limits=(0, MAX_CHARACTERS),
    )
    top_p: float = setting(
        1.0,
        help="Sample only from the fewest characters whose probabilities add up to this (1: all).",
        limits=(0, 1),
        excluded=0,
    )
    min_p: float = setting(
        0.0,
        help="Sample only from characters whose probability is at least this fraction of the most "
        "likely one's (0: all).",
        limits=(0, 1),
    )
    seed: int | None = setting(
        None,
        help="Random seed; the same seed gives the same text. If not given, one is drawn.",
        limits=(0, 2**64 - 1),
    )
    label: str | None = setting(
        None,
        help="Write in the style of this label of the model. If not given, one is drawn for each "
        "text.",
    )

    @property
    def max_length(self) -> int:
        """The number of characters that may be written."""
        if self.length is not None:
            return self.length
        return ENDING_LENGTH if self.lines or self.stop else DEFAULT_LENGTH
