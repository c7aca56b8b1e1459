import string
import sys
import unicodedata

import pytest

from chargen.errors import SettingError, UnknownCharacterError
from chargen.text.unknown import UNKNOWNS, PreparedText, replace_unknown
from chargen.text.vocabulary import Vocabulary

LETTERS = string.ascii_letters
ASCII = "\n " + "".join(map(chr, range(33, 127)))


def nearest(text, characters):
    return replace_unknown(text, Vocabulary(characters), "nearest").text


@pytest.mark.parametrize("unknown", UNKNOWNS)
@pytest.mark.parametrize("text", ["", "ab ba", "e\u0301"])
def test_known_characters_are_left_as_they_are(text, unknown):
    assert replace_unknown(text, Vocabulary("ab e\u0301é"), unknown) == PreparedText(text, ())


def test_error_names_the_character_and_the_way_out():
    with pytest.raises(UnknownCharacterError, match=r"'é' \(U\+00E9\).*--unknown nearest"):
        replace_unknown("abé", Vocabulary("abe"))


def test_skip_leaves_out_and_says_so():
    fitted = replace_unknown("aéb\u0301éc", Vocabulary("abc"), "skip")
    assert fitted.text == "abc"
    (note,) = fitted.notes
    assert note.startswith("Left out 'é' (U+00E9), 2 times; ")
    assert "U+0301" in note


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("é Å ñ ç", "e A n c"),
        ("e\u0301 x\u0302\u0323", "e x"),
        ("ﬁ ﬀ １ ² ½", "fi ff 1 2 1/2"),
        ("ø Ł æ Œ ß", "o L ae OE ss"),
        ("“Yes,” it’s ‘so’ «there»", '"Yes," it\'s \'so\' "there"'),
        ("a–b — c‐d − e…", "a-b -- c-d - e..."),
        ("a\tb\u00a0c\u2003d", "a b c d"),
        ("a\r\nb\rc\u2028d\x85e", "a\nb\nc\nd\ne"),
    ],
)
def test_nearest_in_ascii(text, expected):
    assert nearest(text, ASCII) == expected


@pytest.mark.parametrize(
    ("text", "characters", "expected"),
    [
        ("É", "eE", "E"),
        ("É", "eé", "é"),
        ("É", "e", "e"),
        ("é", "E", "E"),
        ("ß", "S", "SS"),
        ("Œ", "oe", "oe"),
        ("Ж", "ж", "ж"),
        ("Й", "и", "и"),
        ("ά", "Α", "Α"),
    ],
)
def test_case_comes_after_accents(text, characters, expected):
    assert nearest(text, characters) == expected


@pytest.mark.parametrize("form", ["NFC", "NFD"])
@pytest.mark.parametrize("text", ["é", "한국", "ñandú"])
def test_composed_or_not_as_the_vocabulary_has_it(text, form):
    other = {"NFC": "NFD", "NFD": "NFC"}[form]
    known = unicodedata.normalize(form, text)
    assert nearest(unicodedata.normalize(other, text), known) == known


def test_a_known_letter_keeps_its_place_when_its_mark_is_unknown():
    assert nearest("re\u0301sume\u0301", "resum") == "resume"


@pytest.mark.parametrize(
    ("text", "quotes", "expected"),
    [
        ('"Yes," ("no") it\'s \'so\'', "“”‘’", "“Yes,” (“no”) it’s ‘so’"),
        ('"Yes"', "“", "“Yes“"),
        ('"Yes"', "«»", "«Yes»"),
        ('"Yes" “no”', "'", "'Yes' 'no'"),
        ("it's", "´", "it´s"),
    ],
)
def test_quotes_of_the_vocabulary(text, quotes, expected):
    assert nearest(text, LETTERS + " ,()" + quotes) == expected


@pytest.mark.parametrize(
    ("text", "characters", "expected"),
    [
        ("a-b", "ab–", "a–b"),
        ("a--b", "ab—", "a—b"),
        ("a—b", "ab-", "a--b"),
        ("a—b", "ab–", "a–b"),
        ("a...", "a…", "a…"),
        ("a\nb", "ab\r", "a\rb"),
        ("a\r\nb", "ab ", "a b"),
        ("a\n\rb", "ab", "ab"),
        ("a b", "ab\u00a0", "a\u00a0b"),
    ],
)
def test_the_vocabulary_may_have_the_typographic_form_only(text, characters, expected):
    assert nearest(text, characters) == expected


def test_what_changed_is_said_with_how_often():
    fitted = replace_unknown("é’é Ж", Vocabulary("e' "), "nearest")
    assert fitted == PreparedText(
        "e'e ",
        (
            "Changed 'é' (U+00E9) to 'e', 2 times; '’' (U+2019) to \"'\".",
            "Left out 'Ж' (U+0416).",
        ),
    )


def test_notes_stay_short():
    fitted = replace_unknown(
        "a" + "".join(map(chr, range(0x4E00, 0x4F00))), Vocabulary("a"), "nearest"
    )
    (note,) = fitted.notes
    assert note.endswith("and 248 more.")
    assert len(note) < 200


@pytest.mark.parametrize("unknown", ["skip", "nearest"])
@pytest.mark.parametrize("text", ["привет", "привет, мир\n", "😀", "\ud800"])
def test_another_alphabet_does_not_become_nothing(text, unknown):
    with pytest.raises(UnknownCharacterError, match=r"Nothing is left.*knows 54 characters"):
        replace_unknown(text, Vocabulary(LETTERS + " \n"), unknown)


def test_only_characters_of_the_vocabulary_come_out():
    """Characters from all of Unicode, each on its own and with a mark."""
    some = "".join(map(chr, [*range(0x250), *range(0x250, sys.maxunicode + 1, 211)]))
    for characters in (ASCII, "\r'“é", "…—\u00a0ÉИ"):
        fitted = replace_unknown(some + "\u0301".join(some), Vocabulary(characters), "nearest")
        assert set(fitted.text) <= set(characters)


def test_a_heap_of_marks_takes_no_time():
    """Unicode's normal forms put marks in order, which takes the square of their number."""
    assert nearest("e" + "\u0301\u0323" * 50_000 + "e", "e") == "ee"


def test_other_choices_are_refused():
    with pytest.raises(SettingError, match=r"error, skip, nearest; received 'drop'"):
        replace_unknown("a", Vocabulary("a"), "drop")
