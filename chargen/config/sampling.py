"""How text is drawn from a network."""

from dataclasses import dataclass

from chargen.config.base import Settings, check, setting
from chargen.config.model import MAX_CHARACTERS

DEFAULT_LENGTH = 500
# Characters of a text that should end by itself but does not:
ENDING_LENGTH = 10_000  # with lines or stop, which were asked for
DOCUMENT_LENGTH = 2_000  # of a document

GREEDY_NO_REPEAT = 20  # characters; the default of no_repeat at temperature 0


@dataclass(frozen=True, kw_only=True)
class SamplingConfig(Settings):
    """How text is drawn from a network. A value outside its limits raises `SettingError`."""

    _group = "Choice of characters"

    length: int | None = setting(
        f"Write at most this many characters. If not given: {DEFAULT_LENGTH}, {DOCUMENT_LENGTH:,} "
        f"in a document, which ends by itself, or {ENDING_LENGTH:,} with lines or stop.",
        None,
        group="Length",
        short="-l",
    )
    min_length: int = setting(
        "Write at least this many characters before a text may end by itself.", 0, group="Length"
    )
    lines: int | None = setting(
        "Write at most this many lines; the last newline is left out.", None, min=1, group="Length"
    )
    stop: tuple[str, ...] = setting(
        "Stop before this text, which is left out itself. May be repeated.",
        (),
        group="Length",
        escapes=True,
    )
    only: str | None = setting(
        r"Write only these characters, given as in a regular expression's brackets: 'a-z \n'.", None
    )
    ban: str | None = setting(
        r"Never write these characters, given as in a regular expression's brackets: '0-9'.", None
    )
    no_repeat: int | None = setting(
        "Never write a stretch of this many characters, 2 or more, a second time; 0: write any. If "
        f"not given: {GREEDY_NO_REPEAT} at temperature 0, where a text would go round in circles, "
        "else 0.",
        None,
        max=10_000,
        expected="0, or a whole number from 2 to 10,000",
    )
    no_repeat_window: int = setting(
        "Number of characters that no-repeat looks back.", 10_000, min=1, max=1_000_000
    )
    unique: bool = setting(
        "Write only texts (with 2 lines or more: lines) that differ from each other and, if there "
        "is a corpus to compare with (--report-copies), from its lines and documents.",
        False,
    )
    max_line: int | None = setting(
        "Write at most this many characters in a line; it ends after a word where it can.",
        None,
        min=1,
        group="Length",
    )
    max_copy: int | None = setting(
        "Never copy more than this many characters in one piece from the corpus.", None, min=1
    )
    temperature: float = setting(
        "Divide the logits by this: low is predictable, high is surprising, and 0 always takes the "
        "most likely character.",
        0.8,
        short="-t",
    )
    top_k: int = setting(
        "Sample only from the k most likely characters (0: all).", 0, max=MAX_CHARACTERS
    )
    top_p: float = setting(
        "Sample only from the fewest characters whose probabilities add up to this (1: all).",
        1.0,
        max=1,
        excluded=0,
    )
    min_p: float = setting(
        "Sample only from characters at least this fraction as likely as the most likely (0: all).",
        0.0,
        max=1,
    )
    seed: int | None = setting(
        "Random seed; the same seed gives the same text. If not given, one is drawn.",
        None,
        max=2**64 - 1,
        short="-s",
    )
    label: str | None = setting(
        "Write in the style of this label of the model. If not given, one is drawn for each text.",
        None,
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        expected = f"at most length, which is {self.length}"
        fits = self.length is None or self.min_length <= self.length
        check("min_length", self.min_length, fits, expected)
        no_repeat = self.described()["no_repeat"]
        check("no_repeat", self.no_repeat, self.no_repeat != 1, no_repeat.in_words())

    @property
    def max_repeat(self) -> int:
        """The length of the stretches that may not repeat, in characters; 0 if any may."""
        if self.no_repeat is not None:
            return self.no_repeat
        return GREEDY_NO_REPEAT if self.temperature == 0 else 0

    @property
    def max_length(self) -> int:
        """The number of characters that may be written."""
        if self.length is not None:
            return self.length
        length = ENDING_LENGTH if self.lines or self.stop else DEFAULT_LENGTH
        return max(length, self.min_length)
