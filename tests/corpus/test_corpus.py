import gzip
import hashlib
import io
import os
import random

import numpy as np
import pytest

from chargen.config import PreparationConfig, ReadingConfig
from chargen.corpus.corpus import Corpus, read_corpus
from chargen.errors import CorpusError, EncodingError


@pytest.fixture
def read(tmp_path):
    """Writes bytes to a file and reads them as a corpus."""

    def write_and_read(data, encoding="utf-8", **preparation):
        path = tmp_path / "corpus.txt"
        path.write_bytes(data)
        reading = ReadingConfig(encoding=encoding)
        return read_corpus(path, reading, PreparationConfig(**preparation))

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


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("ab\nc", "\n"),
        ("xyz", "x"),
        ("one two", " "),
        ("xyz\n", "x"),
        ("one two\n", " "),
        ("\u3000日本", "\u3000"),
        ("日" * 200 + "a b", "日"),
    ],
)
def test_generation_starts_from_a_newline_where_there_is_one(text, start):
    assert Corpus(text).start == start
    kept = Corpus(text.replace("\n", "\r"), preparation=PreparationConfig(newlines="keep"))
    assert kept.start == start.replace("\n", "\r")


def test_generation_starts_from_no_rare_character():
    assert Corpus("zabab", preparation=PreparationConfig(min_count=2)).start == "a"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32", "cp1252", "utf-8-sig"])
def test_other_encodings_are_read_when_named(read, encoding):
    assert read("Grüße\n".encode(encoding), encoding).text == "Grüße\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le"])
def test_a_byte_order_mark_is_dropped_and_noted(read, encoding):
    corpus = read("\ufeffab".encode(encoding), encoding)
    assert corpus.text == "ab"
    assert ["byte order mark" in note for note in corpus.notes] == [True]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a\r\nb\r\n", "2 CRLF line ends"),
        ("a\rb\r", "2 CR line ends"),
        ("a\nb\nc\rd", "2 LF and 1 CR line ends"),
    ],
)
def test_line_ends_are_kept_if_asked_and_noted(read, text, told):
    corpus = read(text.encode(), newlines="keep")
    assert corpus.text == text
    assert corpus.notes == (f"{told} are kept: the model will write them too.",)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a\nb\n", ()),
        ("a\nb\r\n", ("1 CRLF line end was turned into LF.",)),
        ("a\r\nb\r\nc\r", ("2 CRLF and 1 CR line ends were turned into LF.",)),
        (
            "\x85".join("abc") + "\v\f\u2029x\u2028",
            (
                "2 NEL (U+0085), 1 VT (U+000B), 1 FF (U+000C), 1 LS (U+2028) and 1 PS (U+2029) "
                "line ends were turned into LF.",
            ),
        ),
    ],
)
def test_every_line_end_becomes_a_line_feed_and_that_is_noted(read, text, told):
    corpus = read(text.encode())
    assert corpus.text == "\n".join(text.splitlines()) + "\n"
    assert corpus.notes == told
    assert Corpus(text).notes == told


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
    with pytest.raises(EncodingError, match=r"is not utf-16(-le)? text"):
        read(data, "utf-16")


@pytest.mark.parametrize("encoding", ["klingon", "base64", "rot13"])
def test_an_encoding_that_is_none_is_refused(read, encoding):
    with pytest.raises(EncodingError, match=f"not know the encoding '{encoding}'; try utf-8"):
        read(b"abc", encoding)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(CorpusError, match=r"no file .*nowhere\.txt"):
        read_corpus(tmp_path / "nowhere.txt")


def test_several_texts_are_documents_with_a_boundary_around_each():
    corpus = Corpus(["ab", "", "ba"])
    assert corpus.text == "\0ab\0ba\0"
    assert corpus.documents == 2
    assert corpus.characters == 4
    assert corpus.start == "\0"
    np.testing.assert_array_equal(corpus.ids, [0, 1, 2, 0, 2, 1, 0])
    assert corpus.distinct == {"a": 2, "b": 2}


def test_a_single_text_has_no_boundary():
    corpus = Corpus(["ab"])
    assert corpus.documents == Corpus("ab").documents == 1
    assert "\0" not in Corpus("ab").vocabulary


