"""Files from strangers whose checksum is right: an error in one line, or a model that works."""

import copy
import json
import math

import numpy as np
import pytest
from click.testing import CliRunner

import chargen
from chargen.cli import main
from chargen.errors import CheckpointError
from chargen.storage.arrays import read_arrays, write_arrays

DEEP = json.loads("[" * 900 + "]" * 900)
VALUES = [
    None, True, 0, -1, 7, 2**63, 10**30, 0.5, 1e308, math.nan, math.inf, "", "x", "lstm", "\0",
    "\ud800", "x" * 100_001, [], [1], [-1], ["a"], [[]], [1] * 5000, {}, {"a": 1}, DEEP,
    [["a", 1]], [["a", -1], ["b", math.inf]],
]  # fmt: skip


def ways(value, way=()):
    """Yield the way to each value within a document, the first two of a list."""
    yield way
    items = list(enumerate(value))[:2] if isinstance(value, list) else ()
    for key, inner in value.items() if isinstance(value, dict) else items:
        yield from ways(inner, (*way, key))


def with_value(document, way, value):
    """Return the document with another value at the end of a way."""
    if not way:
        return value
    changed = copy.copy(document)  # and what is on the way; the rest is shared
    changed[way[0]] = with_value(document[way[0]], way[1:], value)
    return changed


def use(path):
    """Use a model in every way; a model that works gives finite numbers."""
    try:
        model = chargen.load(path)
    except CheckpointError:
        return False
    label = model.labels[0] if model.labels else None
    model.generate("A", length=3, seed=1, label=label)
    loss = model.evaluate("Ab", label=label)
    costs = model.score("Ab", label=label).bits.tolist()
    assert all(map(math.isfinite, [loss.carried, loss.windowed, *costs]))
    result = CliRunner().invoke(main, ["info", "-m", str(path)])
    assert result.exit_code == 0, result.output
    return True


@pytest.fixture
def honest(labelled_file, monkeypatch):
    """A model's file."""
    monkeypatch.setattr("os.fsync", lambda descriptor: None)  # a thousand files are written
    return labelled_file


def test_a_document_with_any_odd_value_is_refused_or_works(honest, tmp_path):
    arrays, document = read_arrays(honest)
    works = 0
    for way in ways(document):
        for value in VALUES:
            write_arrays(tmp_path / "odd", arrays, with_value(document, way, value))
            works += use(tmp_path / "odd")
    assert works > 50  # such as a name of another corpus


def test_arrays_that_are_odd_are_refused_by_name(honest, tmp_path):
    arrays, document = read_arrays(honest)
    for name, array in arrays.items():
        for odd in (
            array.astype(np.float64), array.astype(np.int8), array[:0], array[None],
            array * np.nan, array + np.inf, array * 0 + np.float32(3e38),
        ):  # fmt: skip
            write_arrays(tmp_path / "odd", {**arrays, name: odd}, document)
            with pytest.raises(CheckpointError, match=name):
                chargen.load(tmp_path / "odd")
        write_arrays(tmp_path / "odd", {k: v for k, v in arrays.items() if k != name}, document)
        with pytest.raises(CheckpointError, match=f"lacks array {name}"):
            chargen.load(tmp_path / "odd")


def test_a_header_deeper_than_python_reads_is_refused(lstm_file, tmp_path):
    arrays, _ = read_arrays(lstm_file)
    from safetensors.numpy import save_file

    save_file(arrays, tmp_path / "odd", {"chargen": "[" * 100_000})
    with pytest.raises(CheckpointError, match="damaged header"):
        chargen.load(tmp_path / "odd")
