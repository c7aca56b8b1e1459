"""How text is drawn from a network."""

from collections.abc import Iterable
from dataclasses import dataclass

from chargen.config.base import Settings, check, is_positive, real, setting, whole

DEFAULT_LENGTH = 500
ENDING_LENGTH = 10_000  # of a text that is to end by itself, should it not


@dataclass(frozen=True, kw_only=True)
class SamplingConfig(Settings):
    """How text is drawn from a trained network.

    Raises:
        SettingError: if a value is outside its limits.
    """

    length: int | None = setting(
        None,
        f"characters to write at most; {DEFAULT_LENGTH}, or {ENDING_LENGTH:,} where a text ends by "
        "itself: with lines or stop, or from a model of documents",
    )
    lines: int | None = setting(None, "lines to write at most; the last newline is left out")
    stop: tuple[str, ...] = setting((), "a text to stop before, left out itself; may be repeated")
    only: str | None = setting(
        None, r"characters that may be written, as in a regular expression's brackets: 'a-z \n'"
    )
    ban: str | None = setting(None, "characters that may not be written, in the same form")
    repetition_penalty: float = setting(
        1.0, "divides the odds of the characters written last; 1 changes nothing"
    )
    repetition_window: int = setting(64, "how many characters back the repetition penalty looks")
    max_line: int | None = setting(None, "characters in a line before a newline is forced")
    max_copy: int | None = setting(
        None, "characters that may stand word for word, in one piece, in the corpus"
    )
    temperature: float = setting(0.8, "divides the logits; 0 always takes the likeliest character")
    top_k: int = setting(0, "draw from so many of the likeliest characters; 0 from all")
    top_p: float = setting(
        1.0, "draw from the fewest characters that together are at least so probable"
    )
    min_p: float = setting(
        0.0, "draw from characters at least so probable, as a share of the likeliest"
    )
    seed: int | None = setting(None, "of the random numbers; without one it is drawn")
    label: str | None = setting(
        None, "which of the model's labels to write as; without one it is drawn for each text"
    )

    def __post_init__(self) -> None:
        stop: object = (self.stop,) if isinstance(self.stop, str) else self.stop
        if isinstance(stop, Iterable):
            stop = tuple(stop)
        check(
            "stop",
            stop,
            isinstance(stop, tuple) and all(isinstance(text, str) and text for text in stop),
            "texts that are not empty",
        )
        object.__setattr__(self, "stop", stop)
        for name, least in (
            *(("length", 0), ("lines", 1), ("max_line", 1), ("max_copy", 1), ("seed", 0)),
            *(("top_k", 0), ("repetition_window", 1)),
        ):
            value = getattr(self, name)
            optional = name not in ("top_k", "repetition_window")
            check(
                name,
                value,
                (optional and value is None) or whole(value, least),
                f"a whole number from {least}",
            )
        check(
            "temperature",
            self.temperature,
            real(self.temperature) and self.temperature >= 0,
            "a finite number from 0",
        )
        for name in ("only", "ban", "label"):
            value = getattr(self, name)
            check(name, value, value is None or isinstance(value, str), "one text, or None")
        check("top_p", self.top_p, real(self.top_p) and 0 < self.top_p <= 1, "in (0, 1]")
        check("min_p", self.min_p, real(self.min_p) and 0 <= self.min_p <= 1, "in [0, 1]")
        check(
            "repetition_penalty",
            self.repetition_penalty,
            is_positive(self.repetition_penalty),
            "a number above 0",
        )

    @property
    def most(self) -> int:
        """How many characters may be written."""
        if self.length is not None:
            return self.length
        return ENDING_LENGTH if self.lines or self.stop else DEFAULT_LENGTH
