import json
import tomllib
from dataclasses import replace

import pytest
from click.testing import CliRunner

from chargen.cli import main
from chargen.config import RunConfig
from chargen.storage.runs import MODEL_FILE, bundled_checkpoint
from chargen.wording import about
from tests.helpers import save_run


def facts(result):
    """The lines of a report by their first word."""
    assert result.exit_code == 0
    assert result.stderr == ""
    return dict(line.split(maxsplit=1) for line in result.stdout.splitlines())


def test_a_report_in_lines(invoke, checkpoint_file, cell):
    report = facts(invoke("info", "-m", checkpoint_file))
    assert report["checkpoint"] == str(checkpoint_file)
    assert report["network"] == f"embedding 4 → {cell} 5 → 3 → dense 9"
    assert report["vocabulary"] == r"9 characters: \n :ABCabc"
    assert report["corpus"].startswith("tiny.txt")
    assert report["trained"] == "7 steps"
    assert report["loss"] == "not measured"


def test_weights_are_counted(invoke, lstm_file):
    # 9×4 + (4+5+1)×20 + (5+3+1)×12 + 3×9 + 9
    size = f"{about(lstm_file.stat().st_size / 1e6)} MB"
    assert facts(invoke("info", "-m", lstm_file))["size"] == f"380 weights, {size}"


def test_losses_are_shown_with_their_unit(invoke, make_checkpoint, tmp_path):
    checkpoint = make_checkpoint()
    origin = replace(checkpoint.origin, characters=123456, loss=1.25, carried=1.5)
    checkpoint = replace(checkpoint, origin=origin)
    checkpoint.save(tmp_path / "file")
    report = facts(invoke("info", "-m", tmp_path / "file"))
    assert report["loss"] == "1.2500 in training, 1.5000 held out, carried (nats per character)"
    assert report["corpus"] == "tiny.txt, 123,456 characters"


def test_how_a_model_was_made_is_told(invoke, make_checkpoint, tmp_path):
    checkpoint = make_checkpoint()
    origin = replace(
        checkpoint.origin,
        step=1,
        base="base",
        command="chargen train novel.txt --minutes 10",
        date="2026-01-31T12:34:56Z",
        seconds=598.2,
        machine="AMD EPYC, 1 core, Linux x86_64",
        version="1.2.3",
        software={"python": "3.13.0", "tensorflow": "2.20.0"},
    )
    replace(checkpoint, origin=origin).save(tmp_path / "file")
    report = facts(invoke("info", "-m", tmp_path / "file"))
    assert report["trained"] == "1 step, from base"
    begun = replace(origin, base=None, training={"initial_weights": "bundled"})
    replace(checkpoint, origin=begun).save(tmp_path / "begun")
    trained = facts(invoke("info", "-m", tmp_path / "begun"))["trained"]
    assert trained == "1 step, from the bundled model's weights"
    assert report["duration"] == "9 minutes 58 seconds"
    assert report["date"] == "2026-01-31 12:34:56 UTC"
    assert report["version"] == "chargen 1.2.3, python 3.13.0, tensorflow 2.20.0"
    assert report["machine"] == "AMD EPYC, 1 core, Linux x86_64"
    assert report["command"] == "chargen train novel.txt --minutes 10"
    found = json.loads(invoke("info", "-m", tmp_path / "file", "--json").stdout)["origin"]
    assert found["date"] == "2026-01-31T12:34:56Z"
    assert found["software"]["python"] == "3.13.0"


def test_a_model_of_an_earlier_version_says_nothing_of_it(invoke, lstm_file):
    report = facts(invoke("info", "-m", lstm_file))
    assert report.keys().isdisjoint({"duration", "date", "version", "machine", "command"})


def test_a_large_vocabulary_is_cut_short(invoke, make_checkpoint, tmp_path):
    make_checkpoint(characters="".join(map(chr, range(0x4E00, 0x4F00)))).save(tmp_path / "file")
    shown = facts(invoke("info", "-m", tmp_path / "file"))["vocabulary"]
    assert shown.startswith("256 characters: 一丁")
    assert shown.endswith(" …")


