import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

import chargen
from chargen.config import PreparationConfig
from chargen.storage.runs import MODEL_FILE
from tests.helpers import with_tokenizer

SAMPLE = (sys.executable, "-m", "chargen", "sample")


def test_the_prompt_then_what_follows_it(invoke, checkpoint_file):
    result = invoke("sample", "Ab: ", "-m", checkpoint_file, "-l", 40, "-t", 0.7, "-s", 3)
    text = chargen.load(checkpoint_file).generate("Ab: ", length=40, temperature=0.7, seed=3)
    assert result.exit_code == 0
    assert result.stdout == f"Ab: {text}\n"
    assert result.stderr == ""


def test_long_and_short_options_are_the_same(invoke, lstm_file):
    short = invoke("sample", "A", "-m", lstm_file, "-l", 30, "-t", 0.5, "-s", 1)
    long = invoke(
        *("sample", "A", "--model", lstm_file),
        *("--length", 30, "--temperature", 0.5, "--seed", 1),
    )
    assert short.stdout == long.stdout


def texts(result):
    assert result.exit_code == 0, result.stderr
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_samples_follow_one_another_with_an_empty_line_between(invoke, lstm_file):
    result = invoke("sample", "A", "-m", lstm_file, "-n", 3, "-l", 5, "-s", 1, "--ban", r"\n")
    samples = list(chargen.load(lstm_file).samples("A", n=3, length=5, seed=1, ban=r"\n"))
    assert result.stdout == "\n".join(f"A{sample.text}\n" for sample in samples)


def test_samples_with_another_separator_and_without_the_prompt(invoke, lstm_file):
    options = ("-n", 3, "-l", 5, "-s", 1, "--no-echo", "--only", "a-c")
    result = invoke("sample", "A", "-m", lstm_file, *options, "--separator", "-")
    lines = result.stdout.splitlines()
    assert [len(line) for line in lines] == [5, 6, 6]
    assert [line[:1] for line in lines[1:]] == ["-", "-"]


def test_a_separator_and_a_label_need_not_be_text(invoke, make_checkpoint, workdir):
    make_checkpoint(labels={"\udcff": 1}).save(workdir / "model")
    two = ("sample", "A", "-m", "model", "-n", 2, "-l", 5)
    assert b"\n\xffA" in invoke(*two, "--separator", "\udcff").stdout_bytes
    assert [each["label"] for each in texts(invoke(*two, "--json"))] == ["\udcff"] * 2


def test_json_is_an_object_a_line(invoke, lstm_file):
    options = ("-n", 2, "-l", 20, "-s", 7, "--top", 3, "--json")
    both = texts(invoke("sample", "A", "b", "-m", lstm_file, *options))
    assert [(each["prompt"], each["number"]) for each in both] == [
        ("A", 0),
        ("A", 1),
        ("b", 0),
        ("b", 1),
    ]
    for each in both:
        assert each["seed"] == 7
        assert each["finish_reason"] == "length"
        assert len(each["text"]) == len(each["log_probs"]) == len(each["top"]) == 20
        for character, log_prob, top in zip(
            each["text"], each["log_probs"], each["top"], strict=True
        ):
            assert len(top) == 3
            assert sorted((p for _, p in top), reverse=True) == [p for _, p in top]
            assert dict(top).get(character, log_prob) == log_prob <= top[0][1]


def test_a_seed_that_was_drawn_is_told(invoke, lstm_file):
    (first,) = texts(invoke("sample", "A", "-m", lstm_file, "--json"))
    (again,) = texts(invoke("sample", "A", "-m", lstm_file, "--json", "-s", first["seed"]))
    assert first == again


def test_prompts_come_from_files_and_standard_input(invoke, lstm_file, tmp_path):
    (tmp_path / "prompt").write_bytes("\ufeffAb\n \r\n".encode())
    options = ("-m", lstm_file, "-l", 3, "--json")
    result = invoke(
        *("sample", "c", "-", "--prompt-file", tmp_path / "prompt", *options), input="a\n\n"
    )
    assert [each["prompt"] for each in texts(result)] == ["c", "a\n", "Ab\n "]


def test_prompts_and_the_corpus_have_an_encoding(invoke, make_checkpoint, corpus, workdir):
    make_checkpoint(characters="é\n").save(workdir / "accents")
    corpus.write_bytes("é\n".encode("latin-1") * 9)
    options = ("-m", "accents", "-l", 0, "--report-copies", corpus, "--encoding", "latin-1")
    result = invoke("sample", "-", "é", "--prompt-file", corpus, *options, input=b"\xe9\xe9\n")
    assert result.stdout == "éé\n\né\n\n" + "é\n" * 9
    assert "not utf-8 text" in invoke("sample", *options[:-2]).stderr


