"""The keyword arguments are the settings, by name and type, so that none is forgotten."""

from collections.abc import Sequence
from typing import get_type_hints

import pytest

from chargen.config import (
    ClusterConfig,
    ModelConfig,
    PreparationConfig,
    ReadingConfig,
    SamplingConfig,
)
from chargen.config.keywords import RunKeywords, SamplingKeywords
from chargen.config.training import TrainingConfig

WIDER = {tuple[str, ...]: str | Sequence[str], tuple[int, ...]: int | Sequence[int]}
RUN = (ClusterConfig, ReadingConfig, PreparationConfig, ModelConfig, TrainingConfig)
FROM_CORPUS = {"vocab_size", "labels"}


@pytest.mark.parametrize(
    ("keywords", "classes"), [(RunKeywords, RUN), (SamplingKeywords, (SamplingConfig,))]
)
def test_the_keywords_are_the_settings(keywords, classes):
    hints = {name: kind for each in classes for name, kind in get_type_hints(each).items()}
    expected = {
        name: WIDER.get(kind, kind)
        for name, kind in hints.items()
        if not name.startswith("_") and name not in FROM_CORPUS
    }
    assert get_type_hints(keywords) == expected
