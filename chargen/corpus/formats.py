"""Recognise files that are no plain text by how they begin, and say how to get their text."""

import re
from dataclasses import dataclass

from chargen.shell import quoted
from chargen.text.characters import escape_hidden

_PANDOC = "pandoc {file} -t plain -o {stem}.txt"
_OFFICE = "soffice --headless --convert-to txt {file}"
_LEAVE_OUT = "leave it out"


@dataclass(frozen=True)
class Format:
    """A kind of file that is no plain text."""

    name: str  # with its article
    way_out: str  # what to do; {file} and {stem} stand for the file's name and that without ending

    def advice(self, path: str) -> str:
        """Return how to get the text of the file at `path`, as a clause."""
        stem = re.sub(r"(?<=[^/])\.[^./]*$", "", path)
        return escape_hidden(self.way_out.format(file=quoted(path), stem=quoted(stem)))


def _convert(name: str, command: str, program: str = "the word processor") -> Format:
    return Format(name, f"save it as plain text from {program}, or run: {command}")


def _archive(name: str, command: str) -> Format:
    return Format(name, f"unpack it, and give the folder: {command}")


_SHEET = "save the sheet as CSV, and name the column to read with --column"
_SLIDES = "export its outline as plain text"
_WORD = _convert("a Word document", _PANDOC)
# The beginning of a file, as a regular expression, and what begins so. The signs that could begin a
# text too are looked at only where NULs say that the file is none.
_MARKED = {
    rb"\s*%PDF-\d": Format("a PDF", "get its text: pdftotext {file} {stem}.txt"),
    rb"\s*\{\\rtf": _convert("an RTF document", _PANDOC),
    rb"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": _convert(
        "an old Office document", _OFFICE, "its program"
    ),
    rb"%!PS": Format("a PostScript document", "get its text: ps2ascii {file} {stem}.txt"),
    rb"(?s:.{60})(BOOKMOBI|TEXtREAd)": Format(
        "a MOBI e-book", "get its text: ebook-convert {file} {stem}.txt"
    ),
    rb"AT&TFORM": Format("a DjVu document", "get its text: djvutxt {file} {stem}.txt"),
    rb"(?s:.{257})ustar": _archive("a tar archive", "tar xf {file}"),
    rb"7z\xbc\xaf\x27\x1c": _archive("a 7z archive", "7z x {file}"),
    rb"Rar!\x1a\x07": _archive("a RAR archive", "unrar x {file}"),
    rb"!<arch>\n": _archive("an ar archive", "ar x {file}"),
    rb"\xed\xab\xee\xdb": _archive("an RPM package", "rpm2cpio {file} | cpio -i"),
    rb"(\x1f\x9d|\x04\x22\x4d\x18|LZIP\x01|\x1f\xa0)": Format(
        "compressed in a way that chargen does not read", "unpack it first"
    ),
    rb"\x89PNG": Format("a picture (PNG)", ""),
    rb"\xff\xd8\xff": Format("a picture (JPEG)", ""),
    rb"GIF8[79]a": Format("a picture (GIF)", ""),
    rb"(II\*\0|MM\0\*)": Format("a picture (TIFF)", ""),
    rb"(?s:RIFF.{4}WEBP)": Format("a picture (WebP)", ""),
    rb"8BPS\0": Format("a picture (Photoshop)", ""),
    rb"(?s:.{4}ftyp(heic|heif|mif1|avif))": Format("a picture (HEIF)", ""),
    rb"(?s:RIFF.{4}(WAVE|AVI ))": Format("a recording", _LEAVE_OUT),
    rb"(OggS\0|fLaC\0|MThd\0|\x1aE\xdf\xa3)": Format("a recording", _LEAVE_OUT),
    rb"(?s:.{4}ftyp)": Format("a recording", _LEAVE_OUT),
    rb"SQLite format 3\0": Format("an SQLite database", _SHEET.replace("the sheet", "a table")),
    rb"\x93NUMPY": Format("a NumPy array", _LEAVE_OUT),
    rb"\x89HDF\r\n": Format("an HDF5 file", _LEAVE_OUT),
    rb"\x7fELF": Format("a program", _LEAVE_OUT),
    rb"(\xfe\xed\xfa[\xce\xcf]|[\xce\xcf]\xfa\xed\xfe|\xca\xfe\xba\xbe|\0asm)": Format(
        "a program", _LEAVE_OUT
    ),
}
_WITH_NULS = {
    rb"BM": Format("a picture (BMP)", ""),
    rb"\0\0[\x01\x02]\0": Format("a picture (icon)", ""),
    rb"(ID3|\xff[\xfa\xfb\xf2\xf3])": Format("a recording (MP3)", _LEAVE_OUT),
    rb"MZ": Format("a program", _LEAVE_OUT),
    rb"PAR1": Format("a Parquet table", "convert it to CSV, and name its column with --column"),
    rb"(OTTO|\0\x01\0\0|wOF[F2])": Format("a font", _LEAVE_OUT),
}
# What is in a zip archive, and what it is then.
_IN_ZIP = {
    rb"word/": _WORD,
    rb"xl/": Format("an Excel workbook", _SHEET),
    rb"ppt/": Format("a PowerPoint presentation", _SLIDES),
    rb"mimetypeapplication/epub\+zip": Format("an EPUB e-book", f"get its text: {_PANDOC}"),
    rb"mimetypeapplication/vnd\.oasis\.opendocument\.text": _convert(
        "an OpenDocument text", _PANDOC
    ),
    rb"mimetypeapplication/vnd\.oasis\.opendocument\.spreadsheet": Format(
        "an OpenDocument spreadsheet", _SHEET
    ),
    rb"mimetypeapplication/vnd\.oasis\.opendocument": Format(
        "an OpenDocument file", "export its text from its program"
    ),
    rb"Index/Document\.iwa": Format("a Pages document", "export it as plain text from Pages"),
}
_PICTURE = "leave it out, or have its text recognised: tesseract {file} {stem}"
_HEAD = 4096  # bytes in which a NUL says that a file is no text


def foreign_format(first: bytes) -> Format | None:
    """Return what kind of file begins with this block; None if it may be text."""
    if re.match(rb"PK(\x03\x04|\x05\x06|\x07\x08)", first):
        # A name stands in the header of its file, 30 bytes after the header's signature.
        for inside, found in _IN_ZIP.items():
            if re.search(rb"(?s:PK\x03\x04.{26}|PK\x01\x02.{42})" + inside, first):
                return found
        return _archive("a zip archive", "unzip {file} -d {stem}")
    tables = (_MARKED, _WITH_NULS) if b"\0" in first[:_HEAD] else (_MARKED,)
    for table in tables:
        for start, found in table.items():
            if re.match(start, first):
                return found if found.way_out else Format(found.name, _PICTURE)
    return None
