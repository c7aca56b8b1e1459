"""How a corpus is read, and what is done to its text."""

from dataclasses import dataclass
from typing import Literal

from chargen.config.base import Settings, check, setting

Normalization = Literal["NFC", "NFKC"]
Newlines = Literal["keep", "unix"]


@dataclass(frozen=True, kw_only=True)
class ReadingConfig(Settings):
    """How files become a corpus's text. A value outside its limits raises `SettingError`."""

    _added = ("label", "column", "label_column")
    _group = "Corpus"

    include: tuple[str, ...] = setting(
        "Of a folder, read only files whose name or path matches this pattern. May be repeated.",
        (),
        expected="patterns, such as *.txt",
    )
    label: tuple[str, ...] = setting(
        "Label each file, so that the model can write in the style of one label. Without a value "
        "or with folder, the label is the folder's name; with file, the file's name; with "
        "NAME=PATTERN, it is NAME where the file's name or path matches. May be repeated: the "
        "first rule that matches counts.",
        (),
        flag_value="folder",
    )
    encoding: str = setting("Encoding of the files; auto detects the encoding of each.", "utf-8")
    document_separator: str | None = setting(
        "Split each file into documents at this text, in which a newline stands for any line end.",
        None,
        escapes=True,
    )
    column: str | None = setting(
        "Read the files as tables, CSV whose first line names the columns or JSON lines, and learn "
        "this column; each row is a document.",
        None,
    )
    label_column: str | None = setting(
        "With --column: the column that holds the label of each row.", None
    )
    max_expansion: float = setting(
        "Refuse a compressed file that holds over 64 MB and over this many times its own size.",
        250.0,
        min=1,
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        for rule in self.label:
            name, _, pattern = rule.partition("=")
            ok = rule in ("folder", "file") or bool(name and pattern)
            expected = "folder, file or NAME=PATTERN (a text to learn from goes before it)"
            check("label", rule, ok, expected)


@dataclass(frozen=True, kw_only=True)
class PreparationConfig(Settings):
    """What is done to a text before it is learned, and to every prompt.

    A value outside its limits raises `SettingError`.
    """

    _group = "Text preparation"

    normalize: Normalization | None = setting(
        "Bring characters to this Unicode normalization form.", None
    )
    newlines: Newlines = setting(
        "Turn every kind of line end into a line feed (unix), or keep line ends as they are.",
        "unix",
    )
    lowercase: bool = setting("Turn all letters into lower case.", False)
    min_count: int = setting(
        "Replace characters that occur less often than this by one unknown character, which is "
        "never written.",
        1,
        min=1,
    )
