"""All settings: their defaults, their limits, and the checks that hold them to these."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, Literal, Self, TypeGuard, get_args

from chargen.errors import SettingError

Cell = Literal["lstm", "gru", "rnn"]
Preset = Literal["auto", "tiny", "small", "base", "large"]
Precision = Literal["auto", "float32", "bfloat16"]
Normalization = Literal["NFC", "NFKC"]
Newlines = Literal["keep", "unix"]
DEFAULT_MINUTES = 10.0
DEFAULT_LENGTH = 500
ENDING_LENGTH = 10_000  # of a text that is to end by itself, should it not
CELLS: tuple[str, ...] = get_args(Cell)
PRESETS: tuple[str, ...] = get_args(Preset)
PRECISIONS: tuple[str, ...] = get_args(Precision)
NORMALIZATIONS: tuple[str, ...] = get_args(Normalization)
NEWLINES: tuple[str, ...] = get_args(Newlines)
LABEL_RULES = ("folder", "file")


def _check(name: str, value: object, ok: bool, expected: str) -> None:
    if not ok:
        raise SettingError(f"{name} must be {expected}; received {value!r}.")


def setting(default: Any, about: str, *, by_preset: bool = False, bare: str | None = None) -> Any:
    """A field with its default and, for help pages, what it is and in which unit.

    Where `by_preset`, `chargen train` takes what the preset says instead of the default. An option
    that is given without a value has the value `bare`, if that may be.
    """
    return field(default=default, metadata={"about": about, "by_preset": by_preset, "bare": bare})


def _whole(value: object, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def _real(value: object) -> TypeGuard[float]:
    # Compared, because math.isfinite fails on an integer too large for a float.
    return isinstance(value, (int, float)) and abs(value) <= sys.float_info.max


def _above_0(value: object) -> bool:
    return _real(value) and value > 0


class _Settings:
    """What the settings classes share: a form that JSON can hold."""

    _added: ClassVar[tuple[str, ...]] = ()
    """Fields that files may lack, as those do that were written before there were any."""

    def to_json(self) -> dict[str, Any]:
        """The settings as plain values; what was added is left out where it says nothing."""
        return {
            each.name: getattr(self, each.name)
            for each in fields(self)  # type: ignore[arg-type]
            if each.name not in self._added or getattr(self, each.name) != each.default
        }

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> Self:
        """The settings given by name, and the defaults of the others.

        Raises:
            SettingError: if a name is unknown or a value is outside its limits.
        """
        known = [field.name for field in fields(cls)]  # type: ignore[arg-type]
        if unknown := sorted(set(settings) - set(known)):
            raise SettingError(f"There is no setting {unknown[0]!r}; there are {', '.join(known)}.")
        return cls(**settings)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """The settings that `to_json` wrote.

        Raises:
            SettingError: if a name is missing or unknown, or a value is outside its limits.
        """
        known = {field.name for field in fields(cls)}  # type: ignore[arg-type]
        if odd := known.symmetric_difference(values) - set(cls._added):
            raise SettingError(f"{cls.__name__} does not fit: {', '.join(sorted(odd))}.")
        return cls(**values)


@dataclass(frozen=True, kw_only=True)
class ReadingConfig(_Settings):
    """Which files a corpus is read from, and how their bytes become text.

    Raises:
        SettingError: if a value is outside its limits.
    """

    _added = ("label",)

    include: tuple[str, ...] = setting(
        (), "of a folder, only the files whose name or path fits this; may be repeated"
    )
    label: tuple[str, ...] = setting(
        (),
        "label each file by the folder it is in, by its own name (file), or with NAME where its "
        "name or path fits (NAME=PATTERN); may be repeated, the first that fits counts",
        bare="folder",
    )
    encoding: str = setting("utf-8", "of the files; auto detects that of each")
    document_separator: str | None = setting(
        None, "text between two documents; \\n, \\t and \\f stand for those characters"
    )
    max_expansion: float = setting(
        250.0, "a compressed file may grow to so many times its size, if that is above 64 MB"
    )

    def __post_init__(self) -> None:
        if isinstance(self.include, list):  # as JSON has it
            object.__setattr__(self, "include", tuple(self.include))
        _check(
            "include",
            self.include,
            isinstance(self.include, tuple)
            and all(isinstance(each, str) and each for each in self.include),
            "patterns, such as *.txt",
        )
        self._check_label()
        _check(
            "document_separator",
            self.document_separator,
            self.document_separator is None or bool(self.document_separator),
            "a text of one character or more",
        )
        _check(
            "max_expansion",
            self.max_expansion,
            _real(self.max_expansion) and self.max_expansion >= 1,
            "a number from 1",
        )

    def _check_label(self) -> None:
        rules = (self.label,) if isinstance(self.label, str) else self.label
        _check("label", rules, isinstance(rules, tuple | list), "one rule, or several")
        object.__setattr__(self, "label", tuple(rules))
        for rule in rules:
            name, _, pattern = rule.partition("=") if isinstance(rule, str) else ("", "", "")
            _check(
                "label",
                rule,
                rule in LABEL_RULES or bool(name and pattern),
                f"{', '.join(LABEL_RULES)} or NAME=PATTERN (a text to learn from goes before it)",
            )


@dataclass(frozen=True, kw_only=True)
class PreparationConfig(_Settings):
    """What is done to a text before it is learned, and to every prompt.

    Raises:
        SettingError: if a value is outside its limits.
    """

    normalize: Normalization | None = setting(None, "bring characters to this Unicode form")
    newlines: Newlines = setting("keep", "unix makes every line end a line feed")
    lowercase: bool = setting(False, "make all letters small")
    min_count: int = setting(
        1, "characters seen less often become one unknown, which is never written"
    )

    def __post_init__(self) -> None:
        _check(
            "normalize",
            self.normalize,
            self.normalize is None or self.normalize in NORMALIZATIONS,
            "one of " + ", ".join(NORMALIZATIONS),
        )
        _check("newlines", self.newlines, self.newlines in NEWLINES, "keep or unix")
        _check("lowercase", self.lowercase, isinstance(self.lowercase, bool), "true or false")
        _check("min_count", self.min_count, _whole(self.min_count, 1), "a whole number from 1")


@dataclass(frozen=True, kw_only=True)
class ModelConfig(_Settings):
    """The shape of the network: Embedding → one or more recurrent layers → Dense.

    Raises:
        SettingError: if a value is outside its limits.
    """

    _added = ("labels",)

    vocab_size: int  # distinct characters
    embedding_dim: int = setting(64, "width of a character's vector")
    cell: Cell = setting("lstm", "kind of recurrent layer")
    units: tuple[int, ...] = setting(
        (512,), "width of each recurrent layer, first to last", by_preset=True
    )
    dropout: float = setting(
        0.1, "share of each recurrent layer's outputs dropped in training", by_preset=True
    )
    labels: int = 0  # styles to tell apart; 0 for a network that is told none

    def __post_init__(self) -> None:
        _check("vocab_size", self.vocab_size, _whole(self.vocab_size, 2), "a whole number from 2")
        _check(
            "embedding_dim",
            self.embedding_dim,
            _whole(self.embedding_dim, 1),
            "a whole number from 1",
        )
        _check("cell", self.cell, self.cell in CELLS, "one of " + ", ".join(CELLS))
        if isinstance(self.units, list):  # as JSON has it
            object.__setattr__(self, "units", tuple(self.units))
        _check(
            "units",
            self.units,
            isinstance(self.units, tuple)
            and bool(self.units)
            and all(_whole(width, 1) for width in self.units),
            "one or more whole numbers from 1, a width per layer, such as 512 or 512,128",
        )
        _check("dropout", self.dropout, _real(self.dropout) and 0 <= self.dropout < 1, "in [0, 1)")
        _check("labels", self.labels, _whole(self.labels, 0), "a whole number from 0")


@dataclass(frozen=True, kw_only=True)
class TrainingConfig(_Settings):
    """How the network learns.

    Raises:
        SettingError: if a value is outside its limits.
    """

    preset: Preset = setting("auto", "what suits the corpus and the time: widths, dropout, streams")
    minutes: float | None = setting(None, "how long to train, in all; 10 where neither is given")
    epochs: int | None = setting(None, "times through the training part, instead of minutes")
    batch_size: int = setting(32, "streams read side by side", by_preset=True)
    seq_length: int = setting(
        16, "characters between updates; gradients reach no further back", by_preset=True
    )
    restarts: float = setting(0.02, "share of the rows that start a batch from a zero state")
    learning_rate: float = setting(4e-3, "the highest, after warm-up", by_preset=True)
    warmup_steps: int = setting(50, "steps of linear rise to it")
    floor: float = setting(0.05, "what the cosine falls to, as a share of the highest")
    precision: Precision = setting("auto", "of the factors of matrix products in LSTM layers")
    weight_dropout: float = setting(
        0.0, "share of each LSTM layer's recurrent weights dropped", by_preset=True
    )
    weight_decay: float = setting(
        0.1, "a step shrinks the kernels by this times the learning rate", by_preset=True
    )
    clip_norm: float = setting(1.0, "the gradient's global norm is cut down to this")
    validation_fraction: float = setting(0.1, "share of the corpus, at its end, held out")
    evaluations: int = setting(10, "how often to evaluate, at most, evenly spread over the run")
    patience: int = setting(5, "evaluations without a better loss before stopping early")
    save_seconds: float = setting(30.0, "seconds between saves")
    tensorboard: bool = setting(False, "write event files for TensorBoard too")
    seed: int = setting(0, "of the initial weights and of dropout")

    def __post_init__(self) -> None:
        _check("preset", self.preset, self.preset in PRESETS, "one of " + ", ".join(PRESETS))
        _check(
            "precision",
            self.precision,
            self.precision in PRECISIONS,
            "one of " + ", ".join(PRECISIONS),
        )
        if self.minutes is not None and self.epochs is not None:
            raise SettingError("Training takes either minutes or epochs; received both.")
        if self.epochs is None:
            if self.minutes is None:
                object.__setattr__(self, "minutes", DEFAULT_MINUTES)
            _check("minutes", self.minutes, _above_0(self.minutes), "a number above 0")
        else:
            _check("epochs", self.epochs, _whole(self.epochs, 1), "a whole number from 1")
        for name in ("batch_size", "seq_length", "evaluations", "patience"):
            value = getattr(self, name)
            _check(name, value, _whole(value, 1), "a whole number from 1")
        for name in ("learning_rate", "clip_norm"):
            value = getattr(self, name)
            _check(name, value, _above_0(value), "a number above 0")
        for name in ("warmup_steps", "seed"):
            value = getattr(self, name)
            _check(name, value, _whole(value, 0) and value < 2**31, "a whole number from 0")
        _check(
            "restarts", self.restarts, _real(self.restarts) and 0 <= self.restarts <= 1, "in [0, 1]"
        )
        _check(
            "weight_dropout",
            self.weight_dropout,
            _real(self.weight_dropout) and 0 <= self.weight_dropout < 1,
            "in [0, 1)",
        )
        _check(
            "weight_decay",
            self.weight_decay,
            _real(self.weight_decay) and self.weight_decay >= 0,
            "a number from 0",
        )
        _check("floor", self.floor, _real(self.floor) and 0 <= self.floor <= 1, "in [0, 1]")
        _check(
            "save_seconds",
            self.save_seconds,
            _real(self.save_seconds) and self.save_seconds >= 0,
            "a number of seconds from 0",
        )
        _check(
            "validation_fraction",
            self.validation_fraction,
            _real(self.validation_fraction) and 0 <= self.validation_fraction <= 0.5,
            "in [0, 0.5]",
        )


@dataclass(frozen=True, kw_only=True)
class SamplingConfig(_Settings):
    """How text is drawn from a trained network.

    Raises:
        SettingError: if a value is outside its limits.
    """

    length: int | None = setting(
        None,
        f"characters to write at most; {DEFAULT_LENGTH}, or {ENDING_LENGTH:,} with lines or stop",
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
        if isinstance(self.stop, str):
            object.__setattr__(self, "stop", (self.stop,))
        object.__setattr__(self, "stop", tuple(self.stop))
        _check(
            "stop",
            self.stop,
            all(isinstance(text, str) and text for text in self.stop),
            "texts that are not empty",
        )
        for name, least in (
            *(("length", 0), ("lines", 1), ("max_line", 1), ("max_copy", 1), ("seed", 0)),
            *(("top_k", 0), ("repetition_window", 1)),
        ):
            value = getattr(self, name)
            optional = name not in ("top_k", "repetition_window")
            _check(
                name,
                value,
                (optional and value is None) or _whole(value, least),
                f"a whole number from {least}",
            )
        _check(
            "temperature",
            self.temperature,
            _real(self.temperature) and self.temperature >= 0,
            "a finite number from 0",
        )
        _check(
            "label", self.label, self.label is None or isinstance(self.label, str), "a label's name"
        )
        _check("top_p", self.top_p, _real(self.top_p) and 0 < self.top_p <= 1, "in (0, 1]")
        _check("min_p", self.min_p, _real(self.min_p) and 0 <= self.min_p <= 1, "in [0, 1]")
        _check(
            "repetition_penalty",
            self.repetition_penalty,
            _above_0(self.repetition_penalty),
            "a number above 0",
        )

    @property
    def most(self) -> int:
        """How many characters may be written."""
        if self.length is not None:
            return self.length
        return ENDING_LENGTH if self.lines or self.stop else DEFAULT_LENGTH
