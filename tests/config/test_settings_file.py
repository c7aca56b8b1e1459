"""A file of settings: what is written is read again, and what is wrong is told in a line."""

import tomllib

import pytest

from chargen.config import RunConfig
from chargen.config.settings_file import read_settings, settings_text, with_options
from chargen.errors import SettingError

TEXTS = [
    "\n", "\r\n", "\t", '"', "'", '"""', "'''", "\\", "\\n", "\\u0041", "a\\", "#", "a # b", "[x]",
    "=", " ", " a ", "\0", "\x1b[31m", "\x7f", "\x80", "\x9f", "\u2028", "\u202e", "戯曲", "é",
    "e\u0301", "😀", "\uffff", "\U0010ffff", "true", "1e5", "x" * 5000, 'C:\\new "folder"\\täxt\n',
]  # fmt: skip


@pytest.fixture
def read(tmp_path):
    """Reads settings from a file with this content."""

    def read(content):
        path = tmp_path / "run.toml"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_settings(path)

    return read


def test_texts_of_any_characters_are_read_as_they_were_written(read):
    for text in TEXTS:
        config = RunConfig.of({"document_separator": text, "include": [text, "b", text]})
        assert RunConfig.of(read(settings_text(config.settings()))) == config


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"units": 16_384, "dropout": 0.1 + 0.2, "learning_rate": 1e-300, "seed": 2**31 - 1},
        {"units": (1, 2, 3), "minutes": 1e-5, "weight_decay": 1e9, "lowercase": True},
        {"epochs": 10**9, "cell": "gru", "tensorboard": True, "learning_rate": 5, "dropout": 0},
        {"label": ["a=*.txt", "file"], "normalize": "NFKC", "validation": "戯曲/二.txt"},
    ],
)
def test_settings_are_read_as_they_were_written(read, settings):
    config = RunConfig.of(settings)
    assert RunConfig.of(read(settings_text(config.settings()))) == config
    assert RunConfig.of(tomllib.loads(settings_text(config.settings()))) == config


def test_halves_of_characters_are_told():
    with pytest.raises(SettingError, match="include has bytes that are no UTF-8"):
        settings_text({"include": ("a", "\udcff")})


def test_some_settings_are_enough_and_a_mark_or_line_ends_of_windows_do_no_harm(read):
    assert read("") == {}
    assert read(b"\xef\xbb\xbfunits = [8]\r\nminutes = 3\r\n") == {"units": [8], "minutes": 3}


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("unit = [8]", "There is no setting 'unit' (did you mean units?); there are batch_size, "),
        ("vocab_size = 8", "There is no setting 'vocab_size'; there are batch_size, "),
        ("units = 'wide'", "units must be 1 to 64 whole numbers"),
        ("epochs = 2.0", "epochs must be a whole number from 1 to 1,000,000,000; received 2.0."),
        ("seed = -1", "seed must be a whole number from 0 to 2^31 - 1; received -1."),
        ("seed = 2001-01-01", "seed must be a whole number from 0 to 2^31 - 1; received datetime."),
        ("dropout = nan", "dropout must be a number from 0 to 1, 1 excluded; received nan."),
        ("lowercase = 1", "lowercase must be true or false; received 1."),
        ("cell = ['gru']", "cell must be one of lstm, gru, rnn; received ['gru']."),
        ("minutes = 3\nepochs = 3", "takes either minutes or epochs; received both."),
        (
            "cell = 'gru'\nweight_dropout = 0.5",
            "weight_dropout 0.5 is for lstm layers; these are gru.",
        ),
        (
            "cell = 'rnn'\nprecision = 'bfloat16'",
            "precision bfloat16 is for lstm layers; these are rnn.",
        ),
        ("[training]\nseed = 1", "has a table, 'training'; a file of settings has no tables"),
        ("units = [8", "is not TOML: "),
        ("seed = 1\nseed = 2", "is not TOML: Cannot overwrite a value"),
        ("cell = gru", 'a text stands in quotes: cell = "gru".'),
        (f"seed = 1{'0' * 5000}", "is not TOML: "),
        ("x = " + "[" * 50_000, "is not TOML: "),
        ("seed = 1\n".encode("utf-16"), "is not UTF-8 (byte 0 is 0xff); save it as UTF-8."),
        (b"seed = 1\n" * 200_000, "is no file of settings: it is longer than 1 MB."),
    ],
)
def test_what_is_wrong_with_a_file_is_told_in_a_line_that_names_it(read, content, told):
    with pytest.raises(SettingError) as caught:
        read(content)
    message = str(caught.value)
    assert "run.toml" in message
    assert told in message
    assert "\n" not in message


def test_what_is_no_file_is_told(tmp_path):
    with pytest.raises(SettingError, match=r"There is no file .*`chargen info -m RUN --config`"):
        read_settings(tmp_path / "nowhere")
    with pytest.raises(SettingError, match="is a folder; give the path of a TOML file"):
        read_settings(tmp_path)


def test_options_have_priority_over_a_file():
    file = {"units": [8], "minutes": 3, "seed": 1}
    assert with_options(file, {"seed": 2}) == {"units": [8], "minutes": 3, "seed": 2}
    assert with_options(file, {"epochs": 2}) == {"units": [8], "epochs": 2, "seed": 1}
    assert with_options({"epochs": 2}, {"minutes": 1}) == {"minutes": 1}
