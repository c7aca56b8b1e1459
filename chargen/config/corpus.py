"""How a corpus is read, and what is done to its text."""

from dataclasses import dataclass
from typing import Literal

from chargen.config.base import Settings, check, setting

Normalization = Literal["NFC", "NFKC"]
Newlines = Literal["keep", "unix"]
LABEL_RULES = ("folder", "file")


@dataclass(frozen=True, kw_only=True)
class ReadingConfig(Settings):
    """Which files a corpus is read from, and how their bytes become text.

    Raises:
        SettingError: if a value is outside its limits.
    """

    _added = ("label",)
    _group = "Corpus"

    include: tuple[str, ...] = setting(
        (),
        help="Of a folder, read only the files whose name or path matches this pattern. May be "
        "repeated.",
        expected="patterns, such as *.txt",
    )
    label: tuple[str, ...] = setting(
        (),
        help="Label each file, so that the model can write in the style of one label. Without a "
        "value or with folder, the label is the folder's name; with file, the file's name; with "
        "NAME=PATTERN, it is NAME where the file's name or path matches. May be repeated: the "
        "first rule that matches counts.",
        flag_value="folder",
    )
    encoding: str = setting(
        "utf-8", help="Encoding of the files; auto detects the encoding of each."
    )
    document_separator: str | None = setting(
        None,
        help="Split each file into documents at this text; \\n, \\t and \\f stand for those "
        "characters.",
    )
    max_expansion: float = setting(
        250.0,
        help="Refuse a compressed file that grows to more than this many times its size and to "
        "more than 64 MB.",
        limits=(1, 1_000_000),
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        for rule in self.label:
            name, _, pattern = rule.partition("=")
            check(
                "label",
                rule,
                rule in LABEL_RULES or bool(name and pattern),
                f"{', '.join(LABEL_RULES)} or NAME=PATTERN (a text to learn from goes before it)",
            )


@dataclass(frozen=True, kw_only=True)
class PreparationConfig(Settings):
    """What is done to a text before it is learned, and to every prompt.

    Raises:
        SettingError: if a value is outside its limits.
    """

    _group = "Text preparation"

    normalize: Normalization | None = setting(
        None, help="Bring characters to this Unicode normalization form."
    )
    newlines: Newlines = setting(
        "keep", help="Keep line endings as they are, or turn each into a line feed (unix)."
    )
    lowercase: bool = setting(False, help="Turn all letters into lower case.")
    min_count: int = setting(
        1,
        help="Replace characters that occur less often than this by one unknown character, which "
        "is never written.",
        limits=(1, 1_000_000_000),
    )