@pytest.mark.parametrize(
    ("distinct", "dtype"), [(255, "u1"), (256, "u1"), (257, "u2"), (70_000, "u4")]
)
def test_ids_are_of_the_narrowest_type(distinct, dtype):
    generator = random.Random(0)
    characters = [chr(code) for code in range(1, distinct + 2049) if not 0xD800 <= code <= 0xDFFF]
    text = generator.sample(characters[:distinct], distinct) * 2
    corpus = Corpus("".join(text), preparation=PreparationConfig(newlines="keep"))
    assert corpus.ids.dtype == dtype
    assert corpus.text == "".join(text)
    assert corpus.vocabulary.vocab_size == distinct


def test_counts_are_of_each_id():
    corpus = Corpus("banana ☃")
    assert dict(zip(corpus.vocabulary.idx2char, corpus.counts.tolist(), strict=True)) == {
        " ": 1,
        "a": 3,
        "b": 1,
        "n": 2,
        "☃": 1,
    }
    assert list(corpus.distinct.values()) == [1, 1, 1, 2, 3]


def test_rare_characters_become_one_and_are_told():
    corpus = Corpus("aaabbb☃é☃\n\n\n", preparation=PreparationConfig(min_count=3))
    assert corpus.text == "aaabbb\ufffd\ufffd\ufffd\n\n\n"
    assert list(corpus.distinct) == ["\n", "a", "b"]
    assert corpus.notes == (
        "2 rare characters, 3 in all, are read as one unknown, which is never written.",
    )


def test_a_text_is_prepared():
    assert (
        Corpus(
            "E\u0301\r\n",
            preparation=PreparationConfig(normalize="NFC", newlines="unix", lowercase=True),
        ).text
        == "é\n"
    )


@pytest.mark.parametrize(
    "text", ["مرحبا بالعالم\n", "नमस्ते दुनिया\n", "👩‍👩‍👧‍👦 e\u0301\u0323\n", "漢字かな交じり文\n"]
)
def test_all_scripts_come_back_as_they_went_in(read, text):
    assert read(text.encode() * 3).text == text * 3


def test_a_long_file_is_read_across_all_its_blocks(read):
    text = "".join(random.Random(1).choices("aé漢😀\r\n", k=900_000))
    corpus = read(text.encode(), newlines="keep")
    assert corpus.text == text
    assert corpus.sha256 == hashlib.sha256(text.encode()).hexdigest()


def test_a_wrong_byte_is_named_with_its_offset_in_a_long_file(read):
    data = "漢".encode() * 700_000
    with pytest.raises(EncodingError, match="byte 0xff at offset 2,100,000"):
        read(data + b"\xff" + data)


def test_a_nul_is_named_with_its_place_in_a_long_file(read):
    with pytest.raises(CorpusError, match="the first is character 1,200,000"):
        read("é".encode() * 1_200_000 + b"\0")


def test_line_ends_cut_in_two_are_seen(read):
    assert read(b"a" * ((1 << 20) - 1) + b"\r\nb").line_ends == {"CRLF": 1}


