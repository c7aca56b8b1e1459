import os
import random

import numpy as np
import pytest
from safetensors.numpy import save_file

from chargen.checkpoint import Checkpoint, weight_shapes
from chargen.config import ModelConfig, PreparationConfig
from chargen.errors import CheckpointError, CorpusError, SettingError, UnknownCharacterError
from chargen.storage.arrays import read_arrays, write_arrays
from chargen.storage.runs import MODEL_FILE
from tests.helpers import with_tokenizer

SHAPES = {
    "lstm": {
        "lstm_0/kernel": (4, 20),
        "lstm_0/recurrent_kernel": (5, 20),
        "lstm_0/bias": (20,),
        "lstm_1/kernel": (5, 12),
        "lstm_1/recurrent_kernel": (3, 12),
        "lstm_1/bias": (12,),
    },
    "gru": {
        "gru_0/kernel": (4, 15),
        "gru_0/recurrent_kernel": (5, 15),
        "gru_0/bias": (2, 15),
        "gru_1/kernel": (5, 9),
        "gru_1/recurrent_kernel": (3, 9),
        "gru_1/bias": (2, 9),
    },
    "rnn": {
        "rnn_0/kernel": (4, 5),
        "rnn_0/recurrent_kernel": (5, 5),
        "rnn_0/bias": (5,),
        "rnn_1/kernel": (5, 3),
        "rnn_1/recurrent_kernel": (3, 3),
        "rnn_1/bias": (3,),
    },
}


def document_of(checkpoint):
    return {
        "config": checkpoint.config.to_json(),
        "vocabulary": checkpoint.tokenizer.vocabulary.idx2char,
        "start": checkpoint.tokenizer.start,
        "origin": checkpoint.origin.to_json(),
    }


@pytest.fixture
def load_changed(make_checkpoint, tmp_path):
    """Loads a checkpoint that is sound but for changed weights or a changed document."""

    def load(*, weights=None, **document):
        checkpoint = make_checkpoint()
        path = tmp_path / "changed.safetensors"
        changed = {**checkpoint.weights, **(weights or {})}
        changed = {name: array for name, array in changed.items() if array is not None}
        write_arrays(path, changed, {**document_of(checkpoint), **document})
        return Checkpoint.load(path)

    return load


@pytest.fixture
def load_bytes(tmp_path):
    def load(data):
        path = tmp_path / "bytes.safetensors"
        path.write_bytes(data)
        return Checkpoint.load(path)

    return load


def test_shapes_are_those_of_keras(cell):
    config = ModelConfig(vocab_size=9, embedding_dim=4, cell=cell, units=(5, 3))
    assert list(weight_shapes(config).items()) == [
        ("embedding/embeddings", (9, 4)),
        *SHAPES[cell].items(),
        ("dense/kernel", (3, 9)),
        ("dense/bias", (9,)),
    ]


def test_what_was_saved_is_loaded(checkpoint, checkpoint_file):
    loaded = Checkpoint.load(checkpoint_file)
    assert document_of(loaded) == document_of(checkpoint)
    assert loaded.config == checkpoint.config
    assert loaded.weights.keys() == checkpoint.weights.keys()
    for name, array in checkpoint.weights.items():
        assert loaded.weights[name].dtype == np.float32
        np.testing.assert_array_equal(loaded.weights[name], array)


def test_what_was_done_to_the_text_is_kept_and_done_to_prompts(make_checkpoint, tmp_path):
    preparation = PreparationConfig(normalize="NFC", lowercase=True, min_count=2)
    made = make_checkpoint(characters="abé\ufffd")
    with_tokenizer(made, preparation=preparation).save(tmp_path / "file")
    loaded = Checkpoint.load(tmp_path / "file")
    assert loaded.tokenizer.preparation == preparation
    assert loaded.tokenizer.prepare_prompt("ABE\u0301☃").text == "abé☃"  # as it is shown
    assert loaded.tokenizer.encode("abé☃").tolist() == [0, 1, 2, 3]
    assert loaded.tokenizer.unknown == "\ufffd"
    with pytest.raises(CorpusError, match=r"lone surrogate U\+DCFF"):
        loaded.tokenizer.prepare_prompt("a\udcff")
    with pytest.raises(SettingError, match="unknown must be one of"):
        loaded.tokenizer.prepare_prompt("a", "drop")
    assert loaded.tokenizer.boundary is None


