import dataclasses
import json
import math

import pytest

from chargen.config import ModelConfig, ReadingConfig, SamplingConfig, TrainingConfig
from chargen.errors import ChargenError, SettingError

NAN, INF = math.nan, math.inf

MODEL_BAD = {
    "vocab_size": [0, 1, -1, 2.0, True, "3", None],
    "embedding_dim": [0, -1, 1.5, None],
    "cell": ["LSTM", "", None, "transformer"],
    "units": [(), (0,), (8, 0), (8, -1), 8, (8.0,), (True,), None],
    "dropout": [-0.1, 1, 1.0, NAN, INF, "0.1", None],
    "labels": [-1, 1.5, True, None],
}
TRAINING_BAD = {
    "minutes": [0, -1, NAN, INF, "3"],
    "epochs": [0, -1, 1.5, True],
    "preset": ["huge", "", None],
    "batch_size": [0, -1, 1.5, None],
    "seq_length": [0, -1, 1.5, None],
    "learning_rate": [0, -1e-3, NAN, INF, None],
    "warmup_steps": [-1, 1.5, None],
    "min_lr_ratio": [-0.1, 1.1, NAN, None],
    "weight_dropout": [-0.1, 1, NAN, "0.1", None],
    "weight_decay": [-0.1, NAN, INF, None],
    "clip_norm": [0, -1, NAN, INF],
    "validation_fraction": [-0.1, 0.6, NAN, None],
    "max_evaluations": [0, -1, 1.5],
    "patience": [0, -1, 1.5],
    "save_seconds": [-1, NAN, INF],
    "seed": [-1, 1.5, 2**31, None],
}
SAMPLING_BAD = {
    "length": [-1, 1.5, "10", True],
    "lines": [0, -1, 1.5],
    "max_line": [0, 2.5],
    "max_copy": [0, 2.5],
    "stop": [("a", ""), (1,), None, 1],
    "only": [["a"], 1, b"a"],
    "ban": [("a",), {"a"}],
    "label": [1, ("a",)],
    "top_k": [-1, 1.5, None],
    "top_p": [0, -0.1, 1.1, NAN, None],
    "min_p": [-0.1, 1.1, NAN, None],
    "repetition_penalty": [0, -1, NAN, INF],
    "repetition_window": [0, 1.5],
    "temperature": [-1, -1e-9, NAN, INF, -INF, "1", None],
    "seed": [-1, 1.5, "0"],
}


def cases(table):
    return [(name, value) for name, values in table.items() for value in values]


def assert_names(make, name, value):
    with pytest.raises(SettingError) as caught:
        make(**{name: value})
    assert str(caught.value).startswith(f"{name} must be ")
    assert str(caught.value).endswith(f"; received {value!r}.")


@pytest.mark.parametrize(("name", "value"), cases(MODEL_BAD))
def test_bad_model_settings_are_named(name, value):
    assert_names(lambda **given: ModelConfig(**{"vocab_size": 5, **given}), name, value)


@pytest.mark.parametrize(("name", "value"), cases(TRAINING_BAD))
def test_bad_training_settings_are_named(name, value):
    assert_names(TrainingConfig, name, value)


@pytest.mark.parametrize(("name", "value"), cases(SAMPLING_BAD))
def test_bad_sampling_settings_are_named(name, value):
    assert_names(SamplingConfig, name, value)


def test_an_integer_beyond_all_floats_is_refused():
    with pytest.raises(SettingError, match="temperature"):
        SamplingConfig(temperature=10**400)


@pytest.mark.parametrize(
    "settings",
    [
        {"dropout": 0},
        {"units": (1,)},
        {"units": (512, 1, 7)},
        {"cell": "rnn"},
        {"vocab_size": 2},
    ],
)
def test_model_settings_at_their_limits(settings):
    assert dataclasses.asdict(ModelConfig(**{"vocab_size": 5, **settings})).items() >= (
        settings.items()
    )


@pytest.mark.parametrize("settings", [{"temperature": 0}, {"length": 0}, {"seed": 2**64}])
def test_sampling_settings_at_their_limits(settings):
    assert SamplingConfig(**settings).to_json().items() >= settings.items()


@pytest.mark.parametrize(
    "config",
    [
        ModelConfig(vocab_size=7, units=(3, 4, 5), cell="gru", dropout=0.25),
        TrainingConfig(),
        TrainingConfig(epochs=3, seed=9),
        TrainingConfig(minutes=0.5, validation_fraction=0),
        SamplingConfig(seed=5, temperature=0),
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


@pytest.mark.parametrize("config", [ModelConfig, TrainingConfig, SamplingConfig])
def test_every_setting_with_a_default_says_what_it_is(config):
    for field in dataclasses.fields(config):
        assert field.name in ("vocab_size", "labels") or field.metadata["about"]


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
