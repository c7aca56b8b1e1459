"""How commands read the files that they are given: encodings, kinds of file, columns."""

import io
import json
import os
import subprocess
import sys
import zipfile

import pytest

WORD = io.BytesIO()
with zipfile.ZipFile(WORD, "w") as archive:
    archive.writestr("word/document.xml", "<xml>text</xml>")

COMMANDS = {
    "train": ["train"],
    "corpus": ["corpus"],
    "evaluate": ["evaluate", "-m", "model"],
    "score": ["score", "-m", "model", "--file"],
    "classify": ["classify", "-m", "model", "-m", "model", "--file"],
    "sample": ["sample", "-m", "model", "--prompt-file"],
    "copies": ["sample", "-m", "model", "--report-copies"],
}


@pytest.fixture(params=COMMANDS)
def command(request, make_checkpoint, workdir):
    """Each command that reads a file, up to the file's name, and a model that they name."""
    make_checkpoint(characters="\n :ABCabcé").save(workdir / "model")
    return COMMANDS[request.param]


def test_each_says_which_encoding_a_file_may_be_in(refused, workdir, command):
    (workdir / "a.txt").write_bytes(b"b\xe9 caf\xe9")
    line = refused(*command, "a.txt")
    assert (
        "byte 0xe9 at offset 1. It looks like cp1252: “bé café”; if so, --encoding cp1252" in line
    )


def test_each_refuses_a_word_document(refused, workdir, command):
    (workdir / "my essay.docx").write_bytes(WORD.getvalue())
    assert "is a Word document, not plain text" in (line := refused(*command, "my essay.docx"))
    assert "pandoc 'my essay.docx' -t plain -o 'my essay'.txt" in line


@pytest.mark.parametrize(
    ("args", "texts"), [(["--prompt-file", "a.txt"], 1), (["--prompt-file", "-"], 1)]
)
def test_auto_says_what_it_took(invoke, make_checkpoint, workdir, args, texts):
    make_checkpoint(characters="\n :ABCabcdfé").save(workdir / "model")
    data = b"baba caf\xe9"
    (workdir / "a.txt").write_bytes(data)
    result = invoke("sample", "-m", "model", "--encoding", "auto", *args, input=data)
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("baba café")
    assert "Read as cp1252: " in result.stderr
    assert "(“baba café”)" in result.stderr


def test_evaluate_reads_a_column_row_by_row(invoke, make_checkpoint, workdir):
    make_checkpoint(characters="\0 ABCabc").save(workdir / "model")
    (workdir / "a.csv").write_text('id,text\n1,"ab"\n2,ca\n')
    folder = workdir / "rows"
    folder.mkdir()
    for number, text in enumerate(("ab", "ca")):
        (folder / f"{number}.txt").write_text(text)
    table = invoke("evaluate", "a.csv", "-m", "model", "--column", "text", "--json")
    files = invoke("evaluate", "rows", "-m", "model", "--json")
    assert json.loads(table.stdout) == json.loads(files.stdout)


def test_classify_takes_each_row_as_a_text(invoke, make_checkpoint, workdir):
    for seed in (0, 1):
        make_checkpoint(seed=seed).save(workdir / f"{seed}.safetensors")
    (workdir / "a.jsonl").write_text('{"text": "ab\\nc"}\n{"text": "ca"}\n')
    models = ["-m", "0.safetensors", "-m", "1.safetensors"]
    result = invoke("classify", *models, "--file", "a.jsonl", "--column", "text")
    assert result.exit_code == 0, result.output
    assert len(result.stdout.splitlines()) == 2
    data = (workdir / "a.jsonl").read_bytes()
    piped = invoke("classify", *models, "-", "--column", "text", input=data)
    assert (piped.stdout, piped.stderr) == (result.stdout, result.stderr)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes that are files")
def test_a_pipe_that_gives_nothing_yet_is_waited_for_with_a_word(lstm_file, tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    words = [sys.executable, "-m", "chargen", "evaluate", "-m", str(lstm_file), str(pipe)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        said = process.stderr.readline().decode()  # a pipe says nothing where nothing is waited for
        pipe.write_text("AB abc\n")
        process.communicate(timeout=30)
    assert said == f"Waiting for {pipe}, which is a pipe.\n"
    assert process.returncode == 0


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="needs terminals")
def test_a_terminal_is_told_how_to_end_a_text(lstm_file):
    here, there = os.openpty()
    words = [sys.executable, "-m", "chargen", "evaluate", "-m", str(lstm_file), "-"]
    pipes = {"stdin": there, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(words, **pipes) as process:
        said = process.stderr.readline().decode()
        os.write(here, b"AB abc\n\x04")
        process.communicate(timeout=30)
    assert said == (
        "Waiting for standard input, which is a terminal; Ctrl-D at the beginning of a line ends "
        "the text.\n"
    )
    assert process.returncode == 0
    os.close(here)
    os.close(there)


def test_what_comes_at_once_is_read_without_a_word(lstm_file):
    words = [sys.executable, "-m", "chargen", "evaluate", "-m", str(lstm_file), "-"]
    result = subprocess.run(words, input=b"AB abc\n", capture_output=True, check=True)
    assert result.stderr == b""
