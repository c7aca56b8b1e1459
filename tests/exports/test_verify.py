"""Every format: what it carries, how it is checked, and what becomes of one that was changed."""

import contextlib
import json
import re
import zipfile
from importlib.util import find_spec

import numpy as np
import pytest

import chargen
from chargen.errors import ExportError, SettingError, StorageError
from chargen.exports.document import _seal
from chargen.exports.formats import FORMATS, export
from chargen.exports.verify import verify
from tests.exports.networks import ODD, network
from tests.test_strangers import ways, with_value

NEEDED = {"onnx": ("onnx", "onnxruntime"), "torch": ("torch",)}  # beside what tests need anyway
# Not skipped, which would be a line for each test; test_torch.py and test_onnx.py are.
AVAILABLE = [each for each in FORMATS if all(map(find_spec, NEEDED.get(each, ())))]
needs_onnx = pytest.mark.skipif("onnx" not in AVAILABLE, reason="onnx is not installed")
SLOW = ("keras", "savedmodel")


def path_of(format, folder):
    return folder / f"model{FORMATS[format].suffix}"


@pytest.fixture(params=AVAILABLE)
def format(request):
    return request.param


@pytest.fixture
def exported(format, tmp_path):
    """An export of each format."""
    path = path_of(format, tmp_path)
    export(network(labels=2), format, path)
    return path


CASES = [
    pytest.param(
        format,
        *model.values,
        id=f"{format}-{model.id}",
        marks=[pytest.mark.slow] if format in SLOW and model.id[0] in "plr" else [],
    )
    for format in AVAILABLE
    for model in ODD
]


@pytest.mark.parametrize(("format", "model"), CASES)
def test_its_own_program_agrees_whatever_the_text_is_like(tmp_path, format, model):
    path = path_of(format, tmp_path)
    export(model, format, path)
    result = verify(path)
    assert (result.path, result.format) == (path, format)
    assert result.characters == 81
    assert 0 <= result.difference.logits < 1e-4
    assert 0 <= result.difference.state < 1e-4
    assert re.search(r" \d+\.", result.runtime)


def test_vectors_reach_all_over_the_vocabulary():
    from chargen.exports.vectors import make_vectors

    vectors = make_vectors(network(labels=2))
    assert set(vectors["ids"]) == set(range(14))
    assert vectors["label"] == "label 0"
    assert vectors["places"][-1] == len(vectors["ids"]) - 1
    assert [len(logits) for logits in vectors["logits"]] == [14] * 4
    assert {name: len(each) for name, each in vectors["state"].items()} == {
        "h_0": 9, "c_0": 9, "h_1": 5, "c_1": 5,
    }  # fmt: skip


# What was changed is named


def change_zip(path, name, change):
    """Change a part of a zip archive, its checksum too."""
    with zipfile.ZipFile(path) as archive:
        parts = {each: archive.read(each) for each in archive.namelist()}
    parts[name] = change(parts[name])
    with zipfile.ZipFile(path, "w") as archive:
        for each, data in parts.items():
            archive.writestr(each, data)


def description_file(format, path):
    """The file with the description, where that stands by itself."""
    return {"savedmodel": path / "assets.extra" / "chargen.json", "hub": path / "config.json"}.get(
        format, path
    )


def test_another_vocabulary_is_noticed(format, exported):
    """The same characters in another order: every text would be nonsense."""

    def swap(data):
        assert data.count(b"ABCabc") == 1
        return data.replace(b"ABCabc", b"BACabc")

    file = description_file(format, exported)
    if format == "torch":
        file = exported / "weights.safetensors"
    if format == "keras":
        change_zip(file, "chargen.json", swap)
    else:
        file.write_bytes(swap(file.read_bytes()))
    with pytest.raises((ExportError, chargen.CheckpointError), match=r"model.* was ch") as error:
        verify(exported)
    assert str(exported) in str(error.value)


