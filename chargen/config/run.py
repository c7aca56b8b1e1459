"""All settings of a run, in one value."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from difflib import get_close_matches
from typing import Any, Self

from chargen.config.base import Setting, shorten
from chargen.config.corpus import PreparationConfig, ReadingConfig
from chargen.config.model import ModelConfig
from chargen.config.training import TrainingConfig
from chargen.errors import SettingError

_PARTS: dict[str, type[Any]] = {
    "reading": ReadingConfig,
    "preparation": PreparationConfig,
    "model": ModelConfig,
    "training": TrainingConfig,
}
_FROM_CORPUS = {"vocab_size": 2, "labels": 0}  # of the model; the values until the corpus is read
_HOMES = {
    field.name: part
    for part, cls in _PARTS.items()
    for field in fields(cls)
    if field.name not in _FROM_CORPUS
}


def _part_of(setting: str) -> str:
    if setting not in _HOMES:
        nearest = get_close_matches(setting, _HOMES, n=1, cutoff=0.8)
        hint = f" (did you mean {nearest[0]}?)" if nearest else ""
        raise SettingError(
            f"There is no setting {shorten(setting)}{hint}; there are {', '.join(sorted(_HOMES))}."
        )
    return _HOMES[setting]


@dataclass(frozen=True, kw_only=True)
class RunConfig:
    """All settings of a run: made once, kept in the run's folder, and read by resume.

    Raises:
        SettingError: if two settings do not go together.
    """

    reading: ReadingConfig
    preparation: PreparationConfig
    model: ModelConfig
    training: TrainingConfig

    def __post_init__(self) -> None:
        if self.model.cell == "lstm":
            return
        for name, of_others in {"weight_dropout": 0, "precision": "float32"}.items():
            if (value := getattr(self.training, name)) != of_others:
                message = f"{name} {value} is for lstm layers; these are {self.model.cell}."
                raise SettingError(message, setting=name)

    @staticmethod
    def described() -> dict[str, Setting]:
        """Return what the classes say of all settings, by name."""
        described: dict[str, Setting] = {}
        for cls in _PARTS.values():
            described |= cls.described()
        return {name: described[name] for name in _HOMES}

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> Self:
        """Return the settings given by name, with the defaults of all others.

        What the corpus decides is settled later, by `for_corpus`.

        Raises:
            SettingError: if a name is unknown or a value is outside its limits.
        """
        values: dict[str, dict[str, Any]] = {part: {} for part in _PARTS}
        values["model"] |= _FROM_CORPUS
        for name, value in settings.items():
            values[_part_of(name)][name] = value
        return cls(**{part: _PARTS[part](**values[part]) for part in _PARTS})

    def for_corpus(self, *, vocab_size: int, labels: int, preparation: PreparationConfig) -> Self:
        """Return these settings with what the corpus decides: characters, labels, preparation."""
        model = replace(self.model, vocab_size=vocab_size, labels=labels)
        return replace(self, model=model, preparation=preparation)

    def changed(self, settings: Mapping[str, Any]) -> Self:
        """Return these settings with others for those given by name.

        Raises:
            SettingError: if a name is unknown or a value is outside its limits.
        """
        values: dict[str, dict[str, Any]] = {}
        for name, value in settings.items():
            values.setdefault(_part_of(name), {})[name] = value
        parts = {part: replace(getattr(self, part), **new) for part, new in values.items()}
        return replace(self, **parts)

    def differences(self, settings: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
        """Yield the name, the value here and the given value of each setting that differs.

        Raises:
            SettingError: if a name is unknown.
        """
        for name, given in settings.items():
            kept = getattr(getattr(self, _part_of(name)), name)
            plain = tuple(given) if isinstance(given, list) else given
            if kept not in (plain, (plain,)):  # one text or several; both are accepted
                yield name, kept, given

    def settings(self) -> dict[str, Any]:
        """Return all settings by name, as `of` takes them, without what the corpus decides."""
        return {name: getattr(getattr(self, part), name) for name, part in _HOMES.items()}

    def to_json(self) -> dict[str, Any]:
        """Return the settings as plain values, by part."""
        return {part: getattr(self, part).to_json() for part in _PARTS}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Return the settings that `to_json` wrote.

        Raises:
            KeyError, SettingError: if one is missing, unknown or outside its limits.
        """
        return cls(**{part: _PARTS[part].from_json(values[part]) for part in _PARTS})
