"""Boundaries between documents, however the text is cut into pieces."""

import pytest

from chargen.text.documents import mark_boundaries, split_documents
from tests.helpers import cut_anyhow


@pytest.mark.parametrize("separator", ["|", "<|end|>", "\n\n"])
def test_separators_become_boundaries_wherever_the_pieces_are_cut(separator):
    text = separator.join(["one", "two\nlines", "", "three<e"])
    for seed in range(100):
        found = "".join(split_documents(cut_anyhow(text, seed), separator))
        assert found == "one\0two\nlines\0\0three<e"


def test_empty_documents_are_left_out():
    for seed in range(50):
        assert "".join(mark_boundaries(cut_anyhow("\0\0one\0\0\0two\0", seed))) == "\0one\0two\0"
    assert "".join(mark_boundaries([])) == "\0"
