import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

import chargen
from chargen.config import PreparationConfig
from tests.helpers import with_tokenizer

SCORE = (sys.executable, "-m", "chargen", "score")
TEXT = "ABC: cab\nA"


def test_in_a_pipe_a_line_for_each_character(invoke, checkpoint_file):
    result = invoke("score", TEXT, "-m", checkpoint_file, "--top", 2)
    expected = chargen.load(checkpoint_file).score(TEXT, top=2)
    header, *lines = (line.split("\t") for line in result.stdout.splitlines())
    names = ["expected1", "probability1", "expected2", "probability2"]
    assert header == ["character", "bits", *names]
    assert [line[0] for line in lines] == [r"\n" if c == "\n" else c for c in TEXT]
    assert [line[1] for line in lines] == [f"{bits:.4f}" for bits in expected.bits]
    (_, first), (_, second) = expected.alternatives(0)
    assert lines[0][3::2] == [f"{first:.4f}", f"{second:.4f}"]
    assert f"{expected.bits_per_char:.3f} bits per character" in result.stderr


def test_fields_never_break_a_line(invoke, make_checkpoint, tmp_path):
    text = "\\\t\r\x1b\x85\u2028\n é"
    kept = PreparationConfig(newlines="keep")
    with_tokenizer(make_checkpoint(characters=text), preparation=kept).save(tmp_path / "odd")
    lines = invoke("score", text, "-m", tmp_path / "odd").stdout.split("\n")
    escapes = [r"\\", r"\t", r"\r", r"\x1b", r"\x85", r"\u2028", r"\n", " ", "é"]
    assert [line.split("\t")[0] for line in lines[1:-1]] == escapes
    assert {line.count("\t") for line in lines[:-1]} == {11}


def test_json_and_html(invoke, lstm_file, tmp_path):
    score = chargen.load(lstm_file).score(TEXT)
    as_json = invoke("score", TEXT, "-m", lstm_file, "--json")
    assert json.loads(as_json.stdout) == score.to_json()
    assert as_json.stderr == ""
    as_html = invoke("score", TEXT, "-m", lstm_file, "--html", tmp_path / "page.html")
    named = {"model": f"{lstm_file} (learned from tiny.txt, 7 steps)", "source": repr(TEXT)}
    assert (tmp_path / "page.html").read_text("utf-8") == score.to_html(**named)
    assert (as_html.stdout, as_html.stderr) == ("", f"Written to {tmp_path / 'page.html'}.\n")
    both = invoke("score", TEXT, "-m", lstm_file, "--json", "--html", tmp_path / "again.html")
    assert both.stdout == as_json.stdout
    assert (tmp_path / "again.html").read_bytes() == (tmp_path / "page.html").read_bytes()


def test_the_page_names_the_model_its_label_and_the_file(invoke, labelled_file, tmp_path):
    (tmp_path / "<a>.txt").write_text(TEXT)
    given = ("-m", labelled_file, "--label", "sea", "--html", tmp_path / "page.html")
    invoke("score", "--file", tmp_path / "<a>.txt", *given)
    page = (tmp_path / "page.html").read_text("utf-8")
    model = f"{labelled_file} (learned from tiny.txt, 7 steps), with the label sea"
    assert f"<dd><bdi>{model}</bdi></dd>" in page
    assert "<dd><bdi>&lt;a&gt;.txt</bdi></dd>" in page
    invoke("score", "-", *given, input=TEXT)
    assert "<dd><bdi>standard input</bdi></dd>" in (tmp_path / "page.html").read_text("utf-8")


@pytest.mark.parametrize("form", ["--json", "--top=1"])
def test_output_is_utf8_whatever_the_locale(make_checkpoint, tmp_path, form):
    make_checkpoint(characters="é世😀\n").save(tmp_path / "model")
    result = subprocess.run(
        [*SCORE, "世😀", "-m", tmp_path / "model", form],
        env={**os.environ, "PYTHONIOENCODING": "latin-1"},
        capture_output=True,
        check=True,
    )
    assert "😀" in result.stdout.decode()


def test_a_file_or_standard_input(invoke, lstm_file, tmp_path):
    (tmp_path / "text").write_bytes(TEXT.encode())
    direct = invoke("score", TEXT, "-m", lstm_file).stdout
    assert invoke("score", "--file", tmp_path / "text", "-m", lstm_file).stdout == direct
    piped = subprocess.run(
        [*SCORE, "-", "-m", lstm_file], input=TEXT.encode(), capture_output=True, check=True
    )
    assert piped.stdout.decode() == direct


def in_a_terminal(*command, **environment):
    """What a command writes when standard output is a terminal."""
    reader, writer = pty.openpty()
    env = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    with subprocess.Popen(command, stdout=writer, env=env | environment) as process:
        os.close(writer)
        output = b""
        try:
            while part := os.read(reader, 4096):
                output += part
        except OSError:  # how Linux says that the other end was closed
            pass
    os.close(reader)
    assert process.returncode == 0
    return output.decode().replace("\r\n", "\n")


@pytest.mark.skipif(os.name == "nt", reason="needs a pseudo-terminal")
def test_in_a_terminal_the_text_is_coloured(lstm_file):
    output = in_a_terminal(*SCORE, TEXT, "-m", lstm_file)
    plain = re.sub(r"\x1b\[[\d;]*m", "", output)
    assert "\x1b[" in output
    assert plain.replace("↵", "").startswith(TEXT + "\n")
    score = chargen.load(lstm_file).score(TEXT)
    painted = "".join(re.findall(r"\x1b\[48;5;\d+m([^\x1b]*)", output.partition("\n\n")[0]))
    assert painted == "".join(
        "↵" if character == "\n" else character
        for character, cost in zip(TEXT, score.bits, strict=True)
        if cost >= 2
    )
    assert f"{score.bits_per_char:.3f} bits per character" in plain


@pytest.mark.skipif(os.name == "nt", reason="needs a pseudo-terminal")
def test_no_color_gives_the_table(invoke, lstm_file):
    output = in_a_terminal(*SCORE, TEXT, "-m", lstm_file, NO_COLOR="1")
    assert output == invoke("score", TEXT, "-m", lstm_file).stdout


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.parametrize("form", ["--json", "--top=1"])
def test_a_full_disk_is_told(lstm_file, form):
    with Path("/dev/full").open("wb") as full:
        result = subprocess.run(
            [*SCORE, TEXT, "-m", lstm_file, form], stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert result.returncode == 1
    assert "disk is full" in result.stderr.decode().splitlines()[-1]


@pytest.mark.parametrize("args", [(), ("A", "--file", "x")])
def test_wrong_usage(invoke, args):
    result = invoke("score", *args)
    assert result.exit_code == 2
    assert result.stderr.startswith("Usage: ")


def test_what_cannot_be_scored(refused, lstm_file):
    told = refused("score", "A", "-m", lstm_file, "--top", "-1", code=2)
    assert "--top must be a whole number from 0 to 1,114,112; received -1" in told
    assert "text is empty" in refused("score", "", "-m", lstm_file)
    assert "never saw 'é'" in refused("score", "é", "-m", lstm_file, "--unknown", "error")
    assert "no file nowhere" in refused("score", "--file", "nowhere", "-m", lstm_file)
    assert "no checkpoint nowhere" in refused("score", "A", "-m", "nowhere")


def test_unknown_characters_are_left_out_with_a_note(invoke, lstm_file):
    result = invoke("score", "Aéb", "-m", lstm_file, "--unknown", "skip", "--json")
    assert json.loads(result.stdout)["text"] == "Ab"
    assert "'é'" in result.stderr
