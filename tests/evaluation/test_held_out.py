"""The held-out part, measured afterwards, has the loss that training printed."""

import json

import numpy as np
import pytest

import chargen
from chargen.config import PreparationConfig, ReadingConfig
from chargen.corpus.corpus import read_corpus
from chargen.corpus.split import train_validation_split
from chargen.text.preparation import fold_unknown
from chargen.text.vocabulary import BOUNDARY
from chargen.training.report import Silent

SMALL = {"epochs": 1, "units": (8,), "max_evaluations": 1, "reporter": Silent()}
WORDS = ["Sea", "the\r\n", "TOWN ", "e\u0301.", "\u2028of", "and"]


def documents(number):
    """Texts of one length, however they are prepared, so that a tenth is whole documents."""
    generator = np.random.default_rng(0)
    drawn = [generator.permutation(WORDS * 2).tolist() for _ in range(number)]
    return [f"{'x'.join(words)}{i % 9}\r\nq" for i, words in enumerate(drawn)]


def held_out_of(corpus, texts):
    """Return those of the texts, as they were, that are held out."""
    _, held_out = train_validation_split(corpus, 0.1)
    tokenizer = corpus.tokenizer
    as_read = {fold_unknown(tokenizer.prepare(text), tokenizer.vocabulary): text for text in texts}
    found = corpus.vocabulary.decode(held_out.ids)
    return [as_read[text] for text in found.split(BOUNDARY) if text]


def measured(invoke, model, text):
    result = invoke("evaluate", text, "-m", model, "--json")
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)["carried"]["nats_per_char"]


@pytest.mark.parametrize(
    ("separator", "preparation"),
    [
        pytest.param("\n\n\n", {"newlines": "keep"}, marks=pytest.mark.slow),
        ("<END>\n", {"lowercase": True, "normalize": "NFC", "min_count": 60}),
    ],
)
def test_of_documents(workdir, invoke, separator, preparation):
    texts = documents(400)
    write = (workdir / "all.txt").write_bytes
    write(separator.replace("\n", "\r\n").join(texts).encode())
    settings = {"document_separator": separator, **preparation}
    model = chargen.train("all.txt", name="m", **settings, **SMALL)
    reading = ReadingConfig(document_separator=separator)
    corpus = read_corpus("all.txt", reading, PreparationConfig(**preparation))
    text = separator.join(held_out_of(corpus, texts))
    (workdir / "end.txt").write_bytes(text.encode())
    expected = pytest.approx(model.origin.carried, abs=1e-4)
    assert measured(invoke, "m", "end.txt") == expected
    assert model.evaluate(text).carried == expected
    assert model.evaluate(text).windowed == pytest.approx(model.origin.windowed, abs=1e-4)
    uncut = text.replace(separator, "")
    assert abs(model.evaluate(uncut).carried - model.origin.carried) > 1e-3


def test_of_labelled_files(workdir, invoke):
    texts = documents(100)
    for number, text in enumerate(texts):
        path = workdir / "all" / "ab"[number % 2] / f"{number:03}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    model = chargen.train("all", name="m", label="folder", batch_size=4, seq_length=32, **SMALL)
    held_out = held_out_of(read_corpus("all", ReadingConfig(label="folder")), texts)
    for text in held_out:
        number = texts.index(text)
        path = workdir / "end" / "ab"[number % 2] / f"{number:03}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    expected = pytest.approx(model.origin.carried, abs=1e-4)
    assert measured(invoke, "m", "end") == expected
    labels = ["ab"[texts.index(text) % 2] for text in held_out]
    assert model.evaluate(held_out, label=labels).carried == expected
    with pytest.raises(chargen.ChargenError, match="1 labels for 10 texts"):
        model.evaluate(held_out, label=["a"])
