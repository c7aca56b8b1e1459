import io
import tarfile
import zipfile

import pytest

from chargen.config import ReadingConfig
from chargen.corpus.corpus import read_corpus
from chargen.corpus.formats import foreign_format
from chargen.errors import FormatError


def zipped(*names, mimetype=None):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        if mimetype is not None:
            archive.writestr("mimetype", f"application/{mimetype}")
        for name in names:
            archive.writestr(name, "<xml>text</xml>", zipfile.ZIP_DEFLATED)
    return file.getvalue()


def tarred():
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("a.txt"))
    return file.getvalue()


OPEN_DOCUMENT = "vnd.oasis.opendocument"
FILES = {
    "a Word document": zipped("[Content_Types].xml", "_rels/.rels", "word/document.xml"),
    "an Excel workbook": zipped("[Content_Types].xml", "xl/workbook.xml"),
    "a PowerPoint presentation": zipped("[Content_Types].xml", "ppt/presentation.xml"),
    "an OpenDocument text": zipped("content.xml", mimetype=f"{OPEN_DOCUMENT}.text"),
    "an OpenDocument spreadsheet": zipped("content.xml", mimetype=f"{OPEN_DOCUMENT}.spreadsheet"),
    "an EPUB e-book": zipped("content.opf", mimetype="epub+zip"),
    "a zip archive": zipped("a.txt", "password/b.txt"),
    "a tar archive": tarred(),
    "a 7z archive": b"7z\xbc\xaf\x27\x1c\0\4",
    "a RAR archive": b"Rar!\x1a\7\1\0",
    "an old Office document": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(64),
    "a PDF": b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n1 0 obj",
    "an RTF document": rb"{\rtf1\ansi Hello \b world\b0}",
    "a PostScript document": b"%!PS-Adobe-3.0\n",
    "a MOBI e-book": b"book".ljust(60, b"\0") + b"BOOKMOBI",
    "a picture (PNG)": b"\x89PNG\r\n\x1a\n\0\0",
    "a picture (JPEG)": b"\xff\xd8\xff\xe0\0\x10JFIF",
    "a picture (GIF)": b"GIF89a\1\0\1\0",
    "a picture (BMP)": b"BM\x36\0\0\0\0\0",
    "a picture (WebP)": b"RIFF\x10\0\0\0WEBPVP8 ",
    "a recording (MP3)": b"ID3\4\0\0\0\0",
    "a recording": b"OggS\0\2",
    "a program": b"\x7fELF\2\1\1\0",
    "an SQLite database": b"SQLite format 3\0",
}


@pytest.mark.parametrize("kind", FILES)
def test_a_file_of_another_kind_is_named_with_the_way_to_its_text(tmp_path, kind):
    path = tmp_path / "my file.txt"  # its name does not matter
    path.write_bytes(FILES[kind])
    with pytest.raises(FormatError) as caught:
        read_corpus(path)
    start = f"{path} is {kind}, not plain text; "
    assert str(caught.value).startswith(start)
    assert len(str(caught.value)) > len(start) + 10
    assert caught.value.kind == kind


def test_a_command_to_copy_is_quoted():
    found = foreign_format(FILES["a PDF"])
    assert found.advice("my 'own'.v2.pdf").endswith(
        """pdftotext 'my '"'"'own'"'"'.v2.pdf' 'my '"'"'own'"'"'.v2'.txt"""
    )
    assert found.advice("x/.hidden/book").endswith("pdftotext x/.hidden/book x/.hidden/book.txt")


@pytest.mark.parametrize(
    "text",
    [
        "BM is a town",
        "MZ",
        "ID3 tags",
        "PK\n",
        "Rar! he cried",
        "RIFF",
        "The %PDF-1.4 mark",
        "{rtf",
    ],
)
def test_a_text_may_begin_as_a_file_does(text):
    assert foreign_format(text.encode()) is None


@pytest.mark.parametrize("by", ["folder", "glob"])
def test_among_others_they_are_skipped_and_told(tmp_path, by):
    folder = tmp_path / "texts"
    folder.mkdir()
    for number, kind in enumerate(("a PDF", "an RTF document", "a zip archive", "a program")):
        (folder / f"{number}").write_bytes(FILES[kind])
    (folder / "poem").write_text("one two")
    corpus = read_corpus(folder if by == "folder" else f"{folder}/*")
    assert corpus.text == "\0one two\0"
    assert corpus.notes == (
        f"Left out 4 files that are no plain text: {folder}/0, a PDF; {folder}/1, an RTF document; "
        f"{folder}/2, a zip archive and 1 more.",
    )


@pytest.mark.parametrize("name", ["page.html", "table.csv"])
def test_markup_and_tables_are_read_and_told(tmp_path, name):
    path = tmp_path / name
    path.write_text("<!DOCTYPE html>\n<p>A" if name == "page.html" else "id,text\n1,ab\n")
    (note,) = read_corpus(path, ReadingConfig()).notes
    assert ("is HTML" in note) == (name == "page.html")
    assert ("--column NAME reads one column, of id, text" in note) == (name == "table.csv")
