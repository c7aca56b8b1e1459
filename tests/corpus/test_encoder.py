"""Ids in one pass, and the vocabularies that they can be held to."""

import numpy as np
import pytest

from chargen.config import PreparationConfig
from chargen.corpus.corpus import Corpus
from chargen.corpus.encoder import BaseVocabulary, CharacterTable
from chargen.errors import CorpusError
from chargen.text.characters import code_points
from chargen.text.vocabulary import Vocabulary


@pytest.mark.parametrize("characters", ["abc", "aé", "aé漢😀", "".join(map(chr, range(300)))])
def test_a_table_looks_up_every_character(characters):
    table = CharacterTable(code_points(characters))
    np.testing.assert_array_equal(table.look_up(characters), np.arange(len(characters)))
    for strange in ("☃", "\U0010ffff", "☃" + characters):
        assert table.look_up(strange)[0] == table.unknown


def test_known_characters_keep_a_place():
    corpus = Corpus("bd\nbd\n", known=BaseVocabulary(Vocabulary("abc")))
    assert corpus.vocabulary.idx2char == "\nabcd"
    assert corpus.counts.tolist() == [2, 0, 2, 0, 2]
    assert corpus.text == "bd\nbd\n"
    assert list(corpus.distinct) == ["\n", "b", "d"]


def test_a_known_character_is_never_rare():
    preparation = PreparationConfig(min_count=3)
    corpus = Corpus("aaabc\n", preparation=preparation, known=BaseVocabulary(Vocabulary("b\n")))
    assert corpus.text == "aaab\ufffd\n"


def test_new_characters_are_folded_where_the_vocabulary_is_to_stay():
    known = BaseVocabulary(Vocabulary("ab\ufffd"), grow=False)
    corpus = Corpus("abcbcc", preparation=PreparationConfig(min_count=2), known=known)
    assert corpus.text == "ab\ufffdb\ufffd\ufffd"
    assert corpus.vocabulary == known.vocabulary


@pytest.mark.parametrize("characters", ["ab", "ab\ufffd"])
def test_or_refused_where_there_is_nothing_to_fold_them_into(characters):
    with pytest.raises(CorpusError, match=r"never saw: 'c' \(U\+0063\); let its vocabulary grow"):
        Corpus("abc", known=BaseVocabulary(Vocabulary(characters), grow=False))


@pytest.mark.parametrize("text", ["aaaaabbbbc", ["aaaaa", "bbbbc"], "aaaaabbbbc\ufffd\ufffd"])
@pytest.mark.parametrize("min_count", [5, 6])
def test_a_text_of_which_too_little_is_left_is_refused(text, min_count):
    told = (
        rf"fewer than two characters that occur {min_count} times; the most common are "
        r"'a' \(U\+0061\) 5×, 'b' \(U\+0062\) 4×\. Lower min_count"
    )
    with pytest.raises(CorpusError, match=told):
        Corpus(text, preparation=PreparationConfig(min_count=min_count))
    assert Corpus(text, preparation=PreparationConfig(min_count=4)).distinct == {"b": 4, "a": 5}


def test_so_is_one_of_which_a_model_knows_nothing():
    preparation = PreparationConfig(min_count=2)
    with pytest.raises(CorpusError, match=r"characters that the model knows; let its vocabulary"):
        Corpus(
            "αβγ" * 9,
            preparation=preparation,
            known=BaseVocabulary(Vocabulary("abγ\ufffd"), grow=False),
        )


def test_a_text_for_a_model_of_documents_is_a_document():
    assert Corpus("ab", known=BaseVocabulary(Vocabulary("\0a"))).text == "\0ab\0"
