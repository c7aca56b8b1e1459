"""What the settings classes share: fields with help and limits, their checks, a form for JSON."""

from collections.abc import Iterable, Mapping
from dataclasses import MISSING, dataclass, field, fields, replace
from functools import cache
from numbers import Integral, Real
from types import NoneType
from typing import Any, ClassVar, Self, get_args, get_type_hints

from chargen.errors import SettingError

_MAX_SHOWN = 100  # characters of a value in a message


def shorten(value: object) -> str:
    """Return `repr(value)`, with the middle of a long one left out."""
    try:
        text = repr(value)
    except ValueError:  # Python writes no integer of more than 4,300 digits
        return "a number of more than 4,300 digits"
    half = _MAX_SHOWN // 2
    return text if len(text) <= _MAX_SHOWN else f"{text[:half]}...{text[-half:]}"


def check(name: str, value: object, ok: bool, expected: str) -> None:
    """Refuse a value that is not `ok`.

    Raises:
        SettingError: naming the setting, what was expected and the value.
    """
    if not ok:
        message = f"{name} must be {expected}; received {shorten(value)}."
        raise SettingError(message, setting=name)


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What a settings class says of one of its fields.

    `setting` takes those up to `short`; the others follow from the field.
    """

    help: str  # what it is, as one or more sentences that name its unit
    min: float = 0  # of a number
    max: float = 10**9
    excluded: float | None = None  # the one of these limits that is not allowed itself
    expected: str = ""  # what an error says was expected, where type and limits say too little
    group: str = ""  # the heading under which help pages list it, if it is not that of its class
    by_preset: bool = False  # whether `chargen train` takes the preset's value instead of default
    flag_value: str | None = None  # the value of an option that is given without one, if it may be
    escapes: bool = False  # whether its option is a text with escapes, such as \n
    max_items: int = 1000  # of a tuple
    short: str | None = None  # the option's short form, such as -l
    name: str = ""
    type: type = str  # bool, int, float or str; of a tuple, that of its values
    default: Any = None
    choices: tuple[str, ...] = ()  # the texts that are allowed; () means any
    is_optional: bool = False  # whether it may be None
    is_tuple: bool = False

    @property
    def option(self) -> str:
        """The name of its option on the command line."""
        return f"--{self.name.replace('_', '-')}"

    @property
    def limits(self) -> str:
        """The numbers that are allowed, such as "0 to 1, 1 excluded"; "" if it is no number."""
        if self.type not in (int, float):
            return ""
        text = f"{_written(self.min)} to {_written(self.max)}"
        return text if self.excluded is None else f"{text}, {self.excluded} excluded"

    def in_words(self) -> str:
        """Return what is allowed, in the words of an error."""
        if self.expected:
            return self.expected
        if self.choices:
            return f"one of {', '.join(self.choices)}"
        if self.limits:
            return f"a {'whole ' if self.type is int else ''}number from {self.limits}"
        if self.type is bool:
            return "true or false"
        return "texts that are not empty" if self.is_tuple else "a text of one character or more"

    def allows(self, value: object) -> bool:
        """Return whether the value is of the right type and within the limits."""
        if value is None or not self.is_tuple:
            return self.is_optional if value is None else self._allows_one(value)
        is_long_enough = (
            isinstance(value, tuple)
            and (bool(value) or self.default == ())
            and len(value) <= self.max_items
        )
        return is_long_enough and all(map(self._allows_one, value))  # type: ignore[call-overload]

    def _allows_one(self, value: Any) -> bool:
        if self.type is str:
            return isinstance(value, str) and value != "" and value in (self.choices or (value,))
        if self.type is bool or isinstance(value, bool):
            return self.type is bool and isinstance(value, bool)
        is_number = isinstance(value, int) or (self.type is float and isinstance(value, float))
        return is_number and self.min <= value <= self.max and value != self.excluded


def setting(help: str, default: Any = MISSING, **facts: Any) -> Any:
    """Return a dataclass field with its help; `facts` are its limits and others of `Setting`."""
    return field(default=default, metadata={"setting": Setting(help=help, **facts)})


def _written(number: float) -> str:
    """Return a limit as messages show it; 2^32 - 1 and the like in this form."""
    if isinstance(number, int) and number >= 2**31 - 1 and not number & (number + 1):
        return f"2^{number.bit_length()} - 1"
    return f"{number:,}"


def is_integer(value: object, min: int) -> bool:
    """Return whether the value is a whole number of at least `min`."""
    return isinstance(value, Integral) and not isinstance(value, bool) and int(value) >= min


def given(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings that were given: those that are not None."""
    return {name: value for name, value in settings.items() if value is not None}


class Settings:
    """The base of the settings classes, which are frozen dataclasses. It checks every field.

    Raises:
        SettingError: if a value is of another type or outside its limits.
    """

    _added: ClassVar[tuple[str, ...]] = ()
    """Fields that older files do not have."""
    _group: ClassVar[str] = ""
    """The heading under which help pages list the settings."""

    def __post_init__(self) -> None:
        for each in self.described().values():
            value = getattr(self, each.name)
            if isinstance(value, Real) and not isinstance(value, int | float):  # NumPy's, mostly
                value = int(value) if isinstance(value, Integral) else float(value)
                object.__setattr__(self, each.name, value)
            if each.is_tuple:  # JSON has lists, and one value stands for a tuple of it
                if isinstance(value, each.type):
                    value = (value,)
                elif isinstance(value, Iterable) and not isinstance(value, str | bytes | Mapping):
                    value = tuple(value)
                object.__setattr__(self, each.name, value)
            check(each.name, value, each.allows(value), each.in_words())

    @classmethod
    @cache
    def described(cls) -> dict[str, Setting]:
        """Return what the class says of its settings, by name."""
        hints = get_type_hints(cls)
        settings = {}
        for each in fields(cls):  # type: ignore[arg-type]
            parts = get_args(hints[each.name])  # of a tuple, or of what may be None
            is_tuple, is_optional = ... in parts, NoneType in parts
            kind = parts[0] if is_tuple or is_optional else hints[each.name]
            choices = get_args(kind)  # of a Literal
            said: Setting = each.metadata["setting"]
            settings[each.name] = replace(
                said,
                name=each.name,
                type=str if choices else kind,
                default=each.default,
                choices=choices,
                is_optional=is_optional,
                is_tuple=is_tuple,
                group=said.group or cls._group,
            )
        return settings

    def to_json(self) -> dict[str, Any]:
        """Return the settings as plain values, without added ones that have their default."""
        return {
            name: getattr(self, name)
            for name, each in self.described().items()
            if name not in self._added or getattr(self, name) != each.default
        }

    @classmethod
    def added(cls) -> dict[str, Any]:
        """Return the fields that older files do not have, with their defaults."""
        return {name: each.default for name, each in cls.described().items() if name in cls._added}

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> Self:
        """Return the settings given by name, and the defaults of the others.

        Raises:
            SettingError: if a name is unknown or a value is outside its limits.
        """
        known = cls.described()
        if unknown := sorted(set(settings) - set(known)):
            raise SettingError(
                f"There is no setting {shorten(unknown[0])}; there are {', '.join(known)}."
            )
        return cls(**settings)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Return the settings that `to_json` wrote.

        Raises:
            SettingError: if a name is missing or unknown, or a value is outside its limits.
        """
        if odd := set(cls.described()).symmetric_difference(values) - set(cls._added):
            raise SettingError(f"{cls.__name__} does not fit: {', '.join(sorted(odd))}.")
        return cls(**values)
