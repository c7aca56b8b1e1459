import codecs
import io

import pytest

from chargen.config import ReadingConfig
from chargen.corpus.corpus import read_corpus
from chargen.errors import CorpusError, EncodingError

PORTUGUESE = "Não há pão na cozinha, disse a avó.\n"
MARKS = {
    "utf-8": codecs.BOM_UTF8,
    "utf-16-le": codecs.BOM_UTF16_LE,
    "utf-16-be": codecs.BOM_UTF16_BE,
    "utf-32-le": codecs.BOM_UTF32_LE,
    "utf-32-be": codecs.BOM_UTF32_BE,
}


@pytest.fixture
def read(tmp_path):
    """Writes bytes to a file and reads it as a corpus."""

    def write_and_read(data, encoding="utf-8"):
        path = tmp_path / "file.txt"
        path.write_bytes(data)
        return read_corpus(path, ReadingConfig(encoding=encoding))

    return write_and_read


@pytest.mark.parametrize("asked", ["utf-8", "auto", "utf-16", "utf-16-be", "cp1252"])
@pytest.mark.parametrize("encoding", MARKS)
def test_a_mark_is_obeyed_whatever_was_asked(read, encoding, asked):
    corpus = read(MARKS[encoding] + PORTUGUESE.encode(encoding), asked)
    assert corpus.text == PORTUGUESE
    assert corpus.encoding == encoding


def test_a_mark_that_says_another_encoding_is_told(read):
    _, note = read(MARKS["utf-16-be"] + PORTUGUESE.encode("utf-16-be")).notes
    assert note.startswith("Read as utf-16-be: ")
    assert note.endswith("file.txt (“Não há pão na”).")


@pytest.mark.parametrize("encoding", list(MARKS)[1:])
@pytest.mark.parametrize("text", [PORTUGUESE * 50, "Утром мы вышли из дома. " * 50, "hi"])
def test_wide_text_without_a_mark_is_seen_by_its_nuls(read, encoding, text):
    data = text.encode(encoding)
    assert read(data, "auto").text == text
    assert read(data, encoding[:6]).text == text
    with pytest.raises(EncodingError, match=f"looks like {encoding} without a byte order mark"):
        read(data)


def test_a_mark_that_is_needed_and_missing_is_named(read):
    with pytest.raises(EncodingError, match="--encoding utf-16-le or utf-16-be"):
        read("朝私家出川行".encode("utf-16-le"), "utf-16")


def test_marks_inside_a_text_are_dropped_and_counted(read):
    parts = ["one\n", "two\n", "th\ufeffree\n"]
    corpus = read("\ufeff".join(parts).encode())
    assert corpus.text == "one\ntwo\nthree\n"
    assert corpus.notes == ("3 byte order marks were removed from inside the text.",)


def test_auto_says_what_it_took(read):
    (note,) = read(PORTUGUESE.encode("latin-1"), "auto").notes
    assert note.startswith("Read as cp1252: ")
    assert note.endswith("file.txt (“Não há pão na”).")


def test_an_error_shows_a_few_words_as_they_would_be(read):
    with pytest.raises(EncodingError, match=r"at offset 1\. It looks like cp1252: “Não há pão na”"):
        read(PORTUGUESE.encode("latin-1"))


@pytest.mark.parametrize("asked", ["utf-8", "auto"])
def test_close_candidates_are_both_shown_and_neither_taken(read, asked):
    message = "It may be cp1252: “minha mãe” or cp1250: “minha măe”; name the right one"
    with pytest.raises(EncodingError, match=message):
        read("minha mãe".encode("latin-1"), asked)


@pytest.mark.parametrize("encoding", ["latin-1", "cp1251"])
def test_what_is_utf8_in_part_is_not_taken_for_another_encoding(read, encoding):
    text = {"latin-1": PORTUGUESE, "cp1251": "Утром мы вышли из дома.\n"}[encoding]
    for parts in ((text.encode(), text.encode(encoding)), (text.encode(encoding), text.encode())):
        with pytest.raises(EncodingError, match="Much of it is UTF-8"):
            read(b"".join(part * 5 for part in parts), "auto")


def test_utf8_under_another_name_is_told(read):
    with pytest.raises(EncodingError, match="It is UTF-8: leave --encoding out"):
        read(PORTUGUESE.encode(), "ascii")


def test_the_encoding_is_found_wherever_the_first_wrong_byte_is(read):
    for length in (0, (1 << 20) - 3, 1 << 20):
        text = "a" * length + PORTUGUESE * 3
        assert read(text.encode("latin-1"), "auto").text == text


@pytest.mark.parametrize("encoding", ["latin-1", "utf-8"])
def test_standard_input_is_detected_too(monkeypatch, encoding):
    text = "a" * 5 + PORTUGUESE * 40_000  # more than a block, which ends within a character
    data = text.encode(encoding)
    assert encoding == "latin-1" or data[1 << 20] & 0xC0 == 0x80
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data)))
    assert read_corpus("-", ReadingConfig(encoding="auto")).text == text


def test_noise_is_no_text(read):
    with pytest.raises(CorpusError, match="It looks like no text"):
        read(bytes(range(1, 256)) * 20, "auto")