def test_a_replacement_character_of_the_text_itself_is_as_any_other(make_checkpoint):
    made = make_checkpoint(characters="ab\ufffd")
    assert made.tokenizer.unknown is None
    with pytest.raises(UnknownCharacterError):
        made.tokenizer.prepare_prompt("ab☃")


def test_a_model_of_documents_knows_their_end(make_checkpoint):
    assert make_checkpoint(characters="\0ab").tokenizer.boundary == "\0"


def test_a_file_from_before_there_was_preparation_is_read(make_checkpoint, tmp_path):
    checkpoint = make_checkpoint()
    write_arrays(tmp_path / "file", checkpoint.weights, document_of(checkpoint))
    assert Checkpoint.load(tmp_path / "file").tokenizer.preparation == PreparationConfig(
        newlines="keep"
    )


def test_the_same_content_is_the_same_file(make_checkpoint, tmp_path):
    for name in "ab":
        make_checkpoint().save(tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_any_character_can_be_in_the_vocabulary(make_checkpoint, tmp_path):
    checkpoint = make_checkpoint(characters='\t\n\r "\\é世\u2028😀\U0010ffff')
    checkpoint.save(tmp_path / "file")
    assert (
        Checkpoint.load(tmp_path / "file").tokenizer.vocabulary == checkpoint.tokenizer.vocabulary
    )


def test_a_run_is_loaded_by_its_folder(checkpoint, tmp_path):
    checkpoint.save(tmp_path / "run" / MODEL_FILE)
    assert Checkpoint.load(tmp_path / "run").tokenizer.vocabulary == checkpoint.tokenizer.vocabulary


def test_arrays_of_all_kinds_are_kept(tmp_path):
    arrays = {
        "transposed": np.arange(6, dtype=np.float32).reshape(2, 3).T,
        "reversed": np.arange(5)[::-1],
        "scalar": np.array(3, np.int32),
        "none": np.zeros((0, 4), np.float32),
        "nan": np.array([np.nan, np.inf, -0.0]),
    }
    write_arrays(tmp_path / "file", arrays, {"counter": 3, "list": [1, None, "é"]})
    kept, document = read_arrays(tmp_path / "file")
    assert document == {"counter": 3, "list": [1, None, "é"]}
    assert kept.keys() == arrays.keys()
    for name, array in arrays.items():
        assert kept[name].dtype == array.dtype
        assert kept[name].shape == array.shape
        assert kept[name].tobytes() == array.tobytes()


# What is refused


def test_a_missing_file(tmp_path):
    with pytest.raises(CheckpointError, match=r"There is no checkpoint .*nowhere"):
        Checkpoint.load(tmp_path / "nowhere")
    with pytest.raises(CheckpointError, match=rf"There is no checkpoint .*{MODEL_FILE}"):
        Checkpoint.load(tmp_path)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root reads all")
def test_an_unreadable_file(lstm_file):
    lstm_file.chmod(0)
    with pytest.raises(CheckpointError, match="cannot be read: Permission denied"):
        Checkpoint.load(lstm_file)


@pytest.mark.parametrize("part", [0, 0.0005, 0.002, 0.1, 0.3, 0.5, 0.8, 0.99, 0.9999])
def test_a_truncated_file(checkpoint_file, load_bytes, part):
    data = checkpoint_file.read_bytes()
    with pytest.raises(CheckpointError, match=r"not a complete safetensors file .* train again"):
        load_bytes(data[: int(part * len(data))])


def test_a_file_with_more_at_its_end(lstm_file, load_bytes):
    with pytest.raises(CheckpointError, match="not a complete safetensors file"):
        load_bytes(lstm_file.read_bytes() + b"\0")


@pytest.mark.parametrize("data", [b"To be, or not to be", b"\xff" * 100, b"\0" * 100])
def test_a_file_of_something_else(load_bytes, data):
    with pytest.raises(CheckpointError, match="not a complete safetensors file"):
        load_bytes(data)


def test_any_flipped_bit_is_noticed(lstm_file, load_bytes):
    whole = lstm_file.read_bytes()
    generator = random.Random(0)
    for place in generator.sample(range(len(whole)), 400):
        data = bytearray(whole)
        data[place] ^= 1 << generator.randrange(8)
        with pytest.raises(CheckpointError):
            load_bytes(data)


def test_a_changed_weight_is_told(lstm_file, load_bytes):
    data = bytearray(lstm_file.read_bytes())
    data[-1] ^= 1
    with pytest.raises(CheckpointError, match=r"changed or damaged .* SHA-256"):
        load_bytes(data)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (rb"tiny.txt", rb"tidy.txt"),
        (rb"\"step\": 7", rb"\"step\": 8"),
        (rb"\"lstm\"", rb"\"gru \""),
        (rb"ABCabc", rb"ABCabd"),
    ],
)
def test_a_changed_header_is_told(lstm_file, load_bytes, before, after):
    data = lstm_file.read_bytes()
    assert data.count(before) == 1
    with pytest.raises(CheckpointError, match=r"changed or damaged .* SHA-256"):
        load_bytes(data.replace(before, after))


