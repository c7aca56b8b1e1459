import unicodedata

import pytest

from chargen.config import PreparationConfig
from chargen.text.preparation import fold_unknown, prepare, prepare_pieces
from chargen.text.vocabulary import Vocabulary
from tests.helpers import cut_anyhow

TEXT = "Cafe\u0301 ﬁn\r\nΟΔΟΣ ΣΑΣ.\rİ한글 e\u0323\u0301 한국어\r\n"


@pytest.mark.parametrize(
    ("settings", "text", "expected"),
    [
        ({"newlines": "keep"}, "e\u0301\r\nA\u2028", "e\u0301\r\nA\u2028"),
        ({}, "e\u0301\r\nA\r\r\n\n\v\f\x85\u2028\u2029", "e\u0301\nA" + 8 * "\n"),
        ({"normalize": "NFC"}, "e\u0301ﬁ", "éﬁ"),
        ({"normalize": "NFKC"}, "e\u0301ﬁ", "éfi"),
        ({"newlines": "unix"}, "a\r\nb\rc\nd", "a\nb\nc\nd"),
        ({"lowercase": True}, "ÀB ΟΔΟΣ", "àb οδος"),
        ({"lowercase": True, "normalize": "NFC"}, "E\u0301", "é"),
    ],
)
def test_what_is_done(settings, text, expected):
    assert prepare(text, PreparationConfig(**settings)) == expected


@pytest.mark.parametrize("normalize", [None, "NFC", "NFKC"])
@pytest.mark.parametrize("newlines", ["keep", "unix"])
@pytest.mark.parametrize("lowercase", [False, True])
def test_a_text_in_pieces_is_prepared_as_a_whole(normalize, newlines, lowercase):
    config = PreparationConfig(normalize=normalize, newlines=newlines, lowercase=lowercase)
    for seed in range(100):
        assert "".join(prepare_pieces(cut_anyhow(TEXT, seed), config)) == prepare(TEXT, config)


def test_a_text_without_spaces_is_not_held_back_for_ever(monkeypatch):
    monkeypatch.setattr("chargen.text.preparation._MAX_HELD", 10)
    pieces = prepare_pieces(iter(["漢字漢字漢"] * 9), PreparationConfig(normalize="NFC"))
    assert next(pieces)
    assert "".join(pieces)


def test_a_form_is_what_unicode_says():
    for seed in range(20):
        pieces = prepare_pieces(cut_anyhow(TEXT, seed), PreparationConfig(normalize="NFC"))
        assert unicodedata.is_normalized("NFC", "".join(pieces))


def test_characters_outside_the_vocabulary_become_one():
    assert fold_unknown("abxa☃", Vocabulary("ab\ufffd")) == "ab\ufffda\ufffd"
