"""Tell which encoding bytes are in, by how probable the text is that each would make of them.

A candidate is an encoding with a language that is written in it. The decoded text is judged in
bits, the fewer the better: how rare each character is in that language, and how odd it is between
its neighbours (a capital within a word, Cyrillic beside Latin letters, a sign between letters). The
difference between two candidates is the logarithm of their odds, if all of this is independent.
"""

import codecs
import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from functools import cache
from operator import attrgetter

from chargen.corpus.languages import common_words, letter_costs
from chargen.text.characters import escape_hidden

_WESTERN = (
    "English French Spanish Portuguese Italian German Dutch Danish Norwegian Swedish Finnish "
    "Icelandic Catalan"
)
_CENTRAL = "Polish Czech Slovak Hungarian Romanian Slovene Croatian German English"
_CYRILLIC = "Russian Ukrainian Bulgarian Serbian Macedonian"
# What people write today or left in their files, with the languages of each, and how many bits an
# encoding costs from the start: 0 for the most common one. Where two make the same text of the
# bytes, the first is named: so cp1252 stands for iso-8859-1 and iso-8859-15, as on the web.
_ENCODINGS = {
    "cp1252": (0, _WESTERN),
    "cp1250": (4, _CENTRAL),
    "cp1251": (4, _CYRILLIC),
    "cp1253": (4, "Greek"),
    "cp1254": (4, "Turkish English"),
    "cp1255": (4, "Hebrew"),
    "cp1256": (4, "Arabic"),
    "cp1257": (4, "Lithuanian Latvian Estonian English"),
    "cp874": (4, "Thai"),
    "cp932": (4, "Japanese"),
    "euc-jp": (5, "Japanese"),
    "gb18030": (4, "Chinese"),
    "big5": (4, "Chinese_(traditional)"),
    "cp949": (4, "Korean"),
    "koi8-r": (5, "Russian Bulgarian"),
    "koi8-u": (6, "Ukrainian"),
    "iso-8859-2": (6, _CENTRAL),
    "iso-8859-5": (8, _CYRILLIC),
    "iso-8859-7": (6, "Greek"),
    "cp866": (6, "Russian Ukrainian Bulgarian"),
    "iso-8859-15": (6, _WESTERN),
    "mac-roman": (10, _WESTERN),
    "mac-cyrillic": (10, _CYRILLIC),
    "cp437": (10, _WESTERN),
    "cp850": (10, _WESTERN),
    "cp852": (10, _CENTRAL),
}

MULTI_BYTE = {"cp932", "euc-jp", "gb18030", "big5", "cp949", "cp874"}  # Thai is like them
_CONTROLS = re.compile(r"[\x00-\x06\x0e-\x19\x1c-\x1f\x7f]")  # that no terminal or text has
_MAX_CONTROLS = 0.01  # of a text, above which it is none
_AROUND = 20  # characters of an excerpt before and after its place
_MAX_NAMED = 3  # candidates that a message names
_MIN_ODDS = 6  # bits by which the best candidate must be ahead
_MAX_COST = 18  # bits a character on average, above which it is no text
_SIGNS = {  # bits of what all languages share
    sign: bits
    for bits, signs in {
        5: "、。",
        7: "，！？：；「」（）・ー",
        9: "“”–",
        10: "…—《》",
        11: "«»„‘\N{NO-BREAK SPACE}",
        13: "’°·•€§£¿¡",
        15: "©®™²³½ºª×†‚›‹",
    }.items()
    for sign in signs
}
_MAX_MIXED = 10  # bits at most that ASCII letters cost in a language of another script
_WORD = 3  # bits that a frequent word of a language speaks for it
_RARE_LETTER, _FOREIGN, _SIGN, _CONTROL = 16, 22, 20, 30  # bits of the others
_IDEOGRAPHIC = {"CJK", "HIRAGANA", "KATAKANA", "HANGUL"}
_SCRIPTS = {"LATIN", "CYRILLIC", "GREEK", "HEBREW", "ARABIC", "THAI", "HALFWIDTH", *_IDEOGRAPHIC}
_SCRIPT_OF = {
    **{language: {"CYRILLIC"} for language in _CYRILLIC.split()},
    "Greek": {"GREEK"},
    "Hebrew": {"HEBREW"},
    "Arabic": {"ARABIC"},
    "Thai": {"THAI"},
    "Japanese": {"CJK", "HIRAGANA", "KATAKANA"},
    "Korean": {"HANGUL", "CJK"},
    "Chinese": {"CJK"},
    "Chinese_(traditional)": {"CJK"},
}


@dataclass(frozen=True)
class Candidate:
    """An encoding that bytes may be in."""

    encoding: str
    text: str
    cost: float  # bits


