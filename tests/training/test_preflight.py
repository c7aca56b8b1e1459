"""What is said before the first step."""

from chargen.config import ModelConfig
from chargen.corpus.corpus import Corpus
from chargen.training.preflight import preflight


def said(text: str, *, units: int = 4, notes: tuple[str, ...] = ()) -> str:
    corpus = Corpus(text, name="some.txt", notes=notes)
    config = ModelConfig(vocab_size=corpus.vocabulary.vocab_size, embedding_dim=3, units=(units,))
    return "\n".join(preflight(corpus, config))


def test_the_text_and_the_network_are_described():
    lines = said("aab\n" * 300 + "ß\n", notes=("A note.",))
    assert "1,202 characters, 4 distinct; utf-8, line endings: LF" in lines
    assert "Rarest: 'ß' (U+00DF) 1×, 'b' (U+0062) 300×" in lines
    assert "embedding 3 → lstm 4 → dense 4, 160 weights" in lines
    assert "A note." in lines
    assert "Warning" not in lines


def test_a_text_too_short_for_the_network_is_warned_of():
    assert "Warning: the text is very short" in said("ab\n" * 10, units=64)


def test_weights_per_character_are_an_ordinary_number():
    assert "weights, 1,200 per character." in said("ab\n" * 5, units=64)


def test_a_text_without_line_ends_is_warned_of():
    assert "Warning: the text has no line end" in said("ab " * 500)


def test_many_characters_seen_once_are_warned_of():
    text = "".join(map(chr, range(0x4E00, 0x4E00 + 1000))) + "\n" * 1000
    assert "Warning: 1,000 characters occur only once" in said(text)


def test_labels_are_told_with_their_shares():
    config = ModelConfig(vocab_size=3, embedding_dim=3, units=(4,), labels=2)
    corpus = Corpus(["ab" * 150, "ab" * 50], labels=["few", "many"][::-1])
    assert "Labels: many 75.0%, few 25.0%." in list(preflight(corpus, config))
    one = "\n".join(preflight(Corpus(["ab" * 150, "ab"], labels=["x", "x"]), config))
    assert "Warning: all of the text has one label, 'x'" in one
