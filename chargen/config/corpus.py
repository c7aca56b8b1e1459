"""How a corpus is read, and what is done to its text."""

from dataclasses import dataclass
from typing import Literal, get_args

from chargen.config.base import Settings, check, real, setting, whole

Normalization = Literal["NFC", "NFKC"]
Newlines = Literal["keep", "unix"]
NORMALIZATIONS: tuple[str, ...] = get_args(Normalization)
NEWLINES: tuple[str, ...] = get_args(Newlines)
LABEL_RULES = ("folder", "file")


@dataclass(frozen=True, kw_only=True)
class ReadingConfig(Settings):
    """Which files a corpus is read from, and how their bytes become text.

    Raises:
        SettingError: if a value is outside its limits.
    """

    _added = ("label",)

    include: tuple[str, ...] = setting(
        (), "of a folder, only the files whose name or path fits this; may be repeated"
    )
    label: tuple[str, ...] = setting(
        (),
        "label each file: without a value by the folder it is in, with file by its own name, with "
        "NAME=PATTERN by NAME, where its name or path fits; may be repeated, the first that fits "
        "counts",
        bare="folder",
    )
    encoding: str = setting("utf-8", "of the files; auto detects that of each")
    document_separator: str | None = setting(
        None, "text between two documents; \\n, \\t and \\f stand for those characters"
    )
    max_expansion: float = setting(
        250.0, "a compressed file may grow to so many times its size, if that is above 64 MB"
    )

    def __post_init__(self) -> None:
        if isinstance(self.include, list):  # as JSON has it
            object.__setattr__(self, "include", tuple(self.include))
        check(
            "include",
            self.include,
            isinstance(self.include, tuple)
            and all(isinstance(each, str) and each for each in self.include),
            "patterns, such as *.txt",
        )
        self._check_label()
        check(
            "document_separator",
            self.document_separator,
            self.document_separator is None or bool(self.document_separator),
            "a text of one character or more",
        )
        check(
            "max_expansion",
            self.max_expansion,
            real(self.max_expansion) and self.max_expansion >= 1,
            "a number from 1",
        )

    def _check_label(self) -> None:
        rules = (self.label,) if isinstance(self.label, str) else self.label
        check("label", rules, isinstance(rules, tuple | list), "one rule, or several")
        object.__setattr__(self, "label", tuple(rules))
        for rule in rules:
            name, _, pattern = rule.partition("=") if isinstance(rule, str) else ("", "", "")
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

    normalize: Normalization | None = setting(None, "bring characters to this Unicode form")
    newlines: Newlines = setting("keep", "unix makes every line end a line feed")
    lowercase: bool = setting(False, "make all letters small")
    min_count: int = setting(
        1, "characters seen less often become one unknown, which is never written"
    )

    def __post_init__(self) -> None:
        check(
            "normalize",
            self.normalize,
            self.normalize is None or self.normalize in NORMALIZATIONS,
            "one of " + ", ".join(NORMALIZATIONS),
        )
        check("newlines", self.newlines, self.newlines in NEWLINES, "keep or unix")
        check("lowercase", self.lowercase, isinstance(self.lowercase, bool), "true or false")
        check("min_count", self.min_count, whole(self.min_count, 1), "a whole number from 1")
