"""Commands read a text as the corpus of their model was read: in documents, from files alike."""

import json

import numpy as np
import pytest

import chargen
from chargen.config import PreparationConfig
from tests.helpers import with_tokenizer

TEXT = "ab\nc\n\ncab\n\nb"


@pytest.fixture
def model(make_checkpoint, tmp_path):
    """A model of documents that an empty line separates."""
    preparation = PreparationConfig(lowercase=True)
    changes = {"start": "\0", "separator": "\n\n", "preparation": preparation}
    path = tmp_path / "model.safetensors"
    with_tokenizer(make_checkpoint(characters="\0abc\n"), **changes).save(path)
    return path


@pytest.fixture
def plain(make_checkpoint, tmp_path):
    """A model of one text."""
    make_checkpoint(characters="abc\n", seed=1).save(tmp_path / "plain.safetensors")
    return tmp_path / "plain.safetensors"


@pytest.fixture
def written(tmp_path):
    """The text as one file, as a file for each document, and as Windows would write it."""
    folder = tmp_path / "folder"
    folder.mkdir()
    (tmp_path / "one.txt").write_bytes(TEXT.upper().encode())
    (tmp_path / "crlf.txt").write_bytes(TEXT.replace("\n", "\r\n").encode())
    for number, document in enumerate(TEXT.split("\n\n")):
        (folder / f"{number}.txt").write_bytes(document.encode())
    return [tmp_path / "one.txt", tmp_path / "crlf.txt", folder, f"{folder}/*.txt"]


def told(result):
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


def test_a_text_is_measured_in_its_documents(invoke, model, written):
    loaded = chargen.load(model)
    evaluation = loaded.evaluate(TEXT)
    assert evaluation.characters == len("ab\nc|cab|b|")
    assert loaded.evaluate(f"\n\n{TEXT}\n\n") == evaluation == loaded.evaluate(TEXT.split("\n\n"))
    score = loaded.score(TEXT)
    assert score.text == "ab\nc\0cab\0b"
    assert score.bits.sum() == pytest.approx(
        sum(loaded.score(each).total_bits for each in ("ab\nc\n\n", "cab\n\n", "b"))
    )
    for path in written:
        assert told(invoke("evaluate", path, "-m", model, "--json")) == evaluation.to_json()
        assert told(invoke("score", "--file", path, "-m", model, "--json")) == score.to_json()
    assert told(invoke("score", TEXT, "-m", model, "--json")) == score.to_json()


def test_what_a_text_costs_when_it_is_classified_is_its_score(model, plain):
    bits = chargen.classify(TEXT, [model, plain]).bits
    for path in (model, plain):
        assert bits[str(path)] == pytest.approx(chargen.load(path).score(TEXT).total_bits, rel=1e-5)


def test_each_line_of_several_files_is_classified(invoke, model, plain, written):
    answers = [
        invoke("classify", "--file", path, "-m", model, "-m", plain).stdout.splitlines()
        for path in written[1:]
    ]
    empty = "-\t0.00"
    whole, *apart = ([each for each in answer if each != empty] for answer in answers)
    assert len(answers[0]) == 6
    assert len(whole) == 4
    assert apart == [whole, whole]


def test_what_is_told_of_files(invoke, model, plain, written, tmp_path):
    assert "learned from one text; the 3 texts are read as one" in (
        invoke("evaluate", written[2], "-m", plain).stderr
    )
    nowhere = "separator '\\n\\n' is nowhere in the text"
    assert nowhere not in invoke("evaluate", written[0], "-m", model).stderr
    assert nowhere in invoke("evaluate", written[2], "-m", model).stderr
    (tmp_path / "folder" / "picture").write_bytes(b"\0" * 9)
    result = invoke("evaluate", written[2], "-m", model)
    assert "Left out 1 file that is no plain text" in result.stderr
    assert "separated by '\\n\\n'" in invoke("info", "-m", model).stdout


@pytest.mark.parametrize("text", ["", "\n\n", "\n\n\n\n"])
def test_a_text_without_documents(refused, model, tmp_path, text):
    (tmp_path / "empty.txt").write_text(text)
    assert "this one has 0" in refused("evaluate", tmp_path / "empty.txt", "-m", model)
    assert "is empty" in refused("score", "--file", tmp_path / "empty.txt", "-m", model)


def test_a_prompt_is_shown_as_it_was_typed(invoke, model):
    loaded = chargen.load(model)
    for prompt in ("ab", "ab\n\nc", "ab\n\n"):
        result = invoke("sample", prompt, "-m", model, "-s", 1, "-l", 9)
        assert result.stdout == f"{prompt}{loaded.generate(prompt, seed=1, length=9)}\n"
        (sample,) = loaded.samples(prompt, seed=1, length=9)
        assert (sample.prompt, sample.text) == (prompt, loaded.generate(prompt, seed=1, length=9))
        session = loaded.session(seed=1)
        session.generate(prompt, length=9)
        assert session.text == prompt + sample.text
    (sample,) = loaded.samples("ab", seed=1, length=9, log_probs=True, temperature=3)
    bits = loaded.score("ab" + sample.text).bits[2:]
    assert sample.text
    assert bits == pytest.approx(-np.array(sample.log_probs) / np.log(2), abs=1e-4)
    # What comes after a separator is the beginning of a document.
    assert loaded.generate("ab\n\n", seed=1) == loaded.generate(seed=1)


def test_a_document_that_follows_another_is_separated(make_checkpoint, model):
    session = chargen.load(model).session(seed=3, temperature=3)
    parts = [session.generate(length=99) for _ in range(3)]
    assert session.text == "".join(parts)
    assert [part[:2] for part in parts[1:]] == ["\n\n"] * 2


def test_copies_are_told_with_the_file_and_line_that_they_are_from(invoke, model, written):
    options = ("-m", model, "-s", 8, "-l", 60, "-t", 3, "--only", "abc", "--json")
    for path in written:
        copy = told(invoke("sample", *options, "--report-copies", path))["copy"]
        number, line = next(
            (number, 1 + TEXT[: TEXT.index(document)].count("\n") + before.count("\n"))
            for number, document in enumerate(TEXT.split("\n\n"))
            for before, found, _ in [document.partition(copy["text"])]
            if found
        )
        if path in written[2:]:
            assert copy["file"].endswith(f"{number}.txt")
            line -= TEXT[: TEXT.index(TEXT.split("\n\n")[number])].count("\n")
        assert copy["line"] == line
        held = told(invoke("sample", *options, "--max-copy", 1, "--report-copies", path))["copy"]
        assert len(held["text"]) == 1 < len(copy["text"])
