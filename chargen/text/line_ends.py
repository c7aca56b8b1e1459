"""Line ends: the eight kinds that Unicode knows, counted, found, and turned into line feeds."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

# By UAX 14, "Unicode Line Breaking Algorithm", a line must end at these: classes LF, CR, NL and BK.
KINDS = {
    "LF": "\n",
    "CRLF": "\r\n",
    "CR": "\r",
    "NEL": "\x85",
    "VT": "\v",
    "FF": "\f",
    "LS": "\N{LINE SEPARATOR}",
    "PS": "\N{PARAGRAPH SEPARATOR}",
}
MARKS = "".join(KINDS[name] for name in KINDS if name != "CRLF")
"""The characters that end a line; a carriage return and the line feed after it are one line end."""

LINE_END = re.compile(f"\r\n|[{MARKS}]")
_LAST = re.compile(rf"(?:\r\n|[{MARKS}])\Z")
_NEWLINE = re.compile(r"\r\n?|\n")


def unify(text: str) -> str:
    """Return the text with a line feed in place of each line end."""
    for mark in (KINDS["CRLF"], *MARKS):  # str.replace is many times faster than a pattern
        text = text.replace(mark, "\n")
    return text


def with_newlines(text: str, newline: str) -> str:
    """Return the text with its LF, CRLF and CR as `newline`."""
    return _NEWLINE.sub(newline, text)


def split_lines(text: str) -> list[str]:
    """Return the lines of a text without their ends; after the last line end there is none."""
    lines = LINE_END.split(text)
    return lines if lines[-1] else lines[:-1]


def without_last(text: str) -> str:
    """Return the text without the line end at its end, if there is one."""
    return _LAST.sub("", text)


class LineEndCounter:
    """Counts the line ends of a text, or of several, while they are read."""

    def __init__(self) -> None:
        self._found: Counter[str] = Counter()

    def watch(self, pieces: Iterable[str]) -> Iterator[str]:
        """Pass on the pieces of one text, counting their line ends."""
        last = ""
        for piece in pieces:
            marks = "\n\r\v\f" if piece.isascii() else MARKS
            self._found.update({mark: piece.count(mark) for mark in marks})
            cut_in_two = last == "\r" and piece.startswith("\n")
            self._found["\r\n"] += piece.count("\r\n") + cut_in_two
            last = piece[-1:] or last
            yield piece

    @property
    def counts(self) -> dict[str, int]:
        """Return how many there were of each kind that there was, the most frequent first."""
        pairs = Counter(dict.fromkeys("\r\n", self._found["\r\n"]))
        found = self._found - pairs
        return {
            name: found[KINDS[name]]
            for name in sorted(KINDS, key=lambda name: -found[KINDS[name]])
            if found[KINDS[name]]
        }


def describe_counts(counts: Mapping[str, int]) -> str:
    """Return counts as reports list them: "LF 64×, CRLF 1×", or "none"."""
    return ", ".join(f"{_name(kind)} {count:,}×" for kind, count in counts.items()) or "none"


def line_ends_in_words(counts: Mapping[str, int]) -> str:
    """Return counts as the beginning of a sentence: "64 LF and 1 CRLF line ends"."""
    told = [f"{count:,} {_name(kind)}" for kind, count in counts.items()]
    several = "s" if sum(counts.values()) > 1 else ""
    return f"{' and '.join([*filter(None, [', '.join(told[:-1])]), told[-1]])} line end{several}"


def _name(kind: str) -> str:
    """Return a kind as messages name it: with its code point, where the name is not well known."""
    return kind if kind in ("LF", "CRLF", "CR") else f"{kind} (U+{ord(KINDS[kind]):04X})"
