"""What happens to characters that the model never saw: an error, removal, or the nearest known one.

Tried in this order: the same character written differently (Unicode's normal forms), one that looks
alike (quotes, dashes, spaces, line endings), the same letter without its accent, the same letter in
the other case.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal, get_args

from chargen.errors import SettingError, UnknownCharacterError
from chargen.text.characters import describe, enumerate_some
from chargen.text.vocabulary import BOUNDARY, Vocabulary

Unknown = Literal["error", "skip", "nearest"]
UNKNOWNS: tuple[str, ...] = get_args(Unknown)

# Characters, and what may replace each of them, the nearest first.
ALIKE = (
    ("“„‟«〝❝", ("“", "«", "„", '"', "‘", "'")),
    ("”»″〞❞", ("”", "»", '"', "“", "’", "'")),
    ("‘‚‛‹❛", ("‘", "‹", "'", "’", "`")),
    ("’›ʼ′´`❜", ("’", "›", "'", "ʼ", "´", "‘")),
    ("—―", ("—", "―", "--", "–", "-")),
    ("-‐‑‒–−⁃", ("-", "–", "‐", "‑", "−", "—")),
    ("…", ("...",)),
    ("/⁄∕", ("/", "⁄")),
    ("\n\r\v\f\x85\u2028\u2029", ("\n", "\r\n", "\r", " ")),
    (" \t\xa0\u202f\u2007\u3000", (" ", "\xa0", "\t", "\u3000")),
    ("æ", ("ae",)),
    ("Æ", ("AE", "Ae")),
    ("œ", ("oe",)),
    ("Œ", ("OE", "Oe")),
)
SEVERAL = {"\r\n": ("\n", "\r", " "), "...": ("…",), "--": ("—", "–")}
DIRECTED = {'"': ("“", "”"), "'": ("‘", "’")}  # a straight quote, as it opens and as it closes


@dataclass(frozen=True)
class PreparedText:
    """A text made of characters that the model can read.

    Args:
        text: the characters, with a `BOUNDARY` between two documents.
        notes: sentences that say what was changed and what was left out; none if nothing was.
    """

    text: str
    notes: tuple[str, ...] = ()


def replace_unknown(text: str, vocabulary: Vocabulary, unknown: Unknown = "error") -> PreparedText:
    """Replace the characters that are not in a vocabulary.

    Args:
        text: any text.
        vocabulary: the characters that the model knows.
        unknown: what to do with others. "error" refuses them; "skip" leaves them out; "nearest"
            replaces each by the nearest known character or characters, or leaves it out if there
            are none.

    Raises:
        UnknownCharacterError: with "error", naming each unknown character; with "skip" or
            "nearest", if nothing but space would be left of a text that has more.
        SettingError: if `unknown` is none of the three.
    """
    check_unknown(unknown)
    unknown_chars = {character for character in set(text) if character not in vocabulary}
    if not unknown_chars:
        return PreparedText(text)
    if unknown == "error":
        vocabulary.encode(text)  # raises
    find_nearest = _Nearest(vocabulary) if unknown == "nearest" else _remove
    changes: Counter[tuple[str, str]] = Counter()

    def replace(match: re.Match[str]) -> str:
        token = match[0]
        if unknown_chars.isdisjoint(token):
            return token
        new = find_nearest(token, token in DIRECTED and _opens(text, match.start()))
        changes[token, new] += 1
        return new

    clusters = _clusters(set(text), unknown_chars) if unknown == "nearest" else ""
    replaced = re.sub(clusters + _unknown_pattern(vocabulary), replace, text)
    if _has_more_than_space(text) and not _has_more_than_space(replaced):
        named = enumerate_some([describe(character) for character in sorted(unknown_chars)])
        raise UnknownCharacterError(
            f"Nothing is left of the text without {named}; the model knows "
            f"{vocabulary.vocab_size} characters (`chargen info` lists them)."
        )
    return PreparedText(replaced, tuple(_notes(changes)))


def _has_more_than_space(text: str) -> bool:
    return bool(text.replace(BOUNDARY, "").strip())


def check_unknown(unknown: Unknown) -> None:
    """Check that `unknown` is one of `UNKNOWNS`.

    Raises:
        SettingError: if it is none of them; the message lists them.
    """
    if unknown not in UNKNOWNS:
        raise SettingError(f"unknown must be one of {', '.join(UNKNOWNS)}; received {unknown!r}.")


def _remove(token: str, opening: bool) -> str:
    return ""


class _Nearest:
    """Finds what replaces a token: a character, one with its marks, or a key of `SEVERAL`."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._known = set(vocabulary.idx2char)
        self._searched: dict[tuple[str, bool], str] = {}

    def __call__(self, token: str, opening: bool = False) -> str:
        """Return the nearest text of known characters; empty if there is none."""
        if (token, opening) not in self._searched:
            self._searched[token, opening] = self._search(token, opening)
        return self._searched[token, opening]

    def _search(self, token: str, opening: bool) -> str:
        if token in DIRECTED:
            token = DIRECTED[token][not opening]
        forms = list(_forms(token))
        forms += [other for form in forms for other in _other_cases(form)]
        for form in forms:
            if form and self._known.issuperset(form):
                return form
        parts = unicodedata.normalize("NFKD", token)  # 1⁄2 for ½, where the slash is unknown too
        found = [self(part) for part in parts] if len(parts) > len(token) else []
        return "".join(found) if all(found) else ""


