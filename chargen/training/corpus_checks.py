"""Check that a text goes together with the settings, the base model and the run."""

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from chargen.checkpoint import Checkpoint
from chargen.config import PreparationConfig, ReadingConfig, RunConfig
from chargen.corpus.corpus import Corpus
from chargen.corpus.sources import Paths
from chargen.errors import RunError, SettingError
from chargen.text.characters import describe, enumerate_some
from chargen.text.vocabulary import BOUNDARY
from chargen.training.source import Source

_FOR_FILES = {field.name for cls in (ReadingConfig, PreparationConfig) for field in fields(cls)}


def check_text(
    corpus: Paths | Corpus,
    settings: Mapping[str, Any],
    config: RunConfig,
    base: Checkpoint | None,
    source: Source,
) -> None:
    """Raise SettingError for a text that does not go together with the settings and the base.

    Files need labels if the base has some. A `Corpus` must have been made as the settings and the
    base ask for; it may have new characters if the vocabulary is to grow.
    """
    if not isinstance(corpus, Corpus):
        if base is not None and base.labels and not config.reading.label:
            raise SettingError(
                f"{source.base} has the labels {enumerate_some(list(base.labels))}; say which this "
                "text has, or a new one, as in --label 'NAME=*'."
            )
        return
    if odd := [name for name in settings if name in _FOR_FILES]:
        raise SettingError(
            f"{odd[0]} is for files; a Corpus was read and prepared when it was made."
        )
    if base is None or source.known is None:
        return
    made = corpus.preparation.to_json()
    for name, before in base.tokenizer.preparation.to_json().items():
        if made[name] != before:
            raise SettingError(
                f"The Corpus was made with {name} {made[name]}, the base's with {before}; make it "
                "with preparation=chargen.load(...).checkpoint.tokenizer.preparation."
            )
    known, characters = set(base.tokenizer.vocabulary.idx2char), set(corpus.vocabulary.idx2char)
    if missing := known - characters:
        wrong = f"lacks characters of the base, such as {describe(min(missing))}"
    elif not source.known.grow and (new := characters - known - {BOUNDARY}):
        wrong = f"adds characters to the base's, such as {describe(min(new))}"
    elif missing := set(base.labels) - set(corpus.label_names):
        wrong = f"lacks labels of the base, such as {min(missing)!r}"
    else:
        return
    raise SettingError(
        f"The Corpus {wrong}; make it with known=chargen.BaseVocabulary(model.vocabulary, "
        f"grow={source.known.grow}, labels=model.labels), where model is the loaded base."
    )


def check_same(
    corpus: Corpus, folder: Path, config: RunConfig, source: Source, sha256: str
) -> None:
    """Raise RunError if a corpus is not the one that a run was started with."""
    if corpus.sha256 != sha256 or corpus.preparation != config.preparation:
        raise RunError(
            f"{corpus.name} is not the text that {folder} was trained on (its SHA-256 "
            "differs); restore it, or start anew under another --name."
        )
    known = source.known.vocabulary.idx2char if source.known is not None else ""
    characters = corpus.vocabulary.idx2char
    if len(characters) != config.model.vocab_size or not set(known) <= set(characters):
        raise RunError(
            f"{corpus.name} was made with other characters than those of {folder}; make it with "
            "known=chargen.BaseVocabulary(model.vocabulary, grow=False, labels=model.labels), "
            f"where model is chargen.load({str(folder)!r})."
        )