class TestFolder:
    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path):
        self.folder = tmp_path / "folder"
        self.folder.mkdir()

    def write(self, **files):
        for name, data in files.items():
            (self.folder / name).write_bytes(data)

    def read(self, **reading):
        return read_corpus(self.folder, ReadingConfig(**reading))

    def test_each_file_is_a_document(self):
        self.write(b="\ufeffbéb".encode(), a=gzip.compress(b"aa"), c=b"")
        corpus = self.read()
        assert corpus.text == "\0aa\0béb\0"
        assert corpus.name == "folder"
        assert corpus.notes == ("Byte order marks were removed from the start of 1 file.",)

    def test_files_that_are_no_text_are_left_out_and_told(self):
        self.write(a=b"aabb", picture=b"\x89PNG\0\0", b=b"bb")
        corpus = self.read()
        assert corpus.text == "\0aabb\0bb\0"
        (note,) = corpus.notes
        assert note.startswith("Left out 1 file that is no plain text: ")
        assert note.endswith("picture, a picture (PNG).")

    @pytest.mark.parametrize("names", ["acb", "abc", "cab"])
    def test_progress_reaches_its_end_when_nothing_is_left(self, names):
        contents = {"a": b"a\n" * 5, "b": b"b\n" * 750_000, "c": b"\0" * 3_000_000}
        self.write(**{f"{place}{name}": contents[name] for place, name in enumerate(names)})
        told = []
        read_corpus(self.folder, progress=lambda done, total: told.append((done, total)))
        assert told == sorted(told)
        assert {total for _, total in told} == {sum(map(len, contents.values()))}
        assert all(done < total for done, total in told[:-2])  # the last two are the end
        assert told[-1][0] == told[-1][1]

    def test_progress_knows_no_total_where_a_pipe_is_read_too(self, monkeypatch):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"ab" * 600_000)))
        self.write(a=b"ab\n")
        told = []
        read_corpus(
            [self.folder / "a", "-"], progress=lambda done, total: told.append((done, total))
        )
        *before, last = told
        assert {total for _, total in before} == {0}
        assert last == (1_200_003, 1_200_003)

    def test_a_folder_of_nothing_but_binaries_is_refused(self):
        self.write(one=b"\0\1", two=b"\0")
        with pytest.raises(CorpusError, match=r"holds no plain text: .*one, a binary file; .*two"):
            self.read()

    def test_a_binary_file_that_was_named_is_refused(self):
        self.write(one=b"ab\0")
        with pytest.raises(CorpusError, match="one holds NUL"):
            read_corpus(self.folder / "one")

    def test_mixed_encodings_are_refused_with_the_file_and_the_way_out(self):
        self.write(a="Grüße".encode(), b="Größe über alles, schön".encode("cp1252"))
        with pytest.raises(EncodingError, match=r"b is not utf-8 text.*--encoding cp1.*auto"):
            self.read()

    def test_auto_takes_each_files_own(self):
        text = "Größe über alles, schön und gut, für Könige und Mägde"
        self.write(a=text.encode(), b=text.encode("cp1252"), c=text.encode("utf-16"))
        corpus = self.read(encoding="auto")
        assert corpus.text == f"\0{text}\0{text}\0{text}\0"
        *_, first, second = corpus.notes
        assert first.startswith("Read as cp1252: ") or second.startswith("Read as cp1252: ")

    def test_a_separator_cuts_files_into_documents(self):
        self.write(a=b"one<end>two", b=b"three<end>")
        assert self.read(document_separator="<end>").text == "\0one\0two\0three\0"


def test_a_single_file_with_a_separator_has_documents(tmp_path):
    (tmp_path / "file").write_text("one\n\ntwo\n")
    reading = ReadingConfig(document_separator="\n\n")
    assert read_corpus(tmp_path / "file", reading).text == "\0one\0two\n\0"


@pytest.mark.parametrize("separator", ["\n\n", "\r\n\r\n", "\n\r"])
@pytest.mark.parametrize(("newlines", "kept"), [("unix", "\n"), ("keep", "\r\n")])
def test_a_separator_is_found_whatever_the_line_ends_were(tmp_path, separator, newlines, kept):
    (tmp_path / "file").write_bytes(b"one\r\n\r\ntwo\r\n" + b"a" * (1 << 20) + b"\r\n\nb")
    reading = ReadingConfig(document_separator=separator)
    corpus = read_corpus(tmp_path / "file", reading, PreparationConfig(newlines=newlines))
    assert corpus.text == f"\0one\0two{kept}{'a' * (1 << 20)}\0b\0"
    assert corpus.line_ends == {"CRLF": 4, "LF": 1}


def test_a_separator_that_is_nowhere_is_told(tmp_path):
    (tmp_path / "file").write_bytes(b"one\n\ntwo")
    corpus = read_corpus(tmp_path / "file", ReadingConfig(document_separator="<end>"))
    assert corpus.notes == ("The document separator '<end>' is nowhere in the text.",)


def test_an_empty_folder_is_refused(tmp_path):
    with pytest.raises(CorpusError, match="holds no file"):
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
