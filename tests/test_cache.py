import errno
import os
import random

import pytest

import chargen.cache
import chargen.text.copies
from chargen.cache import copy_index
from chargen.checkpoint import write_arrays
from chargen.text.copies import CopyTracker

TEXT = "".join(random.Random(0).choices("abc \né😀", k=3000))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A cache folder of its own, not there yet."""
    folder = tmp_path / "home" / "cache"
    monkeypatch.setattr(chargen.cache, "cache_folder", lambda: folder)
    return folder


@pytest.fixture
def built(monkeypatch):
    """The texts that were sorted, one entry each time."""
    texts, build = [], chargen.text.copies.suffix_array

    def counted(text):
        texts.append(text)
        return build(text)

    monkeypatch.setattr(chargen.text.copies, "suffix_array", counted)
    return texts


def longest_in(index, text):
    tracker = CopyTracker(index)
    for character in text:
        tracker.read(character)
    return tracker.longest


def kept_file(folder):
    (path,) = folder.iterdir()
    return path


def test_it_is_built_once(folder, built):
    first, second = copy_index(TEXT), copy_index(TEXT)
    assert len(built) == 1
    assert (first.order == second.order).all()
    assert longest_in(second, "x" + TEXT[100:150]).position == 100


def test_each_text_has_its_own(folder, built):
    copy_index(TEXT)
    assert longest_in(copy_index(TEXT[:-1]), TEXT).text == TEXT[:-1]
    assert len(built) == len(list(folder.iterdir())) == 2


def half(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def flipped(path):
    data = bytearray(path.read_bytes())
    data[-5] ^= 1
    path.write_bytes(data)


def emptied(path):
    path.write_bytes(b"")


def swapped(path):
    """A whole file, but of another text of the same length."""
    index = copy_index(TEXT[::-1])
    (other,) = set(path.parent.iterdir()) - {path}
    assert index.order.size == len(TEXT)
    other.replace(path)


def shortened(path):
    write_arrays(path, {"order": copy_index("abc").order}, {"text": path.stem.split("-")[1]})


@pytest.mark.parametrize("damage", [half, flipped, emptied, swapped, shortened])
def test_a_damaged_or_foreign_file_is_made_anew(folder, built, damage):
    order = copy_index(TEXT).order
    path = kept_file(folder)
    damage(path)
    built.clear()
    assert (copy_index(TEXT).order == order).all()
    assert len(built) == 1
    assert (copy_index(TEXT).order == order).all()
    assert len(built) == 1


def test_where_nothing_can_be_kept_it_works_all_the_same(folder, built):
    folder.parent.mkdir()
    folder.write_text("a file in the way")
    for _ in range(2):
        assert longest_in(copy_index(TEXT), TEXT).text == TEXT
    assert len(built) == 2


def test_a_full_disk_is_no_error(folder, built, monkeypatch):
    def full(descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as broken:
        broken.setattr(os, "fsync", full)
        assert longest_in(copy_index(TEXT), TEXT).text == TEXT
    assert list(folder.iterdir()) == []


def test_the_empty_text(folder):
    for _ in range(2):
        assert longest_in(copy_index(""), "abc") is None
