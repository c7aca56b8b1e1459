"""From the settings that a user gives, by name, to the classes that hold them."""

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from chargen.checkpoint import Checkpoint
from chargen.config import ModelConfig, PreparationConfig, ReadingConfig, TrainingConfig
from chargen.errors import CheckpointError, RunError, SettingError
from chargen.text.corpus import Corpus
from chargen.text.vocabulary import describe


def inherited_settings(
    base: Checkpoint, asked: Mapping[type, dict[str, Any]]
) -> dict[type, dict[str, Any]]:
    """The settings of a run that goes on from `base`.

    Its shape is kept; what was done to its text is done again, but for what is asked for.

    Raises:
        SettingError: if another shape is asked for.
    """
    shape = {name: getattr(base.config, name) for name in ("embedding_dim", "cell", "units")}
    given = asked[ModelConfig]
    wanted = ModelConfig(vocab_size=2, **shape | given)
    for name, value in shape.items():
        if getattr(wanted, name) != value:
            raise SettingError(
                f"{name} is that of the model to go on from, {value}; received {given[name]}. "
                "Leave the option out."
            )
    return {
        **asked,
        ModelConfig: given | shape,
        PreparationConfig: base.preparation.to_json() | asked[PreparationConfig],
    }


def sorted_settings(settings: Mapping[str, Any]) -> dict[type, dict[str, Any]]:
    """The settings by the class that has a field of that name.

    Raises:
        SettingError: if there is a name that none has.
    """
    classes = (ReadingConfig, PreparationConfig, ModelConfig, TrainingConfig)
    homes = {field.name: cls for cls in classes for field in fields(cls)}
    del homes["vocab_size"], homes["labels"]  # the corpus gives them
    by_class: dict[type, dict[str, Any]] = {cls: {} for cls in classes}
    for name, value in settings.items():
        if name not in homes:
            raise SettingError(
                f"There is no setting {name!r}; there are {', '.join(sorted(homes))}."
            )
        by_class[homes[name]][name] = value
    return by_class


def check_made(corpus: Corpus, settings: Mapping[str, Any], base: Checkpoint | None) -> None:
    """Refuse a corpus that was made otherwise than the settings and the base ask for.

    Raises:
        SettingError: saying how to make it.
    """
    given = sorted_settings(settings)
    if odd := [*given[ReadingConfig], *given[PreparationConfig]]:
        raise SettingError(
            f"{odd[0]} is for files; a Corpus was read and prepared when it was made."
        )
    known = base.vocabulary.idx2char if base is not None else ""
    if missing := set(known) - set(corpus.vocabulary.idx2char):
        raise SettingError(
            f"The Corpus lacks characters of the base, such as {describe(min(missing))}; make it "
            "with known=chargen.Known(chargen.load(...).vocabulary)."
        )
    if base is not None and (missing := set(base.labels) - set(corpus.label_names)):
        raise SettingError(
            f"The Corpus lacks labels of the base, such as {min(missing)!r}; make it with labels=, "
            "and with known=chargen.Known(model.vocabulary, labels=model.labels)."
        )


def kept_settings(path: Path, document: Mapping[str, Any]) -> dict[type, Any]:
    """The settings by class, as the file at `path` kept them in its document.

    Raises:
        CheckpointError: if it has none.
    """
    try:
        reading = document["corpus"].get("reading", ReadingConfig().to_json())
        return {
            ReadingConfig: ReadingConfig.from_json(reading),
            PreparationConfig: PreparationConfig.from_json(document["preparation"]),
            ModelConfig: ModelConfig.from_json(document["model"]),
            TrainingConfig: TrainingConfig.from_json(document["training"]),
        }
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise CheckpointError(f"{path} makes no sense: {error!r}.") from None


def check_unchanged(folder: Path, kept: Mapping[type, Any], settings: Mapping[str, Any]) -> None:
    """Refuse settings that are not those that the run in `folder` was started with.

    Raises:
        RunError: naming the first.
        SettingError: if there is no such setting.
    """
    for cls, given in sorted_settings(settings).items():
        for name, value in given.items():
            before = getattr(kept[cls], name)
            if _plain(value, like=before) != before:
                raise RunError(
                    f"{folder} was started with {name} {before}, and {value} would make it "
                    "another run; leave the option out, or start anew under another --name."
                )


def check_fits(corpus: Corpus, folder: Path, model: ModelConfig, known: str) -> None:
    """Refuse a corpus whose text is that of the run in `folder`, but whose vocabulary is another.

    Where the run goes on from a base, that had the characters `known`.

    Raises:
        RunError: saying how to make it.
    """
    characters = corpus.vocabulary.idx2char
    if len(characters) != model.vocab_size or not set(known) <= set(characters):
        raise RunError(
            f"{corpus.name} was made with other characters than those of {folder}; make it with "
            "known=chargen.Known(model.vocabulary, grow=False, labels=model.labels), where model "
            f"is chargen.load({str(folder)!r})."
        )


def _plain(value: Any, *, like: Any) -> Any:
    """A setting's value in the form that the settings classes have it in."""
    if isinstance(like, tuple) and isinstance(value, str | list):
        return (value,) if isinstance(value, str) else tuple(value)
    return value
