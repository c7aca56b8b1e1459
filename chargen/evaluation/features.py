"""Features of a text that units may follow: a number for each character, as a reader sees it.

The number at a character is what is so once that character was read. There is no NumPy here, so
that help pages can list the features and still open at once.
"""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass

from chargen.text.line_ends import MARKS

# With NUL, which is `vocabulary.BOUNDARY`: a document that ends, ends a line.
_LINE_ENDS = frozenset(f"{MARKS}\0")
_PARAGRAPH_END = re.compile(rf"\0|(?>\r\n|[{MARKS}])[ \t]*(?:\r\n|[{MARKS}])")

# What opens a quotation, and what may close it; of the second table only where no mark of the
# first is in the text, since they are apostrophes too.
_QUOTES = {
    '"': '"',
    "“": "”",
    "„": "“”",
    "”": "”",
    "«": "»",
    "»": "«»",
    "‹": "›",
    "「": "」",
    "『": "』",
}
_SINGLE_QUOTES = {"‘": "’", "'": "'", "`": "'"}


@dataclass(frozen=True)
class Feature:
    """What a unit may follow.

    Args:
        name: by which it is asked for.
        help: what the numbers are, a sentence.
        values: from a text to a number for each of its characters.
    """

    name: str
    help: str
    values: Callable[[str], list[float]]

    def to_json(self) -> dict[str, str]:
        """Return its name and help."""
        return {"name": self.name, "help": self.help}


def _inside_quotes(text: str) -> list[float]:
    doubled = any(mark in text for mark in _QUOTES)
    pairs = _QUOTES if doubled else _SINGLE_QUOTES
    ends, closing, values = _paragraph_ends(text), "", []
    for place, character in enumerate(text):
        if place in ends:  # whoever speaks on opens the quotation again
            closing = ""
        elif closing:
            is_apostrophe = not doubled and text[place + 1 : place + 2].isalnum()
            if character in closing and not is_apostrophe:
                closing = ""
        elif doubled or not text[max(place - 1, 0) : place].isalnum():
            closing = pairs.get(character, "")
        values.append(float(bool(closing)))
    return values


def _inside_parentheses(text: str) -> list[float]:
    ends, depth, values = _paragraph_ends(text), 0, []
    for place, character in enumerate(text):
        if place in ends:
            depth = 0
        elif character in "()":
            depth = max(0, depth + (1 if character == "(" else -1))
        values.append(float(depth > 0))
    return values


def _paragraph_ends(text: str) -> Collection[int]:
    """Return the places of the characters with which empty lines or documents end."""
    return {found.end() - 1 for found in _PARAGRAPH_END.finditer(text)}


def _line_position(text: str) -> list[float]:
    return _since(text, lambda character: character in _LINE_ENDS)


def _word_position(text: str) -> list[float]:
    return _since(text, lambda character: not character.isalnum())


def _since(text: str, is_end: Callable[[str], bool]) -> list[float]:
    """Return how many characters there were after the last one at which something ended."""
    position, values = 0, []
    for character in text:
        position = 0 if is_end(character) else position + 1
        values.append(float(position))
    return values


def _indentation(text: str) -> list[float]:
    width, is_leading, values = 0, True, []
    for character in text:
        if character in _LINE_ENDS:
            width, is_leading = 0, True
        elif is_leading and character in " \t":
            width += 1
        else:
            is_leading = False
        values.append(float(width))
    return values


def _where(is_so: Callable[[str], bool]) -> Callable[[str], list[float]]:
    return lambda text: [float(is_so(character)) for character in text]


FEATURES = {
    each.name: each
    for each in (
        Feature(
            "inside quotes",
            "1 from an opening quotation mark to before its closing one or an empty line, else 0.",
            _inside_quotes,
        ),
        Feature(
            "inside parentheses",
            "1 from ( to before its ) or an empty line, else 0.",
            _inside_parentheses,
        ),
        Feature(
            "line position", "How many characters of its line there were so far.", _line_position
        ),
        Feature(
            "word position", "How many characters of its word there were so far.", _word_position
        ),
        Feature("indentation", "How many blanks its line began with.", _indentation),
        Feature("capitals", "1 at a capital letter, else 0.", _where(str.isupper)),
        Feature("spaces", "1 at a space or line end, else 0.", _where(str.isspace)),
        Feature("digits", "1 at a digit, else 0.", _where(str.isdecimal)),
    )
}
"""By name."""
