import json
import random

import numpy as np
import pytest

from chargen.errors import CorpusError, UnknownCharacterError
from chargen.text.vocabulary import Vocabulary

PLANES = range(17)
SURROGATES = range(0xD800, 0xE000)


def random_text(generator, length):
    """Characters from all planes of Unicode, each plane as likely as the others."""
    codes = (
        generator.choice(PLANES) * 0x10000 + generator.randrange(0x10000) for _ in range(length)
    )
    return "".join(chr(code) for code in codes if code not in SURROGATES)


@pytest.fixture(params=range(20))
def text(request):
    generator = random.Random(request.param)
    return random_text(generator, generator.randrange(2, 2000)) + "z"


def test_decode_gives_back_what_encode_took(text):
    vocabulary = Vocabulary(text)
    ids = vocabulary.encode(text)
    assert ids.shape == (len(text),)
    assert ids.dtype == np.int32
    assert vocabulary.decode(ids) == text


def test_ids_are_ranks_among_the_distinct_characters(text):
    vocabulary = Vocabulary(text)
    assert vocabulary.idx2char == "".join(sorted(set(text)))
    assert vocabulary.vocab_size == len(vocabulary) == len(set(text))
    assert [vocabulary.char2idx[c] for c in vocabulary.idx2char] == list(range(len(vocabulary)))
    assert vocabulary.encode(text).tolist() == [vocabulary.char2idx[c] for c in text]


def test_survives_json(text):
    vocabulary = Vocabulary(text)
    for ensure_ascii in (True, False):
        kept = json.loads(json.dumps(vocabulary.idx2char, ensure_ascii=ensure_ascii))
        assert Vocabulary(kept) == vocabulary


def test_unknown_characters_are_refused_wherever_they_stand(text):
    generator = random.Random(0)
    vocabulary = Vocabulary(text)
    for unknown in set(random_text(generator, 50)) - set(text):
        assert unknown not in vocabulary
        place = generator.randrange(len(text))
        with pytest.raises(UnknownCharacterError, match=f"U\\+{ord(unknown):04X}"):
            vocabulary.encode(text[:place] + unknown + text[place:])


def test_everything_beyond_the_last_known_character_is_unknown():
    vocabulary = Vocabulary("".join(map(chr, range(128))))
    for code in [*range(128, 1000), 0xFFFF, 0x10FFFF]:
        with pytest.raises(UnknownCharacterError):
            vocabulary.encode(chr(code))


def test_equality_and_hash_are_of_the_characters():
    assert Vocabulary("cab") == Vocabulary("aabbcc")
    assert hash(Vocabulary("cab")) == hash(Vocabulary("abc"))
    assert Vocabulary("ab") != Vocabulary("abc")
    assert repr(Vocabulary("ba")) == "Vocabulary('ab')"


def test_the_empty_text_has_no_ids():
    vocabulary = Vocabulary("ab")
    assert vocabulary.encode("").shape == (0,)
    assert vocabulary.decode(vocabulary.encode("")) == ""


@pytest.mark.parametrize("ids", [[-1], [0, 2], [99]])
def test_ids_outside_are_refused(ids):
    with pytest.raises(IndexError, match=r"0\.\.1"):
        Vocabulary("ab").decode(np.array(ids))


def test_at_least_one_character():
    with pytest.raises(CorpusError, match="at least one"):
        Vocabulary("")


@pytest.mark.parametrize("code", [0xD800, 0xDBFF, 0xDC00, 0xDFFF])
def test_lone_surrogates_are_no_characters(code):
    with pytest.raises(CorpusError, match=f"surrogate U\\+{code:04X}"):
        Vocabulary("ab" + chr(code))


def test_a_lone_surrogate_in_a_prompt_is_unknown():
    with pytest.raises(UnknownCharacterError, match=r"U\+D83D"):
        Vocabulary("ab").encode("a\ud83d")


def test_unknown_characters_are_named_once_each():
    with pytest.raises(UnknownCharacterError) as caught:
        Vocabulary("ab").encode("aéb\té")
    message = str(caught.value)
    assert message.count("U+00E9") == 1
    assert "'é' (U+00E9)" in message
    assert "U+0009" in message
    assert "2 characters" in message


def test_many_unknown_characters_are_counted():
    with pytest.raises(UnknownCharacterError, match=r"'j' .* and 16 more"):
        Vocabulary("ab").encode("abcdefghijklmnopqrstuvwxyz")
