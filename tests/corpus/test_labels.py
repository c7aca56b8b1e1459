"""Each document keeps its label, wherever its text ends up."""

import numpy as np
import pytest

from chargen.config import PreparationConfig, ReadingConfig
from chargen.corpus import id_cache as cache
from chargen.corpus import memory_map
from chargen.corpus.corpus import Corpus, read_corpus
from chargen.corpus.encoder import BaseVocabulary
from chargen.corpus.labels import Labels, label_for_source
from chargen.corpus.memory_map import is_mapped
from chargen.corpus.sources import Source, find_sources
from chargen.errors import CorpusError
from chargen.text.vocabulary import Vocabulary


@pytest.fixture
def shelf(tmp_path, monkeypatch):
    """Folders of files, to be in."""
    texts = {
        "poems/a.txt": "Ro\u0308te|Glut",
        "poems/b.txt.gz.txt": "",
        "poems/deep/c.txt": "VERSE||",
        "prose/d.txt": "A tale.\r\n",
        "prose/e": "|Another|",
        "prose/picture": "\0\1",
    }
    for name, text in texts.items():
        path = tmp_path / "shelf" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, newline="")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "shelf"


def by_label(corpus):
    """The text of each label, by looking up the label of each single character."""
    names = [corpus.labels.names[i] for i in corpus.labels.at(np.arange(len(corpus.ids) - 1))]
    texts = dict.fromkeys(corpus.labels.names, "")
    for name, character in zip(names, corpus.text, strict=False):
        texts[name] += character
    return texts


def read(shelf, *rules, preparation=None, **reading):
    return read_corpus(
        shelf, ReadingConfig(label=rules, **reading), PreparationConfig(**preparation or {})
    )


@pytest.mark.usefixtures("shelf")
def test_a_file_is_labelled_by_its_folder_its_name_or_a_pattern():
    sources = find_sources(["shelf/prose", "shelf/poems/a.txt"])
    named = {
        ("folder",): ["prose", "prose", "prose", "poems"],
        ("file",): ["d", "e", "picture", "a"],
        ("one=?.txt", "two=*"): ["one", "two", "two", "one"],
        ("here=shelf/*", "file"): ["d", "e", "picture", "here"],  # a folder's files, from there
        ("a=b=*", "first=*", "last=*"): ["first"] * 4,
    }
    for rules, expected in named.items():
        assert [label_for_source(source, rules) for source in sources] == expected


def test_a_files_name_is_without_what_it_ends_in(shelf):
    assert label_for_source(Source(shelf / "v1.2 notes.txt.gz"), ["file"]) == "v1.2 notes"


def test_standard_input_needs_a_name():
    assert label_for_source(Source(None), ["x=*.txt", "letters=-", "file"]) == "letters"
    with pytest.raises(CorpusError, match=r"Standard input has no name .* --label NAME=-"):
        label_for_source(Source(None), ["folder"])


def test_a_file_that_none_fits_is_named_before_any_is_read(shelf, monkeypatch):
    monkeypatch.setattr("chargen.corpus.reader.read_blocks", None)
    with pytest.raises(CorpusError, match=r"No --label matches .*picture; .*'NAME=\*'.*--include"):
        read(shelf, "verse=poems/*", "tales=?.txt", "tales=e")
    with pytest.raises(CorpusError, match=r"No --label matches shelf/prose/e; add .*others\.$"):
        read("shelf/prose/e", "x=y")


def test_every_character_has_its_documents_label(shelf):
    assert by_label(read(shelf, "folder")) == {
        "deep": "\0VERSE||",
        "poems": "\0Ro\u0308te|Glut",
        "prose": "\0A tale.\n\0|Another|",
    }


@pytest.mark.parametrize("block", [1, 3, 1 << 20])
def test_that_holds_however_the_text_comes_and_is_changed(shelf, monkeypatch, block):
    monkeypatch.setattr("chargen.corpus.decompression.BLOCK", block)
    monkeypatch.setattr(memory_map, "BLOCK_IDS", 4)
    preparation = {"normalize": "NFC", "newlines": "unix", "lowercase": True}
    corpus = read(shelf, "folder", preparation=preparation, document_separator="|")
    assert by_label(corpus) == {
        "deep": "\0verse",
        "poems": "\0röte\0glut",
        "prose": "\0a tale.\n\0another",
    }
    assert corpus.labels.documents.tolist() == [1, 2, 2]
    assert corpus.labels.characters == {"deep": 5, "poems": 8, "prose": 15}


def test_neighbours_of_one_label_are_one_stretch():
    corpus = Corpus(["a", "", "b", "", "c", "a"], labels=list("xyxyyx"))
    assert corpus.text == "\0a\0b\0c\0a\0"
    assert corpus.labels.edges.tolist() == [0, 4, 6, 8]
    assert corpus.labels.names == ("x", "y")
    assert corpus.labels.characters == {"x": 3, "y": 1}


def test_a_label_of_nothing_is_none():
    assert Corpus(["ab", "", "c", ""], labels=list("wxyz")).labels.names == ("w", "y")


def test_one_text_is_a_document_too():
    assert by_label(Corpus("ab", labels=["x"])) == {"x": "\0ab"}


@pytest.mark.parametrize("names", [[], ["x"], ["x", "y", "z"]])
def test_each_document_needs_a_label(names):
    there = "is 1 label" if len(names) == 1 else f"are {len(names)} labels"
    with pytest.raises(CorpusError, match=rf"There {there} for 2 documents"):
        Corpus(["ab", "c"], labels=names)


def test_the_fingerprint_minds_the_labels():
    texts = ["ab", "c"]
    prints = {Corpus(texts, labels=each).sha256 for each in (None, ["x", "y"], ["y", "x"])}
    assert len(prints) == 3
    assert Corpus(texts, labels=["x", "y"]).sha256 in prints


def test_a_models_labels_keep_a_place():
    known = BaseVocabulary(Vocabulary("ab"), labels=("zoo", "m"))
    corpus = Corpus(["ab", "ba"], labels=["x", "n"], known=known)
    assert corpus.labels.names == ("m", "n", "x", "zoo")
    assert corpus.labels.characters == {"m": 0, "n": 2, "x": 2, "zoo": 0}
    assert by_label(corpus) == {"m": "", "n": "\0ba", "x": "\0ab", "zoo": ""}


def test_plain_values_and_back():
    made = Corpus(["ab", "c", "d"], labels=["x", "y", "x"]).labels
    again = Labels.from_json(made.to_json())
    assert again.names == made.names
    assert again.at(np.arange(7)).tolist() == made.at(np.arange(7)).tolist()
    assert again.characters == made.characters


def test_a_long_text_keeps_them_in_the_cache(shelf, tmp_path, monkeypatch):
    monkeypatch.setattr(cache, "_MAX_IN_MEMORY", 10)

    def read_long(*rules):
        return read_corpus(shelf, ReadingConfig(label=rules), cache=tmp_path / "cache")

    first, again = read_long("folder"), read_long("folder")
    assert any("Read from the cache" in note for note in again.notes)
    assert is_mapped(again.ids)
    assert by_label(again) == by_label(first) == by_label(read(shelf, "folder"))
    assert again.sha256 == first.sha256
    other = read_long("file")  # is another entry
    assert other.labels.names == ("a", "c", "d", "e")
    assert read_long().labels is None
