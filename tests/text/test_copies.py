import random

import pytest

from chargen.text.copies import CopyIndex, CopyTracker, Passage, suffix_array

ALPHABETS = ["ab", "abc\n", "a😀\U0010ffff", "".join(map(chr, range(0x300, 0x300 + 700)))]


def random_text(generator, alphabet, length):
    return "".join(generator.choices(alphabet, k=length))


def copied(text, corpus):
    """The length of the longest end of `text` that stands in `corpus`, by trying them all."""
    return max(size for size in range(len(text) + 1) if text[len(text) - size :] in corpus)


def tracker_of(corpus, text=""):
    tracker = CopyTracker(CopyIndex(corpus))
    for character in text:
        tracker.read(character)
    return tracker


def test_a_passage_is_placed_in_the_text_and_the_line_that_it_is_from():
    index = CopyIndex(["ab\0cd\nef", "gh\r\nij"], separator="\n\n")
    assert index.longest("xefx") == Passage("ef", 1, 6, 4, number=0)
    assert index.longest("ij") == Passage("ij", 0, 4, 2, number=1)
    assert index.longest("efgh") == Passage("ef", 0, 6, 4)  # none goes from text to text


@pytest.mark.parametrize("alphabet", ALPHABETS, ids=len)
@pytest.mark.parametrize("length", [0, 1, 2, 30, 300])
def test_suffixes_are_in_order(alphabet, length):
    for seed in range(5):
        text = random_text(random.Random(seed), alphabet, length)
        expected = sorted(range(length), key=lambda place: text[place:])
        assert suffix_array(text).tolist() == expected


def test_more_characters_than_two_bytes_count():
    text = "".join(map(chr, range(0x10000, 0x10000 + 70_000))) * 2
    order = suffix_array(text)
    assert sorted(order) == list(range(len(text)))
    firsts = [text[place] for place in order]
    assert firsts == sorted(firsts)
    assert (order[0::2] == order[1::2] + 70_000).all()  # the shorter one first


@pytest.mark.parametrize("alphabet", ALPHABETS[:3], ids=len)
@pytest.mark.parametrize("seed", range(8))
def test_agrees_with_trying_everything(alphabet, seed):
    generator = random.Random(seed)
    corpus = random_text(generator, alphabet, generator.randrange(60))
    text = random_text(generator, alphabet + "x", 60) + corpus[5:40] + "x" + corpus[:20]
    tracker = tracker_of(corpus)
    best = 0
    for end, character in enumerate(text, 1):
        tracker.read(character)
        length = copied(text[:end], corpus)
        assert tracker.length == length
        for limit in range(length + 2):
            last = text[end - limit : end]
            expected = {c for c in alphabet if length >= limit and last + c in corpus}
            assert tracker.extensions(limit) == expected
        if length > best:
            best, start = length, end - length
        if best:
            found = text[start : start + best]
            place = corpus.find(found)
            assert tracker.longest.text == found
            assert (tracker.longest.start, tracker.longest.position) == (start, place)
        else:
            assert tracker.longest is None


def test_a_run_held_to_a_limit_never_exceeds_it():
    generator = random.Random(0)
    corpus = random_text(generator, "abcd", 500)
    for limit in (3, 4, 6):
        tracker = tracker_of(corpus)
        for _ in range(300):
            free = sorted(set("abcdx") - tracker.extensions(limit))
            tracker.read(generator.choice(free))
            assert tracker.length <= limit
        assert tracker.longest is not None
        assert len(tracker.longest.text) == limit


def test_the_line_is_that_of_the_first_word():
    corpus = "one\ntwo three\n\nfour\n"
    assert tracker_of(corpus, "…three\n!").longest == Passage("three\n", 1, 8, 2)
    assert tracker_of(corpus, "\n\nfour").longest == Passage("\n\nfour", 0, 13, 4)
    assert tracker_of(corpus, "\n\n").longest.line == 2
    assert tracker_of("one\rtwo\r", "two").longest.line == 2
    assert tracker_of("one\r\ntwo\r\n", "two").longest.line == 2


def test_of_several_places_the_first_is_named():
    assert tracker_of("x same\ny same\n", "same").longest.line == 1


def test_of_several_passages_the_first_is_named():
    assert tracker_of("one\ntwo\n", "two/one").longest.text == "two"


def test_unknown_characters_break_the_run():
    tracker = tracker_of("hello", "hel")
    tracker.read("\U0001f600")
    assert (tracker.length, tracker.extensions(1)) == (0, set())
    tracker.read("l")
    assert tracker.length == 1
    assert tracker.extensions(1) == {"l", "o"}


def test_trackers_of_one_index_do_not_disturb_each_other():
    index = CopyIndex("abcdef")
    first, second = CopyTracker(index), CopyTracker(index)
    for mine, its in zip("abcd", "defa", strict=True):
        first.read(mine)
        second.read(its)
    assert (first.length, second.length) == (4, 1)


@pytest.mark.parametrize("corpus", ["a" * 200_000, "ab\n" * 70_000], ids=["a", "ab"])
def test_repetition_takes_no_time(corpus):
    tracker = tracker_of(corpus, corpus[:50_000] + "x" + corpus[:10_000])
    assert tracker.longest == Passage(corpus[:50_000], 0, 0, 1)
    assert tracker.length == 10_000


def test_a_whole_corpus_is_copied():
    corpus = random_text(random.Random(0), "abc \n", 20_000)
    tracker = tracker_of(corpus, corpus)
    assert tracker.longest.text == corpus
    assert tracker.extensions(20_000) == set()
    tracker.read("a")
    assert tracker.length == copied(corpus[-50:] + "a", corpus)