def test_a_newer_format_is_told(lstm_file, load_bytes):
    data = lstm_file.read_bytes()
    now, newer = (rb"\"format_version\": %d" % version for version in (1, 2))
    assert data.count(now) == 1
    with pytest.raises(CheckpointError, match=r"has format version 2, .* reads version 1; a newer"):
        load_bytes(data.replace(now, newer))


@pytest.mark.parametrize("header", ["", "[]", "{}", "3", '{"format_version": 1}', "{"])
def test_a_header_that_is_none(tmp_path, header):
    save_file({"weight": np.ones(3, np.float32)}, tmp_path / "file", {"chargen": header})
    with pytest.raises(CheckpointError, match="damaged header"):
        Checkpoint.load(tmp_path / "file")


@pytest.mark.parametrize("metadata", [None, {}, {"format": "pt"}])
def test_a_foreign_safetensors_file(tmp_path, metadata):
    save_file({"weight": np.ones(3, np.float16)}, tmp_path / "foreign", metadata)
    with pytest.raises(CheckpointError, match="not one that chargen wrote"):
        Checkpoint.load(tmp_path / "foreign")


@pytest.mark.parametrize(
    "dtype",
    [
        "BF16",
        "F8_E4M3",
    ],
)
def test_a_foreign_file_of_numbers_that_numpy_lacks(load_bytes, dtype):
    header = f'{{"weight":{{"dtype":"{dtype}","shape":[0],"data_offsets":[0,0]}}}}'.encode()
    with pytest.raises(CheckpointError, match="not one that chargen wrote"):
        load_bytes(len(header).to_bytes(8, "little") + header)


@pytest.mark.parametrize(
    ("weights", "told"),
    [
        ({"dense/bias": np.zeros(8, np.float32)}, r"dense/bias is float32 \(8,\), expected .*9,"),
        ({"dense/bias": np.zeros((9, 1), np.float32)}, r"dense/bias is float32 \(9, 1\)"),
        ({"lstm_1/bias": np.zeros(12)}, r"lstm_1/bias is float64 \(12,\), expected float32 \(12"),
        ({"lstm_0/kernel": np.zeros((4, 20), np.int32)}, "lstm_0/kernel is int32"),
        ({"lstm_0/kernel": np.zeros((4, 20), np.int8)}, "lstm_0/kernel is int8"),
        ({"dense/bias": np.zeros(8, np.float16)}, r"dense/bias is float32 \(8,\), expected .*9,"),
        ({"dense/bias": np.full(9, np.inf, np.float16)}, "dense/bias holds numbers that are not"),
        ({"dense/bias": np.full(9, np.nan, np.float16)}, "dense/bias holds numbers that are not"),
        ({"dense/bias": np.full(9, np.inf, np.float32)}, "dense/bias holds numbers that are not"),
        ({"lstm_1/kernel": None}, "lacks array lstm_1/kernel"),
        ({"embedding/embeddings": None}, "lacks array embedding/embeddings"),
        ({"lstm_2/kernel": np.zeros(1, np.float32)}, "has an unexpected array lstm_2/kernel"),
    ],
)
def test_a_wrong_array_is_named(load_changed, weights, told):
    with pytest.raises(CheckpointError, match=told):
        load_changed(weights=weights)


