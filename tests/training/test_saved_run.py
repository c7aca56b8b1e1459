"""resume.safetensors from strangers whose checksum is right: an error in one line, or a run."""

import numpy as np
import pytest
from click.testing import CliRunner

from chargen import api
from chargen.cli import main
from chargen.errors import ChargenError, CheckpointError
from chargen.storage.arrays import read_arrays, write_arrays
from chargen.storage.runs import MODEL_FILE, RESUME_FILE
from chargen.training import resume
from chargen.training.curves import draw_curves
from chargen.training.history import write_history
from chargen.training.saved_run import SavedRun
from tests.helpers import save_run
from tests.test_strangers import VALUES, ways, with_value

SETTINGS = {"units": (3,), "embedding_dim": 2, "batch_size": 2, "seq_length": 4, "epochs": 1}


class Ready(Exception):
    """TensorFlow would be imported now."""


@pytest.fixture
def path(workdir, monkeypatch):
    """The file of an honest run, whose text is there."""

    def stop(*args, **kwargs):
        raise Ready

    monkeypatch.setattr(resume, "build_run", stop)
    monkeypatch.setattr("os.fsync", lambda descriptor: None)  # a thousand files are written
    (workdir / "text").write_text("To be, or not to be.\n" * 20)
    folder = workdir / "checkpoints" / "run"
    save_run(folder, workdir / "text", **SETTINGS)
    return folder / RESUME_FILE


def test_what_was_saved_is_loaded(path):
    saved = SavedRun.load(path)
    path.rename(path.with_name("before"))
    saved.save(path)
    assert path.read_bytes() == path.with_name("before").read_bytes()
    with pytest.raises(Ready):
        api.resume("run")


def use(path):
    """Resume a run, up to the import of TensorFlow, and look at what it says it has done."""
    try:
        api.resume(path.parent)
    except Ready:
        saved = SavedRun.load(path)
        state, training = saved.state, saved.config.training
        write_history(path.parent, state.rows)
        draw_curves({"run": state.rows})
        assert state.rate(state.step, training) >= 0
        if state.total_steps is not None:
            assert len(state.evaluations(training, 9, 42).steps) <= training.max_evaluations + 5
        return True
    except ChargenError:
        return False
    return True  # it has finished


@pytest.mark.parametrize("every", [3, pytest.param(1, marks=pytest.mark.slow)])
def test_a_document_with_any_odd_value_is_refused_or_resumed(path, every):
    """Every third value at each place, beginning with another at the next; if slow, all of them."""
    arrays, document = read_arrays(path)
    known = ["To be, rnt.\n", True, ["a"]]
    document = {**document, "corpus": {**document["corpus"], "from": "base", "known": known}}
    document["state"]["cooling"] = [3, 0.002]
    resumed = 0
    for number, way in enumerate(ways(document)):
        if way[:1] == ("config",) and len(way) > 2:
            continue  # a setting; each is tested with `RunConfig`
        for value in VALUES[number % every :: every]:
            write_arrays(path, arrays, with_value(document, way, value))
            resumed += use(path)
    assert resumed > 50 / every  # such as another command line


@pytest.mark.parametrize("way", [(), ("state",), ("state", "finished")])
def test_runs_are_listed_whatever_they_hold(path, make_checkpoint, way):
    make_checkpoint().save(path.with_name(MODEL_FILE))
    arrays, document = read_arrays(path)
    for value in VALUES:
        write_arrays(path, arrays, with_value(document, way, value))
        result = CliRunner().invoke(main, ["runs"])
        assert result.exit_code == 0
        assert len(result.stdout.splitlines()) == 2


def test_a_document_that_lacks_anything_is_refused(path):
    arrays, document = read_arrays(path)
    for way in ways(document):
        if way and isinstance(way[-1], str):
            odd = with_value(document, way, None)
            inner = odd
            for key in way[:-1]:
                inner = inner[key]
            del inner[way[-1]]
            write_arrays(path, arrays, odd)
            use(path)


def test_arrays_that_are_odd_are_refused_by_name(path):
    arrays, document = read_arrays(path)
    for name, array in arrays.items():
        for odd in (
            array.astype(np.float64), array.astype(np.float16), array[:0], array[None],
            array * np.nan, array + np.inf, array + np.float32(3e38),
        ):  # fmt: skip
            write_arrays(path, {**arrays, name: odd}, document)
            with pytest.raises(CheckpointError, match=f"array {name}"):
                api.resume("run")
        write_arrays(path, {k: v for k, v in arrays.items() if k != name}, document)
        with pytest.raises(CheckpointError, match=f"lacks array {name}"):
            api.resume("run")


@pytest.mark.parametrize(
    ("part", "name", "value", "told"),
    [
        ("state", "step", -1, "step must be a whole number; received -1"),
        ("state", "step", 2**31, "step must be fewer than 2,147,483,648, planned ones too"),
        ("state", "first_step", 8, "first_step must be at most step, which is 7; received 8"),
        ("state", "rate_factor", 0.0, "rate_factor must be above 0"),
        ("state", "cooling", [8, 0.1], "cooling must be a step of at most 7, and a rate"),
        ("state", "rows", [{"step": 1}], "missing 6 required"),
        ("state", "bananas", 3, "unexpected keyword argument 'bananas'"),
        ("corpus", "paths", "text", "paths must be a list (each a text) or None; received 'text'"),
        ("corpus", "sha256", 3, "sha256 must be a text; received 3"),
        ("config", "training", {}, "TrainingConfig does not fit"),
    ],
)
def test_what_is_wrong_is_said(path, part, name, value, told):
    arrays, document = read_arrays(path)
    document[part][name] = value
    write_arrays(path, arrays, document)
    with pytest.raises(CheckpointError, match="no run that this chargen can resume") as error:
        api.resume("run")
    assert told in str(error.value)