def _forms(token: str) -> Iterator[str]:
    """Yield other ways to write a token in the same case, the nearest first."""
    yield unicodedata.normalize("NFC", token)
    yield unicodedata.normalize("NFD", token)
    yield from SEVERAL.get(token, ())
    for characters, alternatives in ALIKE:
        if token in characters:
            yield from alternatives
    if token.isspace():
        yield " "
        return
    yield unicodedata.normalize("NFKC", token)
    decomposed = unicodedata.normalize("NFKD", token)
    yield decomposed
    bare = "".join(character for character in decomposed if not _joins(character))
    yield bare
    if len(bare) == 1:  # strokes and hooks, as in ø and ł, are in its name only
        base, _, addition = unicodedata.name(bare, "").partition(" WITH ")
        with suppress(KeyError):
            yield unicodedata.lookup(base) if addition else bare


def _other_cases(form: str) -> tuple[str, ...]:
    return form.lower(), form.casefold(), form.upper()


def _joins(character: str) -> bool:
    """Return whether a character joins the one before it, as marks and parts of Hangul do."""
    return unicodedata.category(character)[0] == "M" or "\u1160" <= character <= "\u11ff"


def _opens(text: str, place: int) -> bool:
    """Return whether a straight quote at `place` opens: after a space or what opens itself."""
    before = text[place - 1 : place]
    return (
        not before
        or before.isspace()
        or before == BOUNDARY
        or unicodedata.category(before) in ("Ps", "Pi")
    )


def _unknown_pattern(vocabulary: Vocabulary) -> str:
    """Return a pattern that fits one unknown character."""
    # It lists the known characters: a text may hold very many unknown ones, which would be slow.
    return f"[^{re.escape(vocabulary.idx2char)}]"


def _clusters(present: set[str], unknown_chars: set[str]) -> str:
    """Return a pattern that fits several characters which are replaced as one."""
    several = [re.escape(each) for each in SEVERAL if not unknown_chars.isdisjoint(each)]
    marks = re.escape("".join(sorted(filter(_joins, present))))
    # Normal forms sort marks in the square of their number; 30 is Unicode's own limit (UAX 15).
    joined = [f"[^{marks}]?[{marks}]{{1,30}}"] if marks else []
    return "|".join([*several, *joined, ""])


def _notes(changes: Counter[tuple[str, str]]) -> Iterator[str]:
    """Yield a sentence on what was changed and one on what was left out, the most often first."""
    changed, left_out = [], []
    for (token, new), count in changes.most_common():
        times = f", {count:,} times" if count > 1 else ""
        name = " + ".join(map(describe, token))
        if new:
            changed.append(f"{name} to {new!r}{times}")
        else:
            left_out.append(f"{name}{times}")
    if changed:
        yield f"Changed {enumerate_some(changed, separator='; ')}."
    if left_out:
        yield f"Left out {enumerate_some(left_out, separator='; ')}."
