"""What the settings classes share: fields with help and limits, their checks, a form for JSON."""

import sys
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from functools import cache
from types import NoneType, UnionType
from typing import Any, ClassVar, Literal, Self, TypeGuard, Union, get_args, get_origin
from typing import get_type_hints as type_hints

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


def setting(
    default: Any = MISSING,
    *,
    help: str,
    limits: tuple[float, float] | None = None,
    excluded: float | None = None,
    expected: str | None = None,
    group: str | None = None,
    by_preset: bool = False,
    flag_value: str | None = None,
) -> Any:
    """Return a dataclass field that knows its help and its limits.

    Args:
        default: its value where none is given; without one, a value must be given.
        help: what it is, as one or more sentences that name its unit.
        limits: the least number and the greatest; every number has them.
        excluded: the one of these limits that is not allowed itself.
        expected: what an error says was expected, where type and limits do not say enough.
        group: the heading under which help pages list it, if it is not that of its class.
        by_preset: whether `chargen train` takes what the preset says instead of the default.
        flag_value: the value of an option that is given without one, if that is allowed.
    """
    return field(
        default=default,
        metadata={
            "help": help,
            "limits": limits,
            "excluded": excluded,
            "expected": expected,
            "group": group,
            "by_preset": by_preset,
            "flag_value": flag_value,
        },
    )


def is_integer(value: object, min: float, max: float = sys.float_info.max) -> bool:
    """Return whether the value is a whole number within the limits."""
    return isinstance(value, int) and not isinstance(value, bool) and min <= value <= max


def is_finite(value: object) -> TypeGuard[float]:
    """Return whether the value is a finite number."""
    # Compared, because math.isfinite fails on an integer too large for a float.
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and abs(value) <= sys.float_info.max  # type: ignore[arg-type]


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What a settings class says of one of its fields."""

    name: str
    type: type  # bool, int, float or str; of a tuple, that of its values
    default: Any
    choices: tuple[str, ...]  # the texts that are allowed; () means any
    is_optional: bool  # whether it may be None
    is_tuple: bool
    metadata: Mapping[str, Any]  # see `setting`

    @property
    def option(self) -> str:
        """The name of its option on the command line."""
        return f"--{self.name.replace('_', '-')}"

    @property
    def limits(self) -> str:
        """The numbers that are allowed, such as "0 to 1, 1 excluded"; "" if it is no number."""
        if self.metadata["limits"] is None:
            return ""
        text = " to ".join(map(_written, self.metadata["limits"]))
        excluded = self.metadata["excluded"]
        return text if excluded is None else f"{text}, {_written(excluded)} excluded"

    @property
    def expected(self) -> str:
        """The values that are allowed, in the words of an error."""
        if self.metadata["expected"] is not None:
            return str(self.metadata["expected"])
        if self.choices:
            return f"one of {', '.join(self.choices)}"
        if self.type is bool:
            return "true or false"
        if self.type is not str:
            return f"a {'whole ' if self.type is int else ''}number from {self.limits}"
        if self.is_tuple:
            return "texts that are not empty"
        return "a text of one character or more"

    def allows(self, value: object) -> bool:
        """Return whether the value is of the right type and within the limits."""
        if value is None:
            return self.is_optional
        if not self.is_tuple:
            return self._allows_one(value)
        is_long_enough = isinstance(value, tuple) and (bool(value) or self.default == ())
        return is_long_enough and all(map(self._allows_one, value))  # type: ignore[call-overload]

    def _allows_one(self, value: Any) -> bool:
        if self.type is bool:
            return isinstance(value, bool)
        if self.type is str:
            return isinstance(value, str) and value != "" and value in (self.choices or (value,))
        is_number = is_finite(value) if self.type is float else is_integer(value, -sys.maxsize)
        low, high = self.metadata["limits"]
        return is_number and low <= value <= high and value != self.metadata["excluded"]


def _written(number: float) -> str:
    """Return a limit as messages show it; 2^32 - 1 and the like in this form."""
    if isinstance(number, int) and number >= 2**31 - 1 and not number & (number + 1):
        return f"2^{number.bit_length()} - 1"
    return f"{number:,}"


def _value_type(hint: Any) -> tuple[Any, bool, bool]:
    """Return the type of one value, whether it may be None, and whether there are several."""
    is_optional = get_origin(hint) in (Union, UnionType)
    if is_optional:
        (hint,) = (each for each in get_args(hint) if each is not NoneType)
    is_tuple = get_origin(hint) is tuple
    return get_args(hint)[0] if is_tuple else hint, is_optional, is_tuple


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
            if each.is_tuple:  # JSON has lists, and one text stands for a tuple of it
                if isinstance(value, str) and each.type is str:
                    value = (value,)
                elif isinstance(value, Iterable) and not isinstance(value, str | bytes | Mapping):
                    value = tuple(value)
                object.__setattr__(self, each.name, value)
            check(each.name, value, each.allows(value), each.expected)

    @classmethod
    @cache
    def described(cls) -> dict[str, Setting]:
        """Return what the class says of its settings, by name."""
        hints = type_hints(cls)
        settings = {}
        for each in fields(cls):  # type: ignore[arg-type]
            if "help" not in each.metadata:
                continue
            kind, is_optional, is_tuple = _value_type(hints[each.name])
            choices = get_args(kind) if get_origin(kind) is Literal else ()
            settings[each.name] = Setting(
                name=each.name,
                type=str if choices else kind,
                default=each.default,
                choices=choices,
                is_optional=is_optional,
                is_tuple=is_tuple,
                metadata={**each.metadata, "group": each.metadata["group"] or cls._group},
            )
        return settings

    def to_json(self) -> dict[str, Any]:
        """Return the settings as plain values, without added ones that have their default."""
        return {
            each.name: getattr(self, each.name)
            for each in fields(self)  # type: ignore[arg-type]
            if each.name not in self._added or getattr(self, each.name) != each.default
        }

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> Self:
        """Return the settings given by name, and the defaults of the others.

        Raises:
            SettingError: if a name is unknown or a value is outside its limits.
        """
        known = [field.name for field in fields(cls)]  # type: ignore[arg-type]
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
        known = {field.name for field in fields(cls)}  # type: ignore[arg-type]
        if odd := known.symmetric_difference(values) - set(cls._added):
            raise SettingError(f"{cls.__name__} does not fit: {', '.join(sorted(odd))}.")
        return cls(**values)