@pytest.mark.parametrize("names", [("dense/bias",), None])
def test_weights_in_float16_become_float32(load_changed, make_checkpoint, names):
    weights = make_checkpoint().weights
    halves = {name: weights[name].astype(np.float16) for name in names or weights}
    loaded = load_changed(weights=halves).weights
    for name, array in loaded.items():
        assert array.dtype == np.float32
        np.testing.assert_array_equal(array, halves.get(name, weights[name]))


def test_a_flipped_bit_in_float16_is_told(make_checkpoint, tmp_path):
    halves = {name: each.astype(np.float16) for name, each in make_checkpoint().weights.items()}
    write_arrays(tmp_path / "half", halves, document_of(make_checkpoint()))
    data = bytearray((tmp_path / "half").read_bytes())
    data[-1] ^= 1
    (tmp_path / "half").write_bytes(data)
    with pytest.raises(CheckpointError, match=r"changed or damaged .* SHA-256"):
        Checkpoint.load(tmp_path / "half")


def test_a_config_that_does_not_fit_the_weights(load_changed, make_checkpoint):
    config = {**make_checkpoint().config.to_json(), "units": [5, 4]}
    with pytest.raises(CheckpointError, match=r"lstm_1/kernel is .*\(5, 12\), .*\(5, 16\)"):
        load_changed(config=config)


@pytest.mark.parametrize(
    "document",
    [
        {"config": None},
        {"config": {"vocab_size": 9}},
        {"config": []},
        {"vocabulary": ""},
        {"vocabulary": "\ud800"},
        {"vocabulary": 3},
        {"vocabulary": ["a"]},
        {"vocabulary": "too few"},
        {"start": "z"},
        {"start": ""},
        {"start": []},
        {"origin": "a string"},
    ],
)
def test_a_document_that_makes_no_sense(load_changed, document):
    with pytest.raises(CheckpointError, match=r"cannot be understood|does not fit"):
        load_changed(**document)


def test_a_document_with_something_missing(make_checkpoint, tmp_path):
    document = document_of(make_checkpoint())
    for name in document:
        rest = {key: value for key, value in document.items() if key != name}
        write_arrays(tmp_path / "file", make_checkpoint().weights, rest)
        with pytest.raises(CheckpointError, match=f"cannot be understood: '{name}'"):
            Checkpoint.load(tmp_path / "file")


def test_labels_are_kept_in_their_order(make_checkpoint, tmp_path):
    made = make_checkpoint(labels={"b": 3, "a b": 0, "ü": 7})
    made.save(tmp_path / "file")
    loaded = Checkpoint.load(tmp_path / "file")
    assert list(loaded.labels.items()) == [("b", 3), ("a b", 0), ("ü", 7)]
    assert loaded.config.labels == 3


def test_a_model_without_labels_is_written_as_before_there_were_any(checkpoint_file):
    _, document = read_arrays(checkpoint_file)
    assert "labels" not in document
    assert "labels" not in document["config"]


@pytest.mark.parametrize("labels", [[["a", 1]], [["a", -1], ["b", 2]], [["a", 1], ["a", 2]]])
def test_labels_that_do_not_fit_are_refused(make_checkpoint, tmp_path, labels):
    made = make_checkpoint(labels={"a": 1, "b": 2})
    write_arrays(tmp_path / "odd", made.weights, {**document_of(made), "labels": labels})
    with pytest.raises(CheckpointError, match="labels that do not fit"):
        Checkpoint.load(tmp_path / "odd")


def test_a_label_is_known_by_name(labelled, make_checkpoint):
    assert labelled.label_ids("sea", 2).tolist() == [1, 1]
    for label, told in (
        ("seas", r"no label 'seas' \(did you mean 'sea'\?\); its labels are land, sea, sky\.$"),
        ("xyz", r"no label 'xyz'; its labels are land"),
        (None, r"must be told which label a text has; its labels are land, sea, sky"),
    ):
        with pytest.raises(SettingError, match=told):
            labelled.label_ids(label)
    assert make_checkpoint().label_ids(None) is None
    with pytest.raises(SettingError, match="has no labels; received 'sea'"):
        make_checkpoint().label_ids("sea")
