import numpy as np

from chargen.corpus.spans import Spans


def test_places_are_found_in_the_text():
    spans = Spans.of(np.array([2, 5, 8, 20]), np.array([4, 5, 11, 21]))
    assert len(spans) == 6
    assert spans.positions(np.arange(6)).tolist() == [2, 3, 8, 9, 10, 20]
    assert spans.positions(np.array([[5, 0]])).tolist() == [[20, 2]]


def test_nothing_at_all():
    assert len(Spans.of(np.array([3]), np.array([3]))) == 0
