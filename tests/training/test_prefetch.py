"""Prefetcher from a file are those from memory, wherever one goes on."""

import numpy as np
import pytest

from chargen.corpus.memory_map import is_mapped
from chargen.corpus.streams import Streams
from chargen.training import prefetch
from chargen.training.prefetch import Prefetcher

IDS = np.random.default_rng(0).integers(200, size=5000).astype(np.uint8)


@pytest.fixture
def mapped(tmp_path):
    IDS.tofile(tmp_path / "ids")
    return np.asarray(np.memmap(tmp_path / "ids", np.uint8, mode="r"))


@pytest.mark.parametrize("numbers", [range(300), [7, 8, 3, 4, 4, 900, 5]])
def test_batches_come_by_number(mapped, numbers, monkeypatch):
    monkeypatch.setattr(prefetch, "_RELEASED_EVERY", 10)
    assert is_mapped(mapped)
    streams = Streams(IDS, 4, 8)
    batches = Prefetcher(Streams(mapped, 4, 8))
    for number in numbers:
        np.testing.assert_array_equal(batches.batch(number), streams.batch(number))


def test_the_next_batch_is_fetched_ahead(mapped, monkeypatch):
    fetched = []
    batch = Streams.batch
    monkeypatch.setattr(
        Streams, "batch", lambda self, number: fetched.append(number) or batch(self, number)
    )
    batches = Prefetcher(Streams(mapped, 4, 8))
    for number in range(5):
        batches.batch(number)
    batches.batch(5)
    assert fetched[:6] == [0, 1, 2, 3, 4, 5]


def test_in_memory_there_is_no_thread():
    batches = Prefetcher(Streams(IDS, 4, 8))
    batches.batch(0)
    assert batches._thread is None
