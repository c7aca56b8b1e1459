"""Folders for a model hub: the weights are chargen's own, and the card says what they are."""

import re
import shlex
from dataclasses import replace

import numpy as np
import pytest

import chargen
from chargen.checkpoint import Checkpoint, Origin
from chargen.cli import main
from chargen.errors import CheckpointError, SettingError
from chargen.exports.formats import export
from chargen.exports.verify import verify
from tests.exports.networks import ODD, network

yaml = pytest.importorskip("yaml")


def card_of(path):
    """The header of a model card, and the Markdown after it."""
    _, header, text = (path / "README.md").read_text("utf-8").split("---\n", 2)
    return yaml.safe_load(header), text


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "tiny"


def test_a_folder_is_a_model_like_any_other(folder, invoke):
    checkpoint = network(labels=2)
    export(checkpoint, "hub", folder)
    again = Checkpoint.load(folder)
    assert again.to_json() == checkpoint.to_json()
    for name, array in checkpoint.weights.items():
        np.testing.assert_array_equal(array, again.weights[name])
    result = invoke("sample", "A", "-m", folder, "-s", 1, "-l", 20, "--label", "label 1")
    text = chargen.LanguageModel(checkpoint).generate("A", seed=1, length=20, label="label 1")
    assert result.stdout_bytes.decode().startswith("A")
    assert text == chargen.load(folder).generate("A", seed=1, length=20, label="label 1")


def test_the_header_is_what_hubs_read(folder, make_checkpoint):
    origin = Origin(corpus="tiny.txt", carried=1.25, windowed=1.5, characters=5000, step=70)
    export(replace(network(), origin=origin), "hub", folder, license="cc0-1.0", language="en")
    header, _ = card_of(folder)
    assert header["library_name"] == "chargen"
    assert header["pipeline_tag"] == "text-generation"
    assert (header["license"], header["language"]) == ("cc0-1.0", "en")
    assert header["tags"] == ["chargen", "character-level", "lstm"]
    (model,) = header["model-index"]
    assert model["name"] == "tiny"
    (result,) = model["results"]
    assert result["dataset"]["name"] == "tiny.txt"
    assert result["task"]["type"] == "text-generation"
    assert [(each["type"], each["value"]) for each in result["metrics"]] == [
        *(("loss", 1.25), ("bits_per_character", 1.8034)),
        *(("loss", 1.5), ("bits_per_character", 2.164)),
    ]


def test_the_card_says_what_the_model_learned_and_how(folder):
    training = {"minutes": 4.0, "batch_size": 8, "validation": "spread", "validation_fraction": 0.1}
    origin = Origin(
        corpus="tiny.txt",
        characters=5000,
        carried=1.25,
        step=70,
        seconds=65.0,
        training=training,
        version="0.1.0",
    )
    export(replace(network(), origin=origin), "hub", folder)
    header, text = card_of(folder)
    assert header["license"] == "unknown"
    assert "language" not in header
    for words in (
        "- **Network**: embedding 6 → lstm 9 → 5 → dense 14; ",
        "- **Text**: `tiny.txt`, 5,000 characters",
        "- **Held-out loss, carried**: 1.2500 nats = 1.8034 bits per character",
        "- **Held out**: 10% of the text: stretches from all over it, drawn by the seed",
        "- **Settings**: minutes 4.0, batch_size 8, ",
        "- **Trained**: 70 steps in 1 minute 5 seconds",
        "## Intended use and limits",
    ):
        assert words in text, words


def test_a_model_that_was_never_measured_claims_no_loss(folder):
    export(network(), "hub", folder)
    header, text = card_of(folder)
    assert "model-index" not in header
    assert "Held" not in text


def test_the_commands_of_a_card_are_understood(folder):
    export(network(labels=2), "hub", folder)
    _, text = card_of(folder)
    (block,) = re.findall(r"```console\n(.*?)```", text, re.DOTALL)
    for line in block.splitlines():
        program, name, *arguments = shlex.split(line)
        assert program == "chargen"
        main.get_command(None, name).make_context(name, arguments)


@pytest.mark.parametrize("model", ODD)
def test_names_and_texts_of_any_kind_stay_within_their_place(folder, model):
    name = 'a`b</script>: "x" # |\u2028\x1b[2J.txt'
    origin = Origin(corpus=name, carried=1.0, base=name, training={"validation": name})
    export(replace(model, origin=origin), "hub", folder)
    header, text = card_of(folder)
    assert header["model-index"][0]["results"][0]["dataset"]["name"] == (
        r'a`b</script>: "x" # |\u2028\x1b[2J.txt'
    )
    assert "\x1b" not in text
    outside = re.sub(r"^ {4}.*$", "", text, flags=re.MULTILINE)  # the sample is a block of its own
    assert "</script>" not in outside
    assert outside.count("`") % 2 == 0
    assert verify(folder).difference.is_small


@pytest.mark.parametrize(
    ("option", "value", "told"),
    [("license", "My own!", "such as cc0-1.0 or mit"), ("language", "English", "such as en")],
)
def test_a_license_or_language_of_another_form_is_refused(folder, option, value, told):
    with pytest.raises(SettingError, match=told):
        export(network(), "hub", folder, **{option: value})
    assert not folder.exists()


def test_weights_of_another_model_are_noticed(folder):
    export(network(), "hub", folder)
    network("gru").save(folder / "model.safetensors")
    with pytest.raises(CheckpointError, match=r"config.json and model.safetensors describe differ"):
        verify(folder)
