import json
from itertools import chain, islice, repeat

import pytest

from chargen.config import ReadingConfig
from chargen.corpus.columns import read_column
from chargen.corpus.corpus import read_corpus
from chargen.corpus.survey import survey
from chargen.errors import CorpusError, SettingError
from tests.helpers import cut_anyhow

ROWS = [("one, two", "sea"), ('said "no"\nand went', "sea"), ("", "land"), ("three", "land")]
CSV = (
    "\ufeffid,text,mood\r\n"
    '1,"one, two",sea\r\n'
    '2,"said ""no""\nand went",sea\r\n'
    "\r\n"
    "3,,land\r\n"
    "4,three,land\r\n"
)
JSON_LINES = "".join(
    json.dumps({"id": number, "text": text or None, "mood": mood}) + "\n"
    for number, (text, mood) in enumerate(ROWS)
)
TABLES = {
    "comma.csv": CSV,
    "semicolon.csv": 'text;mood\none, two;sea\n"said ""no""\nand went";sea\n;land\nthree;land\n',
    "tab.tsv": 'text\tmood\none, two\tsea\n"said ""no""\nand went"\tsea\n\tland\nthree\tland',
    "cr.csv": 'text,mood\r"one, two",sea\r"said ""no""\nand went",sea\r,land\rthree,land\r',
    "lines.jsonl": JSON_LINES,
}


@pytest.fixture
def table(tmp_path):
    """Writes a table, and reads a column of it as a corpus."""

    def write_and_read(data, name="table.csv", column="text", **reading):
        path = tmp_path / name
        path.write_bytes(data.encode())
        return read_corpus(path, ReadingConfig(column=column, **reading), cache=tmp_path / "cache")

    return write_and_read


@pytest.mark.parametrize("name", TABLES)
def test_each_row_is_a_document_and_has_its_label(table, name):
    corpus = table(TABLES[name], name, label_column="mood")
    assert corpus.text == '\0one, two\0said "no"\nand went\0three\0'
    assert corpus.labels.names == ("land", "sea")
    assert corpus.labels.documents.tolist() == [1, 2]
    assert corpus.labels.characters == {"land": 5, "sea": 26}
    assert "1 row has no text in 'text'." in corpus.notes


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("seed", range(3))
def test_pieces_may_be_cut_anywhere(name, seed):
    pieces = cut_anyhow(TABLES[name].removeprefix("\ufeff"), seed)
    assert list(read_column(pieces, "text", "mood", name="x")) == ROWS


def test_a_separator_and_several_tables_go_together(tmp_path):
    for name in "ab":
        (tmp_path / f"{name}.csv").write_text(f"text\n{name}1<>{name}2\n{name}3\n")
    reading = ReadingConfig(column="text", document_separator="<>", include=("*.csv",))
    assert read_corpus(tmp_path, reading).text == "\0a1\0a2\0a3\0b1\0b2\0b3\0"


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ("id,body\n1,a\n", r"no column 'text'; its first line has id, body\. .* needs one"),
        ("just words\n", "no column 'text'; its first line has just words"),
        ('{"body": "a"}\n', "no column 'text'; its first line has body"),
        ("text,text\na,b\n", "2 columns called 'text'; rename one"),
        ("id,text\n1,a\n2,b,c\n", r"line 3: the row has 3 fields, .* names 2 columns"),
        ('id,text\n1,"a\nb"\n2\n', r"line 4: the row has 1 fields"),
        ('id,text\n1,a\n2,"b\n3,c\n', r"begins in line 3 is not CSV: .*quote is written twice"),
        ('id,text\n1,"a" b\n', "begins in line 2 is not CSV"),
        ('{"text": "a"}\n\n{"text": \n', "line 3 is not a JSON object"),
        ('{"text": "a"}\n["b"]\n', "line 2 is not a JSON object: it is no object"),
        ('{"text": "a"}\n{"text": ["b"]}\n', "line 2: 'text' is a list, not a text"),
        ('{"text": "a\\u0000b"}\n', "line 1 holds NUL"),
        ('{"text": "a\\ud800b"}\n', "line 1: 'text' holds half of a character"),
        ('{"text": ' + "[" * 100_000, "line 1 is not a JSON object"),
        ('[{"text": "a"}]\n', r"is one JSON array; .*jq"),
        ("", "is empty"),
    ],
)
def test_what_is_no_row_is_told_with_its_line(table, data, told):
    with pytest.raises(CorpusError, match=told) as caught:
        table(data)
    assert len(str(caught.value)) < 500


def test_a_row_without_a_label_is_told_with_its_line(table):
    with pytest.raises(CorpusError, match="line 3: there is no label in 'mood'"):
        table("text,mood\na,x\nb,\n", label_column="mood")


def test_numbers_are_texts_too_and_a_later_row_may_lack_the_column(table):
    data = '{"text": 12, "mood": 1}\n{"mood": 0}\n{"text": 3.5, "mood": 0}\n'
    corpus = table(data, label_column="mood")
    assert corpus.text == "\x0012\x003.5\0"
    assert corpus.labels.names == ("0", "1")


def test_a_field_may_be_long(table):
    assert table(f"text\n{'ab' * 100_000}\n").characters == 200_000


def test_a_label_column_needs_a_column_and_no_other_label(table):
    with pytest.raises(SettingError, match="give column too"):
        table(CSV, column=None, label_column="mood")
    with pytest.raises(SettingError, match="choose one"):
        table(CSV, label_column="mood", label=("file",))


def test_the_survey_knows_the_rows(table):
    assert survey(table(CSV)).documents == 3


def test_a_long_table_is_kept_by_its_column(table, monkeypatch):
    monkeypatch.setattr("chargen.corpus.id_cache._MAX_IN_MEMORY", 3)
    first = table(CSV, label_column="mood")
    again = table(CSV, label_column="mood")
    assert "Read from the cache" in again.notes[-1]
    assert again.labels.to_json() == first.labels.to_json()
    assert table(CSV, column="mood").text == "\0sea\0sea\0land\0land\0"


@pytest.mark.parametrize("header", ["id,text,mood\n", '{"text": "a b", "mood": "x"}\n'])
def test_a_table_without_an_end_streams(header):
    row = '1,"a b",x\n' if header.startswith("id") else header
    endless = chain([header], repeat(row * 10))
    rows = list(islice(read_column(endless, "text", "mood", name="x"), 1000))
    assert rows == [("a b", "x")] * 1000
