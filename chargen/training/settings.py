"""From the settings that a user gives, by name, to the classes that hold them."""

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from chargen.checkpoint import Checkpoint
from chargen.config import ModelConfig, PreparationConfig, ReadingConfig, TrainingConfig
from chargen.corpus.corpus import Corpus
from chargen.errors import CheckpointError, RunError, SettingError
from chargen.text.characters import describe
from chargen.text.vocabulary import BOUNDARY


def inherited_settings(
    base: Checkpoint, asked: Mapping[type, dict[str, Any]]
) -> dict[type, dict[str, Any]]:
    """The settings of a run that goes on from `base`.

    Its shape is kept; what was done to its text is done again, but for what is asked for.

    Raises:
        SettingError: if another shape is asked for, or that no character be unknown where the
            base has one for the unknown.
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
    if base.tokenizer.unknown is not None and asked[PreparationConfig].get("min_count") == 1:
        raise SettingError(
            "min_count 1 leaves no character unknown, but the model to go on from has one that "
            "stands for all such (its min_count is "
            f"{base.tokenizer.preparation.min_count}); ask for 2 or more, or leave the option out."
        )
    return {
        **asked,
        ModelConfig: given | shape,
        PreparationConfig: base.tokenizer.preparation.to_json() | asked[PreparationConfig],
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


def check_made(
    corpus: Corpus, settings: Mapping[str, Any], base: Checkpoint | None, *, grow: bool
) -> None:
    """Refuse a corpus that was made otherwise than the settings and the base ask for.

    Args:
        corpus: made by the user.
        settings: asked for, by name.
        base: the model to go on from, if any.
        grow: whether characters that it never saw may be added to those it knows.

    Raises:
        SettingError: saying how to make it.
    """
    given = sorted_settings(settings)
    if odd := [*given[ReadingConfig], *given[PreparationConfig]]:
        raise SettingError(
            f"{odd[0]} is for files; a Corpus was read and prepared when it was made."
        )
    if base is not None:
        _check_goes_on(corpus, base, grow=grow)


def _check_goes_on(corpus: Corpus, base: Checkpoint, *, grow: bool) -> None:
    made = corpus.preparation.to_json()
    for name, before in base.tokenizer.preparation.to_json().items():
        if made[name] != before:
            raise SettingError(
                f"The Corpus was made with {name} {made[name]}, the base's with {before}; make it "
                "with preparation=chargen.load(...).checkpoint.tokenizer.preparation."
            )
    known, characters = set(base.tokenizer.vocabulary.idx2char), set(corpus.vocabulary.idx2char)
    if missing := known - characters:
        raise SettingError(
            f"The Corpus lacks characters of the base, such as {describe(min(missing))}; make it "
            "with known=chargen.BaseVocabulary(chargen.load(...).vocabulary)."
        )
    if not grow and (new := characters - known - {BOUNDARY}):
        raise SettingError(
            f"The Corpus adds characters to the base's, such as {describe(min(new))}; make it "
            "with known=chargen.BaseVocabulary(chargen.load(...).vocabulary, grow=False), or let "
            "vocabulary be grow."
        )
    if missing := set(base.labels) - set(corpus.label_names):
        raise SettingError(
            f"The Corpus lacks labels of the base, such as {min(missing)!r}; make it with labels=, "
            "and with known=chargen.BaseVocabulary(model.vocabulary, labels=model.labels)."
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
            "known=chargen.BaseVocabulary(model.vocabulary, grow=False, labels=model.labels), "
            f"where model is chargen.load({str(folder)!r})."
        )


def _plain(value: Any, *, like: Any) -> Any:
    """A setting's value in the form that the settings classes have it in."""
    if isinstance(like, tuple) and isinstance(value, str | list):
        return (value,) if isinstance(value, str) else tuple(value)
    return value