def test_what_was_changed_in_a_prompt_is_said(invoke, lstm_file):
    result = invoke("sample", "Á b", "-m", lstm_file, "--unknown", "nearest", "-l", 0)
    assert result.stdout == "A b\n"
    assert result.stderr == "Changed 'Á' (U+00C1) to 'A'.\n"
    result = invoke("sample", "Áb", "-m", lstm_file, "--unknown", "skip", "-l", 0)
    assert result.stdout == "b\n"


@pytest.fixture
def folding(make_checkpoint, workdir):
    """A run whose model knows small letters, and one character for all that was rare."""
    made = make_checkpoint(characters="\nabc\ufffd")
    preparation = PreparationConfig(lowercase=True, min_count=2)
    with_tokenizer(made, preparation=preparation).save(workdir / "folding")
    return "folding"


def test_a_prompt_is_shown_as_it_was_typed_though_rare_characters_are_read_as_one(invoke, folding):
    options = ("-m", folding, "-l", 9, "-s", 1)
    text = invoke("sample", "A\ufffdb", *options, "--no-echo").stdout
    assert invoke("sample", "A€b", *options).stdout == f"a€b{text}"
    first, _ = texts(invoke("sample", "A€b", *options, "-n", 2, "--json"))
    assert (first["prompt"], first["text"]) == ("a€b", text.rstrip("\n"))


@pytest.mark.parametrize("command", ["sample", "score"])
def test_what_is_changed_in_a_prompt_is_not_prepared_again(
    invoke, make_checkpoint, workdir, command
):
    made = make_checkpoint(characters="\nace\u0301f")
    with_tokenizer(made, preparation=PreparationConfig(normalize="NFC")).save(workdir / "nfc")
    result = invoke(command, "café", "-m", "nfc", "--unknown", "nearest")
    assert result.exit_code == 0, result.stderr
    assert result.stderr.startswith("Changed 'é'")


def test_lines_and_stop_texts_end_a_text(invoke, lstm_file):
    options = ("-m", lstm_file, "-s", 3, "-t", 1, "--json")
    (whole,) = texts(invoke("sample", "A", *options, "-l", 400))
    (lines,) = texts(invoke("sample", "A", *options, "--lines", 2))
    assert lines["text"] == "\n".join(whole["text"].split("\n")[:2])
    assert lines["finish_reason"] == "lines"
    stop = whole["text"][100:103]
    (stopped,) = texts(invoke("sample", "A", *options, "--stop", "zz", "--stop", stop))
    assert stopped["text"] == whole["text"][: whole["text"].index(stop)]
    assert stopped["finish_reason"] == "stop"


def test_lines_are_kept_short(invoke, lstm_file):
    result = invoke("sample", "A", "-m", lstm_file, "--max-line", 7, "-l", 200)
    lines = result.stdout.splitlines()
    assert max(map(len, lines)) == 7


@pytest.fixture
def corpus(tmp_path):
    path = tmp_path / "corpus.txt"
    path.write_text("abc: ABC\n\ncabba cab, abba!\n aaaa bbbb cccc\n" * 3)
    return path


def longest_in(corpus, text):
    """The length of the longest piece of `text` in `corpus`, by trying them all."""
    return max(
        b - a for a in range(len(text)) for b in range(a, len(text) + 1) if text[a:b] in corpus
    )


def test_copied_passages_are_told_with_their_lines(invoke, lstm_file, corpus):
    options = ("-m", lstm_file, "-n", 2, "-l", 150, "-s", 1, "--report-copies", corpus)
    whole = corpus.read_text()
    for each in texts(invoke("sample", "A", *options, "--json")):
        copy = each["copy"]
        assert len(copy["text"]) == longest_in(whole, each["text"])
        assert copy["text"].strip().split("\n")[0] in whole.split("\n")[copy["line"] - 1]
    result = invoke("sample", "A", *options)
    first, second = result.stderr.splitlines()
    assert first.startswith(f"Text 1 has at most {longest_in(whole, texts_of(result)[0])} char")
    assert second.startswith("Text 2 has at most ")
    assert f"from {corpus}, line " in second


def texts_of(result):
    """The two texts of a report, each with a prompt of one character."""
    half = len(result.stdout) // 2
    return result.stdout[1:half], result.stdout[half + 2 :]


@pytest.mark.parametrize("limit", [1, 2, 3])
def test_no_more_is_copied_than_asked_for(invoke, lstm_file, corpus, limit):
    options = ("-m", lstm_file, "-n", 3, "-l", 120, "-s", 1, "--report-copies", corpus, "--json")
    free = texts(invoke("sample", "A", *options))
    held = texts(invoke("sample", "A", *options, "--max-copy", limit))
    assert max(longest_in(corpus.read_text(), each["text"]) for each in free) > limit
    for each in held:
        assert longest_in(corpus.read_text(), each["text"]) <= limit
        assert each["finish_reason"] in ("length", "max_copy")


