import hashlib
import os

import numpy as np
import pytest

from chargen.errors import CorpusError, EncodingError
from chargen.text.corpus import Corpus, read_corpus


@pytest.fixture
def read(tmp_path):
    """Writes bytes to a file and reads them as a corpus."""

    def write_and_read(data, encoding="utf-8"):
        path = tmp_path / "corpus.txt"
        path.write_bytes(data)
        return read_corpus(path, encoding)

    return write_and_read


def test_a_file_is_read_whole(read):
    corpus = read("Grüße, 世界 😀\n".encode())
    assert corpus.text == "Grüße, 世界 😀\n"
    assert corpus.name == "corpus.txt"
    assert corpus.notes == ()


def test_ids_are_the_text():
    corpus = Corpus("banana")
    assert corpus.vocabulary.idx2char == "abn"
    np.testing.assert_array_equal(corpus.ids, [1, 0, 2, 0, 2, 0])


def test_the_fingerprint_is_of_the_utf8_form():
    assert Corpus("añ").sha256 == hashlib.sha256("añ".encode()).hexdigest()


@pytest.mark.parametrize(("text", "start"), [("ab\nc", "\n"), ("xyz", "x")])
def test_generation_starts_from_a_newline_where_there_is_one(text, start):
    assert Corpus(text).start == start


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32", "cp1252", "utf-8-sig"])
def test_other_encodings_are_read_when_named(read, encoding):
    assert read("Grüße\n".encode(encoding), encoding).text == "Grüße\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le"])
def test_a_byte_order_mark_is_dropped_and_noted(read, encoding):
    corpus = read("\ufeffab".encode(encoding), encoding)
    assert corpus.text == "ab"
    assert ["byte order mark" in note for note in corpus.notes] == [True]


@pytest.mark.parametrize(("text", "ending"), [("a\r\nb\r\n", "CRLF"), ("a\rb\r", "CR")])
def test_line_endings_are_kept_and_noted(read, text, ending):
    corpus = read(text.encode())
    assert corpus.text == text
    assert [f"are {ending} and are kept" in note for note in corpus.notes] == [True]


@pytest.mark.parametrize("data", [b"", b"\xef\xbb\xbf"])
def test_an_empty_file_is_refused(read, data):
    with pytest.raises(CorpusError, match=r"corpus\.txt is empty"):
        read(data)


def test_one_distinct_character_is_refused():
    with pytest.raises(CorpusError, match=r"'a' \(U\+0061\).*two distinct"):
        Corpus("aaaa")


def test_nul_characters_are_refused_at_their_place():
    with pytest.raises(CorpusError, match=r"NUL.*character 2\b.*--encoding"):
        Corpus("ab\0c")


def test_lone_surrogates_are_refused():
    with pytest.raises(CorpusError, match=r"lone surrogate U\+DC80"):
        Corpus("ab\udc80")


@pytest.mark.parametrize("offset", [0, 1, 5000])
def test_a_byte_that_is_no_text_is_named_with_its_offset(read, offset):
    with pytest.raises(EncodingError, match=f"utf-8 text: byte 0xff at offset {offset:,}\\."):
        read(b"a" * offset + b"\xff" + b"b" * 10)


def test_the_offset_counts_the_byte_order_mark(read):
    with pytest.raises(EncodingError, match="byte 0xff at offset 10"):
        read(b"\xef\xbb\xbfabcdefg\xffhij", "utf-8-sig")


@pytest.mark.parametrize("data", [b"abc", b"\xff\xfea", b"\xff\xfe\x00\xd8a\x00"])
def test_broken_utf16_is_refused(read, data):
    with pytest.raises(EncodingError, match="is not utf-16 text"):
        read(data, "utf-16")


@pytest.mark.parametrize("encoding", ["klingon", "base64", "rot13"])
def test_an_encoding_that_is_none_is_refused(read, encoding):
    with pytest.raises(EncodingError, match=f"no encoding '{encoding}'; try utf-8"):
        read(b"abc", encoding)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(CorpusError, match=r"no file .*nowhere\.txt"):
        read_corpus(tmp_path / "nowhere.txt")


def test_a_folder_is_refused(tmp_path):
    with pytest.raises(CorpusError, match="is a folder"):
        read_corpus(tmp_path)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root reads all")
def test_an_unreadable_file_is_refused(tmp_path):
    path = tmp_path / "secret.txt"
    path.write_text("ab")
    path.chmod(0)
    with pytest.raises(CorpusError, match=r"secret\.txt cannot be read: Permission denied"):
        read_corpus(path)


def test_a_path_through_a_file_is_refused(tmp_path):
    (tmp_path / "file").write_text("ab")
    with pytest.raises(CorpusError, match="cannot be read: Not a directory"):
        read_corpus(tmp_path / "file" / "corpus.txt")
