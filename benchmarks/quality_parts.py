"""The three parts of the text of `quality.py`: learned, chosen by, and tested on."""

from dataclasses import dataclass
from pathlib import Path

import minutes
import numpy as np

from chargen.config import ReadingConfig
from chargen.corpus.corpus import read_corpus
from chargen.corpus.split import train_validation_split
from chargen.text.vocabulary import BOUNDARY, Ids


@dataclass(frozen=True, eq=False)
class Parts:
    """A text in three parts, as files for programs and as ids of one vocabulary.

    Args:
        read: the file of what a contestant may see, the part to learn and then the stretch.
        test_file: the file of the test part, without characters that `read` does not have.
        separator: what stands between two documents in both files, if they hold documents.
        stretch: how much of `read`, at its end, each contestant chooses its checkpoint by.
        characters: the vocabulary, those of `read`, with a NUL for the end of a document.
        learned, chosen, test: the ids of the parts. All but the first of `test` are predicted.
        unknown: how many characters were left out of the test part.
    """

    read: Path
    test_file: Path
    separator: str | None
    stretch: float
    characters: str
    learned: Ids
    chosen: Ids
    test: Ids
    unknown: int


def stretch_last(text: str, stretch: float) -> str:
    """The text with a part of its middle moved to its end."""
    size = round(stretch * len(text))
    begin = (len(text) - size) // 2
    return text[:begin] + text[begin + size :] + text[begin : begin + size]


def divide(text: Path, separator: str | None, stretch: float, folder: Path) -> Parts:
    """Divide a text, and write two files into a folder.

    The test part is the last tenth of the characters; of documents, a tenth that a fixed seed draws
    (`divide` of minutes.py, which shuffles the others too). The stretch comes from the middle of
    the other nine tenths: what stands just before the test part is often of the same chapter, and
    whoever did not learn it would not know its names.
    """
    if separator is None:
        whole = read_corpus(text).text
        cut = int(len(whole) * 0.9)
        first, last = stretch_last(whole[:cut], stretch), whole[cut:]
    else:
        first, last = minutes.divide(text, separator)  # boundaries are still marked in the last
    read, test_file = folder / "read.txt", folder / "test.txt"
    read.write_text(first, "utf-8", newline="")
    corpus = read_corpus(read, ReadingConfig(document_separator=separator))
    known = corpus.tokenizer.prepare_text(last, "skip").text
    test_file.write_text(corpus.tokenizer.show(known.strip(BOUNDARY)), "utf-8", newline="")
    spans, chosen = train_validation_split(corpus, stretch, validation="end")
    return Parts(
        read=read,
        test_file=test_file,
        separator=separator,
        stretch=stretch,
        characters=corpus.vocabulary.idx2char,
        learned=corpus.ids[: len(spans)],
        chosen=chosen.ids,
        test=np.concatenate(corpus.tokenizer.encode_documents([known])),
        unknown=sum(each not in corpus.vocabulary for each in last),
    )
