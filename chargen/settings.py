"""From the settings that a user gives, by name, to the classes that hold them."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from chargen.checkpoint import Checkpoint
from chargen.config import ModelConfig, PreparationConfig, ReadingConfig, TrainingConfig
from chargen.errors import SettingError
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
