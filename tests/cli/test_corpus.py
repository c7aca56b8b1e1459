"""chargen corpus, from files to a report."""

import json
import sys

import pytest
from click.testing import CliRunner

from chargen.cli import main
from chargen.config.presets import available_cores


@pytest.fixture
def folder(workdir):
    place = workdir / "poems"
    place.mkdir()
    for name, text in {"a": "The sea.\nThe town.\n", "b": "A bell.\n", "c": "A bell.\n"}.items():
        (place / f"{name}.txt").write_text(text)
    (place / "picture").write_bytes(b"\x89PNG\0")
    return place


@pytest.mark.usefixtures("no_training")
def test_the_report(invoke, folder):
    result = invoke("corpus", folder)
    assert result.exit_code == 0, result.output
    for told in (
        "poems: 35 characters, 15 distinct",
        "documents     3; 1 is a copy of another: 2 = 3",
        "lines         4;",
        "'e' (U+0065) 5×",
        "Left out 1 file that is no plain text",
        f"(cores: {available_cores()}, ",
        "--minutes 10",
    ):
        assert told in result.stdout
    assert result.stderr == ""


def test_json_is_one_object(invoke, folder):
    result = invoke("corpus", folder, "--json", "--lowercase", "--include", "b.*")
    found = json.loads(result.stdout)
    assert found["characters"] == 8
    assert {"character": "a", "code": "U+0061", "name": "LATIN SMALL LETTER A", "count": 1} in (
        found["distinct"]
    )
    assert len(found["ngrams"]) == 6


def test_json_is_utf8_whatever_the_locale(workdir):
    (workdir / "e.txt").write_text("é世😀\n", "utf-8")
    result = CliRunner(charset="cp1252").invoke(main, ["corpus", "e.txt", "--json"])
    found = json.loads(result.stdout_bytes.decode())
    assert {each["character"] for each in found["distinct"]} == set("é世😀\n")


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere names are text")
def test_the_name_of_a_file_need_not_be_text(invoke, workdir):
    (workdir / "n\udcff.txt").write_text("The sea.\n")
    result = invoke("corpus", "n\udcff.txt", "--json", "--html", "page.html")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["name"] == "n\udcff.txt"
    assert r"<dd><bdi>n\udcff.txt</bdi></dd>" in (workdir / "page.html").read_text()


def test_a_page_is_written(invoke, folder, workdir):
    result = invoke("corpus", folder / "a.txt", "--html", workdir / "page.html")
    assert result.exit_code == 0
    assert result.stdout == ""
    assert "Written to" in result.stderr
    assert "LATIN CAPITAL LETTER T" in (workdir / "page.html").read_text()


def test_what_cannot_be_read_is_refused(refused, workdir):
    assert "no file nowhere" in refused("corpus", "nowhere")
    (workdir / "empty.txt").touch()
    assert "empty.txt is empty" in refused("corpus", "empty.txt")