def test_where_all_that_can_be_said_is_a_copy_the_text_ends(invoke, lstm_file, corpus):
    options = ("-m", lstm_file, "--report-copies", corpus, "--json", "--only", "a")
    (text,) = texts(invoke("sample", "A", *options, "--max-copy", 2))
    assert (text["text"], text["finish_reason"]) == ("aa", "max_copy")
    # What may be the beginning of a stop text is held back, and is text after all.
    (held,) = texts(invoke("sample", "A", *options, "--max-copy", 2, "--stop", "aaB"))
    assert held == text | {"seed": held["seed"]}


def test_defaults_are_those_of_python(invoke, lstm_file):
    result = invoke("sample", "-m", lstm_file, "-s", 1)
    assert result.stdout == chargen.load(lstm_file).generate(seed=1) + "\n"


def test_temperature_0_is_taken(invoke, lstm_file):
    once, again = (invoke("sample", "A", "-m", lstm_file, "-t", 0) for _ in range(2))
    assert once.stdout == again.stdout


def test_length_0_is_taken(invoke, lstm_file):
    assert invoke("sample", "Ab", "-m", lstm_file, "-l", 0).stdout == "Ab\n"


def test_without_a_checkpoint_the_newest_run_writes(invoke, workdir, make_checkpoint):
    make_checkpoint(characters="xy").save(workdir / "checkpoints" / "mine" / MODEL_FILE)
    assert set(invoke("sample", "x").stdout) <= set("xy\n")
    assert (
        invoke("sample", "x", "-s", 1).stdout == invoke("sample", "x", "-s", 1, "-m", "mine").stdout
    )


def test_output_is_utf8_with_its_own_line_endings(make_checkpoint, tmp_path):
    make_checkpoint(characters="é世😀\r\n").save(tmp_path / "file")
    result = subprocess.run(
        [*SAMPLE, "世", "-m", tmp_path / "file", "-s", "1", "-l", "200"],
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        check=True,
    )
    text = chargen.load(tmp_path / "file").generate("世", seed=1, length=200)
    assert result.stdout == f"世{text}\n".encode()
    assert result.stderr == b""


@pytest.mark.skipif(os.name == "nt", reason="needs a pseudo-terminal")
@pytest.mark.parametrize(("options", "is_told"), [((), True), (("-s", "1"), False)])
def test_a_seed_that_was_drawn_is_told_on_a_terminal(lstm_file, options, is_told):
    reader, writer = pty.openpty()
    command = [*SAMPLE, "A", "-m", lstm_file, "-l", "60", *options]
    written = subprocess.run(command, stdout=subprocess.PIPE, stderr=writer, check=True).stdout
    os.close(writer)
    try:
        told = os.read(reader, 4096).decode()
    except OSError:  # how Linux says that the other end was closed
        told = ""
    os.close(reader)
    model, *seeds = told.splitlines()
    assert model == f"Model: {lstm_file} (learned from tiny.txt, 7 steps)"
    assert [seed.startswith("Seed: ") for seed in seeds] == [True] * is_told
    for seed in seeds:
        again = [*command, "-s", seed.removeprefix("Seed: ")]
        assert subprocess.run(again, stdout=subprocess.PIPE, check=True).stdout == written