def test_a_cut_file_is_told(format, exported):
    for file in [exported] if exported.is_file() else exported.rglob("*"):
        if file.is_file() and file.suffix != ".md" and file.name != "fingerprint.pb":
            whole = file.read_bytes()
            file.write_bytes(whole[: len(whole) // 2])
            with pytest.raises((ExportError, chargen.CheckpointError)) as error:
                verify(exported)
            assert str(exported) in str(error.value), file
            assert "\n" not in str(error.value)
            file.write_bytes(whole)
    verify(exported)


def change_last_float(data, array):
    """Change one weight where it stands in a file."""
    raw = array.tobytes()
    assert data.count(raw) == 1
    changed = array.copy()
    changed.flat[-1] += np.float32(0.01)
    return data.replace(raw, changed.tobytes())


def test_one_changed_weight_is_named(format, exported):
    """One that no test text need notice: a bias."""
    if format in ("python", "page"):  # in base64; see test_python.py and test_page.py
        return
    bias = network(labels=2).weights["dense/bias"]
    file, name = exported, "dense/bias"
    if format == "savedmodel":
        file = exported / "variables" / "variables.data-00000-of-00001"
        name = "model cannot be loaded by TensorFlow: .*Checksum does not match"
    if format == "torch":
        file, name = exported / "weights.safetensors", "dense.bias"
    if format == "hub":
        file, name = exported / "model.safetensors", "model.safetensors"
    if format == "half":
        bias, name = bias.astype(np.float16), "model.safetensors"
    if format == "keras":
        change_zip(file, "model.weights.h5", lambda data: change_last_float(data, bias))
    else:
        file.write_bytes(change_last_float(file.read_bytes(), bias))
    with pytest.raises((ExportError, chargen.CheckpointError), match=name):
        verify(exported)


def test_what_computes_otherwise_is_told_by_how_much(format, exported, monkeypatch):
    monkeypatch.setattr("chargen.exports.vectors.TOLERANCE", -1)
    with pytest.raises(ExportError, match=r"computes something else in .* logits differ by up to"):
        verify(exported)


def test_an_export_of_another_version_is_told(tmp_path, monkeypatch):
    path = tmp_path / "model"
    export(network(), "hub", path)
    config = json.loads((path / "config.json").read_text())
    (path / "config.json").write_text(json.dumps({**config, "version": 2}))
    with pytest.raises(ExportError, match="has version 2 of the description, and this chargen"):
        verify(path)


@needs_onnx
def test_another_graph_is_noticed(tmp_path):
    import onnx

    path = tmp_path / "model.onnx"
    export(network("gru"), "onnx", path)
    model = onnx.load(path)
    (node,) = (each for each in model.graph.node if each.name == "gru_0")
    node.attribute[1].i = 0  # linear_before_reset
    onnx.save(model, path)
    with pytest.raises(ExportError, match="its graph does not match its SHA-256"):
        verify(path)


def test_other_layers_are_noticed(tmp_path):
    path = tmp_path / "model.keras"
    export(network(), "keras", path)
    change_zip(path, "config.json", lambda data: data.replace(b'"sigmoid"', b'"softmax"'))
    with pytest.raises(ExportError, match=r"its config\.json does not match its SHA-256"):
        verify(path)


def sealed(document):
    """The document with its SHA-256, as whoever wants to deceive would write it."""
    rest = {name: value for name, value in document.items() if name != "sha256"}
    return {**rest, "sha256": _seal(rest)}


ODD_VALUES = [None, -1, "x", [], {"a": 1}, 1e308]


@needs_onnx
def test_a_description_with_any_odd_value_is_refused_or_harmless(tmp_path):
    """Whoever knows the form can write any description; it gets an error in one line, or works."""
    import onnx

    path = tmp_path / "model.onnx"
    export(network(labels=2), "onnx", path)
    model = onnx.load(path)
    (entry,) = model.metadata_props
    document, works = json.loads(entry.value), 0
    for way in ways(document):
        for value in ODD_VALUES:
            odd = with_value(document, way, value)
            entry.value = json.dumps(sealed(odd) if isinstance(odd, dict) else odd)
            path.write_bytes(model.SerializeToString())
            with contextlib.suppress(ExportError):
                works += verify(path).difference.is_small
    assert works > 10  # such as a name of another corpus


# Where it goes


def test_what_is_there_is_kept_unless_it_may_be_replaced(format, exported):
    files = [exported] if exported.is_file() else sorted(exported.rglob("*"))
    before = {file: file.read_bytes() for file in files if file.is_file()}
    other = network("gru", (4,))
    with pytest.raises(StorageError, match=r"exists already; .* --overwrite"):
        export(other, format, exported)
    assert before == {file: file.read_bytes() for file in before}
    export(other, format, exported, overwrite=True)
    assert verify(exported).format == format
    assert before != {file: file.read_bytes() for file in before if file.exists()}
    assert list(exported.parent.iterdir()) == [exported]


def test_a_failure_leaves_nothing(format, tmp_path, monkeypatch):
    def fail(*args):
        raise OSError(28, "No space left on device")

    path = path_of(format, tmp_path)
    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(StorageError, match="could not be written: the disk is full"):
        export(network(), format, path)
    assert not list(tmp_path.iterdir())


def test_a_folder_with_other_things_is_never_replaced(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(StorageError, match=r"holds notes\.txt, which is no part of an export"):
        export(network(), "hub", tmp_path, overwrite=True)
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_a_run_is_never_replaced_by_an_export(tmp_path):
    network().save(tmp_path / "model.safetensors")
    (tmp_path / "resume.safetensors").touch()
    with pytest.raises(StorageError, match=r"holds resume\.safetensors"):
        export(network(), "hub", tmp_path, overwrite=True)


@pytest.mark.parametrize(
    ("format", "name", "told"),
    [
        ("onnx", "model.bin", "must end in .onnx"),
        ("hub", "file", "is a file; hub needs a folder"),
        ("onnx", "folder", "is a folder; give the path of a .onnx file"),
    ],
)
def test_a_place_that_does_not_fit_is_refused(tmp_path, format, name, told):
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    with pytest.raises((StorageError, ExportError), match=told):
        export(network(), format, tmp_path / name)


@pytest.mark.parametrize(
    "name",
    [
        *("nowhere", "text.txt", "empty", "odd.keras", "odd.py", "odd.safetensors"),
        pytest.param("odd.onnx", marks=needs_onnx),
    ],
)
def test_what_is_no_export_is_told(tmp_path, name):
    (tmp_path / "text.txt").write_text("Once upon a time")
    (tmp_path / "empty").mkdir()
    for suffix in ("onnx", "keras", "py", "safetensors"):
        (tmp_path / f"odd.{suffix}").write_text("print(1)")
    with pytest.raises((ExportError, chargen.CheckpointError), match=name):
        verify(tmp_path / name)


def test_from_python(tmp_path):
    model = chargen.LanguageModel(network())
    with pytest.raises(
        SettingError, match=r"format must be one of keras, onnx, .* received 'gguf'"
    ):
        model.export(tmp_path / "model.gguf", "gguf")
    with pytest.raises(SettingError, match="The format onnx has no option 'license'"):
        model.export(tmp_path / "model.onnx", "onnx", license="mit")
    model.export(tmp_path / "model", "hub", license="mit")
    assert chargen.verify(tmp_path / "model").difference.is_small