def candidates(sample: bytes, *, is_cut: bool = False) -> list[Candidate]:
    """Return the encodings that a piece of a file may be in, those with the same text once.

    Args:
        sample: the piece, which should begin with a line.
        is_cut: whether it may end within a character.

    Returns:
        The best one, and the others that are nearly as good; none if it looks like no text.
    """
    found: dict[str, Candidate] = {}
    for encoding, (prior, languages) in _ENCODINGS.items():
        try:
            text = codecs.getincrementaldecoder(encoding)().decode(sample, final=not is_cut)
        except UnicodeDecodeError:
            continue
        if not text.isascii() and len(_CONTROLS.findall(text)) <= _MAX_CONTROLS * len(text):
            candidate = Candidate(encoding, text, prior + _cost(text, languages.split()))
            found[text] = min(candidate, found.get(text, candidate), key=attrgetter("cost"))
    ranked = sorted(found.values(), key=attrgetter("cost"))
    if not ranked or ranked[0].cost > _MAX_COST * sum(not c.isascii() for c in ranked[0].text):
        return []
    return [each for each in ranked if each.cost < ranked[0].cost + _MIN_ODDS]


def excerpt(text: str, place: int) -> str:
    """Return a few words around a place in a text, in quotes, without hidden characters."""
    start = max(0, place - _AROUND)
    before, after = text[start:place], text[place : place + _AROUND]
    if start:  # begin and end with whole words, if there are any
        before = re.sub(r"^\S*\s", "", before)
    if len(text) > place + _AROUND:
        after = re.sub(r"(?<=.)\s\S*$", "", after)
    return f"“{escape_hidden(' '.join((before + after).split()))}”"


def in_words(likely: list[Candidate]) -> str:
    """Return what bytes may be, each encoding with an excerpt that shows how it differs."""
    texts = [each.text for each in likely[:_MAX_NAMED]]
    place = next(
        place
        for place, signs in enumerate(zip(*texts, strict=False))
        if (len(set(signs)) > 1 if len(texts) > 1 else not signs[0].isascii())
    )
    named = zip(likely, texts, strict=False)
    return " or ".join(f"{each.encoding}: {excerpt(text, place)}" for each, text in named)


def _cost(text: str, languages: list[str]) -> float:
    """Return how many bits the text takes in that language of these that suits it best."""
    padded = f" {text} "
    triples = Counter(
        each for each in zip(padded, text, padded[2:], strict=False) if not each[1].isascii()
    )
    odd = sum(count * _oddness(*triple) for triple, count in triples.items())
    counts = Counter(text.lower())
    latin = sum(count for each, count in counts.items() if each.isascii() and each.isalpha())
    mixed = min(latin, _MAX_MIXED) if languages[0] in _SCRIPT_OF else 0
    words = Counter(re.findall(r"[^\W\d_]{2,}", text.lower()))
    return (
        mixed
        + odd
        + min(
            sum(count * _letter_cost(each, language) for each, count in counts.items())
            - _WORD * sum(words[each] for each in common_words(language))
            for language in languages
        )
    )


@cache
def _script(character: str) -> str:
    """Return the script of a letter or of a mark on one; "" for all else."""
    script = unicodedata.name(character, "").split(" ")[0].split("-")[0]
    return script if script in _SCRIPTS and unicodedata.category(character)[0] in "LM" else ""


@cache
def _letter_cost(character: str, language: str) -> float:
    """Return how many bits a small letter or a sign takes.

    An ASCII letter, which all candidates have, takes as many as it is rarer than in all languages.
    """
    if character.isascii():
        if not character.isalpha():
            return 0
        if language in _SCRIPT_OF:
            language = "English"
        return letter_costs(language).get(character, _RARE_LETTER) - _common_cost(character)
    script = _script(character)
    if not script:
        if unicodedata.category(character)[0] == "C":
            return _CONTROL
        return letter_costs(language).get(character, _SIGNS.get(character, _SIGN))
    if script not in _SCRIPT_OF.get(language, {"LATIN"}):
        return _FOREIGN
    return letter_costs(language).get(character, _FOREIGN if character == "ƒ" else _RARE_LETTER)


@cache
def _common_cost(character: str) -> float:
    latin = {name for _, names in _ENCODINGS.values() for name in names.split()} - set(_SCRIPT_OF)
    return sum(letter_costs(name).get(character, _RARE_LETTER) for name in latin) / len(latin)


@cache
def _oddness(before: str, character: str, after: str) -> int:
    """Return how many bits it takes that a character stands between these two."""
    script, left, right = _script(character), _script(before), _script(after)
    if not script:
        if character in "–—…":  # before a letter and after one they stand seldom without a space
            return (
                3 * bool(left) + 3 * bool(right) + 3 * (character == "…" and before == " " == after)
            )
        if character in "¿¡":
            return 8 * bool(left)
        if character in "ªº":  # they follow a number or a letter
            return 6 * before.isspace()
        return 8 if left and right and character not in "’·" else 0
    bits = 0
    for other in filter(None, (left, right)):
        if other != script and not {script, other} <= _IDEOGRAPHIC:
            bits += 4 if {script, other} & _IDEOGRAPHIC else 8
    if character.isupper():
        if left:
            bits += 1 if before.isupper() else 8
        else:
            bits += 3
    elif before.isupper() and after.isupper():
        bits += 5
    return bits
