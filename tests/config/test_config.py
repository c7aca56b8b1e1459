import dataclasses
import json
import math

import numpy as np
import pytest

from chargen.config import (
    ModelConfig,
    PreparationConfig,
    ReadingConfig,
    SamplingConfig,
    TrainingConfig,
)
from chargen.config.base import Settings
from chargen.errors import ChargenError, SettingError

NUMBERS_TO_REFUSE = [math.nan, math.inf, -math.inf, 10**400, -(10**400), 10**5000, True, "3", "x"]
CLASSES = [cls for cls in Settings.__subclasses__() if cls.described()]
SETTINGS = [
    pytest.param(cls, each, id=f"{cls.__name__}.{each.name}")
    for cls in CLASSES
    for each in cls.described().values()
]


NEEDED = {"ModelConfig": {"vocab_size": 5}, "ReadingConfig": {"column": "text"}}


def make(cls, **given):
    return cls(**{**NEEDED.get(cls.__name__, {}), **given})


def values_to_refuse(setting):
    """Values of other types, and of the right type but outside the limits."""
    yield from (object(), {}, b"a", [None], ({},))
    if not setting.is_optional:
        yield None
    one: list = []
    if setting.choices:
        one = ["", "nothing", 3, True]
    elif setting.type is bool:
        one = [0, 1, "true", math.nan]
    elif setting.type is str:
        one = [3, True, math.nan, ""]
    else:
        one = [*NUMBERS_TO_REFUSE, setting.min - 1, setting.max + 1]
        one += [1.5, 2.0] if setting.type is int else []
        one += [] if setting.excluded is None else [setting.excluded]
    yield from one
    if setting.is_tuple:
        yield from [(value,) for value in one]
        yield from [] if setting.default == () else [()]


def values_to_take(setting):
    """Values at the limits, and the default."""
    if setting.is_optional:
        yield None
    if setting.default is not dataclasses.MISSING:
        yield setting.default
    if setting.type is bool:
        yield from (False, True)
    elif setting.choices:
        yield from setting.choices
    elif setting.type is str:
        yield from () if setting.is_tuple else ("a", "ab c")
    else:
        ends = {setting.min, setting.max} - {setting.excluded}
        yield from [(end,) for end in ends] if setting.is_tuple else ends


def test_all_settings_are_described():
    assert {ModelConfig, PreparationConfig, ReadingConfig, SamplingConfig, TrainingConfig} <= {
        *CLASSES
    }
    for cls in CLASSES:
        assert [*cls.described()] == [field.name for field in dataclasses.fields(cls)]


@pytest.mark.parametrize(("cls", "setting"), SETTINGS)
def test_a_setting_refuses_other_types_and_what_is_outside_its_limits(cls, setting):
    for value in values_to_refuse(setting):
        with pytest.raises(SettingError) as caught:
            make(cls, **{setting.name: value})
        message = str(caught.value)
        assert message.startswith(f"{setting.name} must be {setting.in_words()}; received ")
        assert len(message) < 400
        assert caught.value.setting == setting.name


@pytest.mark.parametrize(("cls", "setting"), SETTINGS)
def test_a_setting_takes_what_is_at_its_limits(cls, setting):
    for value in values_to_take(setting):
        config = make(cls, **{setting.name: value})
        if (setting.name, value) != ("minutes", None):
            assert getattr(config, setting.name) == value


@pytest.mark.parametrize(("cls", "setting"), SETTINGS)
def test_a_setting_has_help_and_numbers_have_limits(cls, setting):
    assert setting.help[0].isupper()
    assert setting.help.endswith(".")
    assert setting.group
    assert (setting.type in (int, float)) == (setting.limits != "")


