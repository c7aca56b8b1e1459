"""What the settings classes share: fields with a description, checks, and a form for JSON."""

import sys
from collections.abc import Mapping
from dataclasses import field, fields
from typing import Any, ClassVar, Self, TypeGuard

from chargen.errors import SettingError


def check(name: str, value: object, ok: bool, expected: str) -> None:
    """Refuse a value that is not `ok`.

    Raises:
        SettingError: naming the setting, the value and the limit.
    """
    if not ok:
        raise SettingError(f"{name} must be {expected}; received {value!r}.")


def setting(default: Any, about: str, *, by_preset: bool = False, bare: str | None = None) -> Any:
    """A field with its default and, for help pages, what it is and in which unit.

    Where `by_preset`, `chargen train` takes what the preset says instead of the default. An option
    that is given without a value has the value `bare`, if that may be.
    """
    return field(default=default, metadata={"about": about, "by_preset": by_preset, "bare": bare})


def whole(value: object, least: int) -> bool:
    """Whether it is a whole number of at least so much."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def real(value: object) -> TypeGuard[float]:
    """Whether it is a finite number."""
    # Compared, because math.isfinite fails on an integer too large for a float.
    return isinstance(value, (int, float)) and abs(value) <= sys.float_info.max


def is_positive(value: object) -> bool:
    """Whether it is a finite number above 0."""
    return real(value) and value > 0


def given(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings that were given: those that are not None."""
    return {name: value for name, value in settings.items() if value is not None}


class Settings:
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
