"""What was done to a corpus is done to every text that its model meets."""

import pytest

from chargen.config import PreparationConfig
from chargen.text.tokenizer import CharTokenizer
from chargen.text.vocabulary import Vocabulary

KEEP = PreparationConfig(newlines="keep")


def tokenizer(characters="\0abc\n", **more):
    vocabulary = Vocabulary(characters)
    return CharTokenizer(vocabulary, vocabulary.idx2char[0], **more)


@pytest.mark.parametrize(
    ("separator", "text", "read"),
    [
        ("\n\n", "a\n\nb\nc", "\0a\0b\nc"),
        ("\n\n", "\n\na\r\n\r\n\r\r\nb\n\n", "\0a\0b\0"),
        ("\n\n", "a\r\nb\r\r\nc", "\0a\nb\0c"),  # CR LF is one line end
        ("<end of a document>", "a<end of a document>b", "\0a\0b"),
        ("<END>", "A<END>B<END>", "\0a\0b\0"),
        ("\f", "a\n\fb\fc", "\0a\n\0b\0c"),
        ("\n", "a\nb\u2028c", "\0a\0b\0c"),
        ("\n\n", "abc", "\0abc"),
        ("\n\n", "", "\0"),
        (None, "a\n\nb", "\0a\n\nb"),
    ],
)
def test_a_text_is_cut_at_the_separator_of_the_corpus(separator, text, read):
    preparation = PreparationConfig(lowercase=True)
    made = tokenizer(separator=separator, preparation=preparation)
    assert made.prepare_text(text).text == read
    whole = "".join(map(made.decode, made.encode_documents([read])))
    assert whole == (f"{read.rstrip(chr(0))}\0" if text else "")


def test_several_texts_are_documents_or_one_text():
    assert tokenizer().prepare_text(["a", "", "bc"]).text == "\0a\0bc"
    assert tokenizer("abc\n").prepare_text(["a", "", "bc"]).text == "abc"


def test_a_separator_may_have_characters_that_the_model_never_saw():
    made = tokenizer(separator="|\n|")
    prepared = made.prepare_text("a☃|\r\n||\n|b", "skip")
    assert prepared.text == "\0a\0b"
    assert prepared.notes == ("Left out '☃' (U+2603).",)
    assert made.prepare_text("a|\n|☃|\n|b", "skip").text == "\0a\0b"  # no empty document


def test_a_prompt_is_read_from_the_beginning_of_a_document():
    made = tokenizer(separator="\n\n")
    read = {"": "\0", "a\nb": "\0a\nb", "a\n\nb": "\0a\0b", "\n\na": "\0a", "a\n\n": "\0a\0"}
    for prompt, expected in read.items():
        prepared = made.prepare_prompt(prompt)
        assert made.decode(made.encode_beginning(prepared.text)) == expected
        assert made.show(prepared.text) == prompt


@pytest.mark.parametrize("line_end", ["\n", "\r", "\r\n"])
def test_a_prompt_has_the_line_ends_of_a_corpus_that_kept_them(line_end):
    made = tokenizer(f"ab{line_end}", preparation=KEEP, line_end=line_end)
    assert made.newline == line_end
    for typed in ("a\nb", "a\rb", "a\r\nb"):
        assert made.prepare_prompt(typed).text == f"a{line_end}b"
    measured = f"a{line_end}b"
    assert made.prepare_text(measured).text == measured


def test_of_an_older_model_that_kept_line_ends_all_are_as_they_were():
    made = tokenizer("ab\r\n", preparation=KEEP)
    assert made.newline == "\n"
    assert made.prepare_prompt("a\r\nb\nb").text == "a\r\nb\nb"
    assert tokenizer("ab\r", preparation=KEEP).newline == "\r"
    assert tokenizer("ab").newline is None
