import random
import re
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from chargen.corpus.corpus import Corpus
from chargen.corpus.spans import Spans
from chargen.corpus.streams import Streams
from chargen.errors import CorpusError


def sizes(count=300, least_batch=1):
    """Characters, batch_size and seq_length, from just enough to many batches."""
    generator = random.Random(0)
    for _ in range(count):
        batch_size, seq_length = generator.randint(least_batch, 9), generator.randint(1, 12)
        one_batch = batch_size * seq_length
        yield one_batch + 1 + generator.randint(0, 4 * one_batch), batch_size, seq_length


def epoch(streams, number=0):
    """The batches of an epoch, each [2, batch_size, seq_length]: inputs, then targets."""
    first = number * streams.steps_per_epoch
    return [np.array(streams.batch(first + i)) for i in range(streams.steps_per_epoch)]


def targets_of(batches):
    return {int(target) for batch in batches for target in batch[1].flat}


def test_shapes_and_dtype():
    inputs, targets = Streams(np.arange(100, dtype=np.int32), 4, 5).batch(0)
    assert inputs.shape == targets.shape == (4, 5)
    assert inputs.dtype == targets.dtype == np.int32


def test_the_rows_of_a_text_that_divides_evenly():
    streams = Streams(np.arange(13), 2, 3)
    assert streams.steps_per_epoch == 2
    assert streams.batch(0)[0].tolist() == [[0, 1, 2], [6, 7, 8]]
    assert streams.batch(1)[0].tolist() == [[3, 4, 5], [9, 10, 11]]
    assert streams.batch(1)[1].tolist() == [[4, 5, 6], [10, 11, 12]]


def test_targets_are_one_ahead():
    for characters, batch_size, seq_length in sizes():
        for inputs, targets in epoch(Streams(np.arange(characters), batch_size, seq_length)):
            np.testing.assert_array_equal(targets, inputs + 1)


def test_each_row_continues_the_row_of_the_batch_before():
    for characters, batch_size, seq_length in sizes():
        streams = Streams(np.arange(characters), batch_size, seq_length)
        for number in range(3):
            first, batches = number * streams.steps_per_epoch, epoch(streams, number)
            assert not streams.continues(first).any()
            exceptions = 0
            for step, (before, after) in enumerate(pairwise(batches), start=first + 1):
                goes_on = after[0][:, 0] == before[1][:, -1]
                np.testing.assert_array_equal(streams.continues(step), goes_on)
                exceptions += np.sum(~goes_on)
            # Where the last window overlaps the one before, which two rows may read.
            assert exceptions <= 2


def test_an_epoch_predicts_every_character_that_can_be():
    for characters, batch_size, seq_length in sizes():
        streams = Streams(np.arange(characters), batch_size, seq_length)
        assert targets_of(epoch(streams)) == set(range(1, characters))
        for number in range(1, 4):  # these may begin a little later
            assert targets_of(epoch(streams, number)) >= set(range(seq_length, characters))


def test_all_is_predicted_within_some_epochs_that_leave_out_different_beginnings():
    streams = Streams(np.arange(200), 3, 7)
    left_out = [set(range(1, 200)) - targets_of(epoch(streams, number)) for number in range(1, 9)]
    assert not set.intersection(*left_out)
    assert len({len(each) for each in left_out}) > 3


def test_an_epoch_takes_no_more_batches_than_it_must():
    for characters, batch_size, seq_length in sizes(least_batch=2):
        steps = Streams(np.arange(characters), batch_size, seq_length).steps_per_epoch
        assert (steps - 1) * batch_size * seq_length < characters - 1
        assert steps * batch_size * seq_length >= characters - 1


def test_batches_are_found_by_number():
    streams = Streams(np.arange(200), 3, 7)
    there_and_back = [*range(25), *reversed(range(25))]
    batches = [np.array(streams.batch(number)) for number in there_and_back]
    for batch, again in zip(batches, reversed(batches), strict=True):
        np.testing.assert_array_equal(batch, again)
    fresh = Streams(np.arange(200), 3, 7)
    np.testing.assert_array_equal(fresh.batch(24), batches[24])


def test_each_epoch_cuts_the_text_elsewhere():
    streams = Streams(np.arange(2000), 3, 16)
    places = [streams.starts(number * streams.steps_per_epoch) for number in range(16)]
    assert places[0].tolist() == [0, 656, 1328]
    cuts = [int(each[0]) % 16 for each in places]
    assert len(set(cuts)) > 10
    assert max(map(cuts.count, cuts)) <= 2


def test_exactly_one_batch_is_enough():
    streams = Streams(np.arange(3 * 4 + 1), 3, 4)
    assert streams.steps_per_epoch == 1
    assert targets_of(epoch(streams)) == set(range(1, 13))