@pytest.mark.parametrize(
    ("cls", "given", "told"),
    [
        (
            ModelConfig,
            {"dropout": 1},
            "dropout must be a number from 0 to 1, 1 excluded; received 1.",
        ),
        (
            ModelConfig,
            {"units": (8, 0)},
            "units must be 1 to 64 whole numbers from 1 to 16,384, a width per layer, such as "
            "512 or 512,128; received (8, 0).",
        ),
        (
            TrainingConfig,
            {"seed": 2**31},
            "seed must be a whole number from 0 to 2^31 - 1; received 2147483648.",
        ),
        (TrainingConfig, {"tensorboard": 1}, "tensorboard must be true or false; received 1."),
        (
            SamplingConfig,
            {"length": 10**200},
            f"length must be a whole number from 0 to 1,000,000,000; received 1{'0' * 49}..."
            f"{'0' * 50}.",
        ),
        (
            SamplingConfig,
            {"lines": 10**5000},
            "lines must be a whole number from 1 to 1,000,000,000; received a number of more "
            "than 4,300 digits.",
        ),
        (
            ReadingConfig,
            {"encoding": 8},
            "encoding must be a text of one character or more; received 8.",
        ),
    ],
)
def test_an_error_names_the_setting_its_limits_and_the_value(cls, given, told):
    with pytest.raises(SettingError) as caught:
        make(cls, **given)
    assert str(caught.value) == told


@pytest.mark.parametrize(
    "config",
    [
        ModelConfig(vocab_size=7, units=(3, 4, 5), cell="gru", dropout=0.25),
        TrainingConfig(),
        TrainingConfig(epochs=3, seed=9),
        TrainingConfig(minutes=0.5, validation_fraction=0),
        SamplingConfig(seed=5, temperature=0),
        SamplingConfig(stop=("a", "b")),
    ],
)
def test_settings_survive_json(config):
    assert type(config).from_json(json.loads(json.dumps(config.to_json()))) == config


def test_a_missing_or_unknown_name_is_told():
    values = ModelConfig(vocab_size=7).to_json()
    with pytest.raises(SettingError, match=r"ModelConfig does not fit: heads\."):
        ModelConfig.from_json({**values, "heads": 8})
    del values["cell"]
    with pytest.raises(SettingError, match=r"ModelConfig does not fit: cell\."):
        ModelConfig.from_json(values)


def test_training_takes_minutes_or_epochs():
    assert TrainingConfig().minutes == 10
    assert TrainingConfig(epochs=2).minutes is None
    with pytest.raises(SettingError, match="either minutes or epochs"):
        TrainingConfig(minutes=1, epochs=1)


def test_settings_are_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        TrainingConfig().seed = 3


def test_a_setting_error_is_a_value_error_too():
    assert issubclass(SettingError, ValueError)
    assert issubclass(SettingError, ChargenError)


@pytest.mark.parametrize("label", ["folder", "file", "a=*.txt", ["a=b", "file"], ()])
def test_labels_are_asked_for_by_rules(label):
    rules = ReadingConfig(label=label).label
    assert rules == ((label,) if isinstance(label, str) else tuple(label))


@pytest.mark.parametrize("label", ["novels/", "=*", "a=", 3, ["folder", 3], [""]])
def test_what_is_no_rule_for_labels_is_refused(label):
    with pytest.raises(SettingError, match=r"label must be .*; received"):
        ReadingConfig(label=label)


def test_files_from_before_there_were_labels_are_as_they_were():
    assert "label" not in ReadingConfig().to_json()
    assert ReadingConfig.from_json(ReadingConfig().to_json()) == ReadingConfig()
    reading = ReadingConfig(label="file")
    assert ReadingConfig.from_json(json.loads(json.dumps(reading.to_json()))) == reading
    assert "labels" not in ModelConfig(vocab_size=3).to_json()
    model = ModelConfig(vocab_size=3, labels=2)
    assert ModelConfig.from_json(model.to_json()) == model


def test_numbers_of_numpy_are_numbers():
    config = SamplingConfig(seed=np.int64(3), temperature=np.float32(0.5), length=np.uint8(9))
    assert config == SamplingConfig(seed=3, temperature=0.5, length=9)
    assert json.dumps(config.to_json())


def test_stretches_may_not_repeat_at_temperature_0_unless_that_is_asked_for():
    assert SamplingConfig(temperature=0).max_repeat == 20
    assert SamplingConfig(temperature=0, no_repeat=0).max_repeat == 0
    assert SamplingConfig(temperature=0, no_repeat=30).max_repeat == 30
    assert SamplingConfig().max_repeat == 0
    with pytest.raises(SettingError, match=r"no_repeat must be 0, or .* from 2 to 10,000"):
        SamplingConfig(no_repeat=1)