def test_json_holds_the_facts(invoke, checkpoint_file, checkpoint):
    found = json.loads(invoke("info", "-m", checkpoint_file, "--json").stdout)
    assert found["path"] == str(checkpoint_file)
    assert found["config"] == json.loads(json.dumps(checkpoint.config.to_json()))
    assert found["vocabulary"] == checkpoint.tokenizer.vocabulary.idx2char
    assert found["start"] == "\n"
    assert found["origin"] == checkpoint.origin.to_json()
    assert found["weights"] == sum(array.size for array in checkpoint.weights.values())
    assert found["bytes"] == checkpoint_file.stat().st_size


def test_json_is_utf8_whatever_the_locale(make_checkpoint, workdir):
    make_checkpoint(characters="é世😀\n").save(workdir / "model")
    result = CliRunner(charset="cp1252").invoke(main, ["info", "-m", "model", "--json"])
    assert json.loads(result.stdout_bytes.decode())["vocabulary"] == "\né世😀"


def test_without_a_path_it_is_what_sample_would_use(invoke, workdir, make_checkpoint):
    path = workdir / "checkpoints" / "mine" / MODEL_FILE
    make_checkpoint().save(path)
    assert facts(invoke("info"))["checkpoint"].endswith(f"mine/{MODEL_FILE}")


def test_bundled_names_the_model_that_comes_with_chargen(invoke, workdir, make_checkpoint):
    make_checkpoint().save(workdir / "checkpoints" / "mine" / MODEL_FILE)
    assert facts(invoke("info", "-m", "bundled"))["checkpoint"] == str(bundled_checkpoint())
    make_checkpoint(units=(2,)).save(workdir / "checkpoints" / "bundled" / MODEL_FILE)
    assert facts(invoke("info", "-m", "bundled"))["network"].endswith("lstm 2 → dense 9")


@pytest.mark.parametrize("charset", ["latin-1", "cp1252"])
def test_an_output_that_is_not_utf8(lstm_file, charset):
    assert CliRunner(charset=charset).invoke(main, ["info", "-m", str(lstm_file)]).exit_code == 0


def test_the_settings_of_a_run_are_a_file_for_the_next(invoke, make_checkpoint, workdir):
    (workdir / "text").write_text("to be or not to be\n" * 60)
    folder = workdir / "checkpoints" / "mine"
    checkpoint = make_checkpoint()
    origin = replace(checkpoint.origin, corpus="戯曲\u202e\n.txt", base="bundled")
    replace(checkpoint, origin=origin).save(folder / MODEL_FILE)
    settings = {"units": 3, "embedding_dim": 2, "include": ['"\x9f\\戯', "b"], "minutes": 2.5}
    saved = save_run(folder, workdir / "text", **settings)
    for named in ("mine", folder, folder / MODEL_FILE):
        result = invoke("info", "-m", named, "--config")
        assert (result.exit_code, result.stderr) == (0, "")
        written = result.stdout_bytes.decode()
        assert RunConfig.of(tomllib.loads(written)).settings() == saved.config.settings()
        assert r"which learned 戯曲\u202e\n.txt" in written
        assert "give --from bundled too" in written
        assert "depends on the machine" in written
        assert "\x9f" not in written


def test_a_model_without_its_run_gives_the_settings_that_it_knows(invoke, make_checkpoint, workdir):
    make_checkpoint().save(workdir / "model")
    (workdir / "text").write_text("to be or not to be\n" * 60)
    save_run(workdir, workdir / "text", units=7)  # another one, beside the file
    for model, units in (("model", [5, 3]), ("bundled", [256])):
        result = invoke("info", "-m", model, "--config")
        assert f"{model} is without the resume.safetensors of its run" in result.stderr
        settings = tomllib.loads(result.stdout)
        assert settings["units"] == units
        assert RunConfig.of(settings)
        assert "encoding" not in settings
    assert settings["precision"] == "float32"  # which is not written, as it is the default


def test_settings_are_printed_in_one_form(invoke):
    result = invoke("info", "--config", "--json")
    assert result.exit_code == 2
    assert "choose one" in result.stderr
