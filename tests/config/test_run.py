"""All settings of a run, in one value."""

import json

import pytest

from chargen.config import PreparationConfig, RunConfig
from chargen.config.base import given
from chargen.errors import SettingError

SETTINGS = {"label": ["file"], "lowercase": True, "units": (8, 4), "minutes": 3}


def test_what_is_none_was_not_given():
    assert given({"a": None, "b": 0, "c": False, "d": ""}) == {"b": 0, "c": False, "d": ""}


def test_settings_find_their_part_by_name():
    config = RunConfig.of(SETTINGS)
    assert config.reading.label == ("file",)
    assert config.preparation.lowercase
    assert config.model.units == (8, 4)
    assert config.training.minutes == 3
    assert config.training.batch_size == RunConfig.of({}).training.batch_size


@pytest.mark.parametrize("name", ["bananas", "vocab_size", "labels", "reading"])
def test_what_is_no_setting_is_refused(name):
    with pytest.raises(SettingError, match=f"no setting '{name}'.*; there are batch_size, .*units"):
        RunConfig.of({name: 3})
    with pytest.raises(SettingError, match=f"no setting '{name}'"):
        list(RunConfig.of({}).differences({name: 3}))


def test_a_setting_that_is_nearly_one_is_told_with_that_one():
    with pytest.raises(SettingError, match=r"'unit' \(did you mean units\?\); there are"):
        RunConfig.of({"unit": 3})


def test_all_settings_by_name_give_the_same_again():
    config = RunConfig.of(SETTINGS)
    assert RunConfig.of(config.settings()) == config
    assert config.settings().keys() == RunConfig.described().keys()


def test_settings_that_do_not_go_together_are_refused():
    with pytest.raises(SettingError, match="for lstm layers; these are gru"):
        RunConfig.of({"cell": "gru", "weight_dropout": 0.5})


def test_the_corpus_decides_the_rest():
    prepared = PreparationConfig(min_count=2)
    config = RunConfig.of(SETTINGS).for_corpus(vocab_size=9, labels=3, preparation=prepared)
    assert (config.model.vocab_size, config.model.labels, config.model.units) == (9, 3, (8, 4))
    assert config.preparation == prepared
    assert RunConfig.from_json(json.loads(json.dumps(config.to_json()))) == config


def test_differences_are_those_of_given_settings_alone():
    config = RunConfig.of(SETTINGS)
    assert list(config.differences({})) == []
    same = {"label": "file", "units": [8, 4], "minutes": 3.0}
    assert list(config.differences(same)) == []
    assert list(config.differences({**same, "units": 8, "dropout": 0.3})) == [
        ("units", (8, 4), 8),
        ("dropout", 0.1, 0.3),
    ]