def test_whoever_stops_listening_causes_no_fuss(lstm_file):
    with (
        subprocess.Popen(
            [*SAMPLE, "A", "-m", lstm_file, "-l", "100000"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as sample,
        subprocess.Popen(
            ["head", "-c", "100"], stdin=sample.stdout, stdout=subprocess.PIPE
        ) as head,
    ):
        sample.stdout.close()
        assert len(head.stdout.read()) == 100
        assert sample.stderr.read() == b""
        assert sample.wait() == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.parametrize("command", ["sample", "info"])
def test_a_full_disk_is_told(lstm_file, command):
    with Path("/dev/full").open("wb") as full:
        result = subprocess.run(
            [sys.executable, "-m", "chargen", command, "-m", lstm_file],
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert result.returncode == 1
    assert result.stderr == b"Error: The output could not be written: the disk is full.\n"


QUOTA = """
import errno
from chargen.cli import main, runs

def write(**options):
    raise OSError(errno.EDQUOT, "")

runs.runs.callback = write
main(["runs"])
"""


def test_a_quota_that_is_used_up_is_told():
    result = subprocess.run([sys.executable, "-c", QUOTA], capture_output=True, check=False)
    assert result.returncode == 1
    assert result.stderr == b"Error: The output could not be written: the disk quota is used up.\n"


@pytest.mark.skipif(os.name == "nt", reason="needs a POSIX shell")
def test_no_standard_output_at_all_is_no_traceback(lstm_file):
    result = subprocess.run(
        ["sh", "-c", '"$@" >&-', "sh", *SAMPLE, "A", "-m", lstm_file],
        stderr=subprocess.PIPE,
        check=False,
    )
    assert b"Traceback" not in result.stderr


def test_labels_give_texts_of_each(invoke, labelled_file):
    options = ("-m", labelled_file, "-l", 9, "-s", 1)
    both = texts(invoke("sample", "A", "--label", "sea", "--label", "sky", *options, "--json"))
    assert [each["label"] for each in both] == ["sea", "sky"]
    for each in both:
        alone = invoke("sample", "A", "--label", each["label"], *options)
        assert alone.stdout == f"A{each['text']}\n"
        assert alone.stderr == ""


def test_which_label_was_drawn_is_told(invoke, labelled_file):
    model = chargen.load(labelled_file)
    one = invoke("sample", "A", "-m", labelled_file, "-l", 9, "-s", 1)
    assert one.stdout == f"A{model.generate('A', length=9, seed=1)}\n"
    assert one.stderr == f"Label: {model.session(seed=1).label}\n"
    several = invoke("sample", "A", "-m", labelled_file, "-l", 9, "-s", 1, "-n", 4)
    drawn = [sample.label for sample in model.samples("A", n=4, length=9, seed=1)]
    assert several.stderr.splitlines() == [f"Label: {label}" for label in drawn]


def test_a_label_that_is_not_there(refused, labelled_file, lstm_file):
    line = refused("sample", "--label", "sea", "--label", "se", "-m", labelled_file, code=2)
    assert "no label 'se' (did you mean 'sea'?)" in line
    assert "has no labels" in refused("sample", "--label", "sea", "-m", lstm_file, code=2)
    assert "no label 'se'" in refused("chat", "--label", "se", "-m", labelled_file, code=2)
    (labelled_file.parent / "text").write_text("A cab")
    for command in (("evaluate", "-m", labelled_file), ("score", "-m", labelled_file, "--file")):
        line = refused(*command, labelled_file.parent / "text", code=2)
        assert "must be told which label a text has; its labels are land, sea, sky" in line


# Texts that are to be new


@pytest.fixture
def names_file(make_checkpoint, tmp_path):
    """A model of documents that writes a and b by pure chance, each document two letters long."""
    made = make_checkpoint("rnn", units=(2,), characters="\0ab")
    for name, array in made.weights.items():
        array[:] = [1, 0, 0] if name == "dense/bias" else 0
    made.save(tmp_path / "names")
    return tmp_path / "names"


def test_unique_texts_are_not_in_the_corpus_and_not_written_twice(invoke, names_file, workdir):
    (workdir / "known").mkdir()
    (workdir / "known" / "one.txt").write_text("a\nbb\n")
    (workdir / "known" / "two.txt").write_text("b\n")
    command = ("sample", "-m", names_file, "-n", 9, "-s", 1, "--separator", "", "--unique")
    result = invoke(*command, "--report-copies", "known")
    found = result.stdout.splitlines()
    assert len(set(found)) == len(found) == 9
    assert not {"a", "bb", "b", ""} & set(found)
    assert "came" not in result.stderr


def test_how_many_unique_texts_came_is_said(invoke, names_file):
    command = ("sample", "-m", names_file, "--unique", "--length", 1, "--separator", "")
    result = invoke(*command, "-n", 5)
    assert sorted(result.stdout.splitlines()) == ["a", "b"]
    assert result.stderr.startswith("Only 2 of 5 texts came: ")
    assert result.exit_code == 0


def test_a_single_text_that_is_not_new_is_not_written(invoke, names_file, workdir):
    (workdir / "known").write_text("aa\nab\n")
    command = ("sample", "a", "-m", names_file, "--unique", "--length", 1, "--min-length", 1)
    result = invoke(*command, "--report-copies", "known", "--ban", "b")
    assert result.stdout == ""
    assert result.stderr.startswith("Only 0 of 1 texts came: ")


def test_how_many_unique_lines_came_is_said(invoke, lstm_file):
    command = ("sample", "-m", lstm_file, "--unique", "--lines", 5)
    result = invoke(*command, "--only", r"\nA", "--max-line", 2)
    assert sorted(result.stdout.split()) == ["A", "AA"]
    assert result.stderr.startswith("Only 2 of 5 lines came: ")