def test_one_character_less_is_too_short():
    with pytest.raises(CorpusError, match=r"12 characters.*3 streams × 4 steps needs 13"):
        Streams(np.arange(3 * 4), 3, 4)


def advised(characters, batch_size, seq_length):
    """What the refusal of a corpus that is too short proposes."""
    with pytest.raises(CorpusError) as caught:
        Streams(np.arange(characters), batch_size, seq_length)
    advice = re.search(r"--batch-size (\d+) --seq-length (\d+) would fit", str(caught.value))
    return tuple(map(int, advice.groups()))


def test_a_corpus_too_short_is_told_what_would_fit():
    generator = random.Random(0)
    for _ in range(500):
        asked = generator.randint(1, 64), generator.randint(2, 128)
        characters = generator.randint(2, asked[0] * asked[1])
        advice = advised(characters, *asked)
        assert advice[0] <= asked[0]
        assert advice[1] <= asked[1]
        Streams(np.arange(characters), *advice).batch(0)


def test_nothing_is_proposed_where_nothing_fits():
    with pytest.raises(CorpusError) as caught:
        Streams(np.arange(1), 32, 64)
    assert "would fit" not in str(caught.value)


def test_spans_are_read_as_one_text_with_its_labels():
    labels = Corpus(["aaaa", "bbbb", "cccc"], labels=["x", "y", "x"]).labels
    spans = Spans(np.array([0, 6]), np.array([5, 14]))
    streams = Streams(np.arange(100, 116), 1, 4, spans, labels)
    batches = [streams.batch(step) for step in range(streams.steps_per_epoch)]
    inputs, targets, numbers = (
        np.concatenate(each, axis=1)[0].tolist() for each in zip(*batches, strict=True)
    )
    assert inputs == [100, 101, 102, 103, 104, 106, 107, 108, 109, 110, 111, 112]
    assert targets == [number + 1 for number in inputs]  # as in the text, so nothing ends early
    assert numbers == [0, 0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0]


def cut_spans(generator, seq_length):
    """Some stretches of numbers with something cut out between them, each long enough."""
    edges, at = [], 0
    for _ in range(generator.randint(2, 6)):
        at += generator.randint(1, 30)
        edges.append((at, at := at + seq_length + 1 + generator.randint(0, 60)))
    starts, ends = np.array(edges).T
    return Spans(starts, ends, np.arange(1, len(starts)))


def test_no_row_reads_across_a_cut():
    generator = random.Random(1)
    for _ in range(200):
        batch_size, seq_length = generator.randint(1, 5), generator.randint(1, 9)
        spans = cut_spans(generator, seq_length)
        if len(spans) <= batch_size * seq_length:
            continue
        streams = Streams(np.arange(1000), batch_size, seq_length, spans)
        stretches = [np.arange(*each) for each in zip(spans.starts, spans.ends, strict=True)]
        inside = np.concatenate(stretches)
        for number in range(3):
            last = np.full(batch_size, -1)
            first, targets = number * streams.steps_per_epoch, set()
            for step, (inputs, outputs) in enumerate(epoch(streams, number), start=first):
                np.testing.assert_array_equal(outputs, inputs + 1)  # each within one stretch
                assert set(inputs.flat) | set(outputs.flat) <= set(inside)
                np.testing.assert_array_equal(streams.continues(step), inputs[:, 0] == last)
                last = outputs[:, -1]
                targets |= set(outputs.flat)
            # Every character is predicted but the first of each stretch, or, in later epochs, the
            # first few.
            skipped = seq_length if number else 1
            assert targets >= set(np.concatenate([each[skipped:] for each in stretches]))


def test_where_a_batch_goes_on_from_the_one_before():
    streams = Streams(np.arange(40), 3, 4)
    assert not streams.continues(0).any()
    assert streams.continues(1).all()
    assert not streams.continues(streams.steps_per_epoch).any()


@pytest.mark.parametrize("is_cut", [False, True])
def test_workers_that_share_the_rows_read_together_what_one_reads(is_cut):
    edges = np.array([0, 100, 180]), np.array([90, 170, 300])
    spans = Spans(*edges, cuts=np.array([1, 2])) if is_cut else None
    whole = Streams(np.arange(301), 6, 5, spans)
    parts = [replace(whole, rows=slice(first, first + 2)) for first in (0, 2, 4)]
    assert {part.steps_per_epoch for part in parts} == {whole.steps_per_epoch}
    for step in (0, 1, whole.steps_per_epoch - 1, whole.steps_per_epoch):
        together = [part.batch(step) for part in parts]
        for place, expected in enumerate(whole.batch(step)):
            assert np.array_equal(np.concatenate([each[place] for each in together]), expected)
        goes_on = np.concatenate([part.continues(step) for part in parts])
        assert np.array_equal(goes_on, whole.continues(step))
