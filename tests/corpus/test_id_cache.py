"""Long texts are kept as ids in a file, and that file is used again only while it is right."""

import os
import random
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock

from chargen.config import PreparationConfig, ReadingConfig
from chargen.corpus import id_cache as module
from chargen.corpus.corpus import Corpus, read_corpus
from chargen.corpus.memory_map import is_mapped, release
from chargen.corpus.split import train_validation_split
from chargen.corpus.streams import Streams
from chargen.errors import CorpusError, RunError, StorageError
from chargen.storage.cache import FOLDER_VARIABLE, cache_folder

TEXT = "".join(random.Random(0).choices("the sea is under town é\n", k=9000))


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "long.txt"
    path.write_text(TEXT)
    return path


@pytest.fixture
def read(source, tmp_path, monkeypatch):
    """Reads a text as if it were long."""
    monkeypatch.setattr(module, "_MAX_IN_MEMORY", 1000)
    monkeypatch.setattr(module, "BLOCK_IDS", 700)
    monkeypatch.setattr("chargen.corpus.encoder._MAX_AT_ONCE", 512)

    def read(path=source, *, include=(), **settings):
        preparation = PreparationConfig(**settings)
        reading = ReadingConfig(include=include)
        return read_corpus(path, reading, preparation, cache=tmp_path / "cache")

    return read


def files(tmp_path):
    return sorted(path.suffix for path in (tmp_path / "cache").iterdir())


def from_cache(corpus):
    return any("Read from the cache" in note for note in corpus.notes)


def same(corpus, other):
    assert corpus.text == other.text
    assert corpus.ids.dtype == other.ids.dtype
    assert corpus.vocabulary == other.vocabulary
    assert corpus.sha256 == other.sha256
    assert corpus.line_ends == other.line_ends
    np.testing.assert_array_equal(corpus.counts, other.counts)
    return True


def test_a_short_text_leaves_no_cache(source, tmp_path):
    corpus = read_corpus(source, cache=tmp_path / "cache")
    assert not is_mapped(corpus.ids)
    assert not (tmp_path / "cache").exists()


def test_a_long_text_is_the_same_in_a_file_as_in_memory(read):
    first, again = read(), read()
    for corpus in (first, again):
        assert is_mapped(corpus.ids)
        assert same(corpus, Corpus(TEXT))
    assert not from_cache(first)
    assert from_cache(again)
    assert "Kept for the next time" in first.notes[-1]


@pytest.mark.parametrize("kinds", [100, 255, 256, 300, 66_000])
@pytest.mark.parametrize("min_count", [1, 2])
def test_ids_become_wider_as_characters_come(read, source, kinds, min_count):
    dropped = {*range(0xD800, 0xE000), 0xFEFF}  # surrogates, and what is read as a mark
    codes = [code for code in range(32, kinds + 2081) if code not in dropped][:kinds]
    text = "".join(map(chr, codes)) + "ab" * 3000  # the text begins narrow or ends so
    for each in (text, text[::-1]):
        source.write_text(each, newline="")
        prepared = PreparationConfig(min_count=min_count)
        assert same(read(min_count=min_count), Corpus(each, preparation=prepared))


def test_documents_and_notes_are_kept(read, tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    for name in "abc":
        (folder / name).write_bytes(b"\xef\xbb\xbf" + TEXT.encode())
    (folder / "picture").write_bytes(b"\0" * 10)
    first, again = read(folder), read(folder)
    assert from_cache(again)
    assert first.documents == again.documents == 3
    assert first.notes[:2] == again.notes[:2]
    assert "byte order marks" in first.notes[0].lower()


def test_another_preparation_is_another_entry(read):
    read()
    assert read(lowercase=True).text == TEXT.lower()
    assert from_cache(read())
    assert from_cache(read(lowercase=True))


def test_a_changed_text_is_read_again_and_the_old_entry_goes(read, source, tmp_path):
    read()
    status = source.stat()
    source.write_text(TEXT[::-1])  # as long as before
    os.utime(source, ns=(status.st_atime_ns, status.st_mtime_ns + 1))
    corpus = read()
    assert not from_cache(corpus)
    assert corpus.text == TEXT[::-1]
    assert files(tmp_path).count(".ids") == 1


def test_a_text_of_another_length_is_read_again_whatever_its_time(read, source):
    read()
    status = source.stat()
    source.write_text(TEXT[:-1])
    os.utime(source, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert read().text == TEXT[:-1]


def test_a_text_that_was_only_touched_is_not_read_again(read, source):
    read()
    os.utime(source, ns=(1, 1))
    assert from_cache(read())


def test_another_file_in_the_folder_is_noticed(read, tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "a").write_text(TEXT)
    (folder / "b").write_bytes(b"\0binary")
    read(folder)
    assert from_cache(read(folder))
    (folder / "b").write_text("text by now")
    assert read(folder).text.endswith("\0text by now\0")
    (folder / "c").write_text("more")
    assert read(folder).text.endswith("\0more\0")


def cut_ids(folder):
    (path,) = folder.glob("*.ids")
    path.write_bytes(path.read_bytes()[:-1])


def remove_ids(folder):
    (path,) = folder.glob("*.ids")
    path.unlink()


def cut_document(folder):
    (path,) = folder.glob("*.json")
    path.write_bytes(path.read_bytes()[:-10])


def empty_document(folder):
    (path,) = folder.glob("*.json")
    path.write_text("{}")


def flip_a_bit(kind):
    def damage(folder):
        (path,) = folder.glob(f"*.{kind}")
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        path.write_bytes(content)

    return damage


@pytest.mark.parametrize(
    "damage",
    [flip_a_bit("ids"), flip_a_bit("json"), cut_ids, remove_ids, cut_document, empty_document],
)
def test_a_damaged_entry_is_built_again(read, tmp_path, damage):
    read()
    damage(tmp_path / "cache")
    corpus = read()
    assert not from_cache(corpus)
    assert corpus.text == TEXT
    assert from_cache(read())


def test_any_flipped_bit_is_noticed(read, tmp_path):
    read()
    (path,) = (tmp_path / "cache").glob("*.json")
    whole = path.read_bytes()
    chance = random.Random(0)
    for place in chance.sample(range(len(whole)), 100):
        content = bytearray(whole)
        content[place] ^= 1 << chance.randrange(8)
        path.write_bytes(content)
        assert not from_cache(read())
        assert from_cache(read())


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="needs files that belong to users")
def test_an_entry_of_another_user_is_not_believed(read, monkeypatch):
    read()
    user = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: user + 1)
    corpus = read()
    assert not from_cache(corpus)
    assert corpus.text == TEXT
    monkeypatch.setattr(os, "geteuid", lambda: user)
    assert from_cache(read())


def test_a_planted_link_is_not_followed(read, tmp_path):
    read()
    (lock,) = (tmp_path / "cache").glob("*.lock")
    for path in (tmp_path / "cache").glob("*.json"):
        path.unlink()
    (tmp_path / "mine").write_text("precious")
    lock.with_suffix(".tmp").symlink_to(tmp_path / "mine")
    assert read().text == TEXT
    assert (tmp_path / "mine").read_text() == "precious"


def test_what_came_to_nothing_leaves_nothing(read, source, tmp_path, monkeypatch):
    monkeypatch.setattr("chargen.corpus.decompression.BLOCK", 1000)
    source.write_bytes(TEXT.encode() + b"\xff")
    with pytest.raises(CorpusError, match="byte 0xff"):
        read()
    assert files(tmp_path) == [".lock"]


def test_what_a_kill_left_is_never_used(read, tmp_path, monkeypatch):
    def killed(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "write_atomically", killed)
    with pytest.raises(KeyboardInterrupt):
        read()
    monkeypatch.undo()
    monkeypatch.setattr(module, "_MAX_IN_MEMORY", 1000)
    corpus = read()
    assert not from_cache(corpus)
    assert corpus.text == TEXT


def test_two_at_once_are_refused(read, tmp_path):
    read()
    (lock,) = (tmp_path / "cache").glob("*.lock")
    (document,) = (tmp_path / "cache").glob("*.json")
    document.unlink()
    with FileLock(lock), pytest.raises(RunError, match="Another process is reading this text"):
        read()


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_full_disk_is_told_with_the_way_out(read, monkeypatch):
    really_open = Path.open

    def open_full(self, mode, *args, **kwargs):
        if self.suffix == ".tmp":
            return really_open(Path("/dev/full"), "wb")
        return really_open(self, mode, *args, **kwargs)

    monkeypatch.setattr(Path, "open", open_full)
    with pytest.raises(StorageError, match=r"the disk is full; choose another folder with --cache"):
        read()


def test_a_folder_that_cannot_be_made_is_told(read, source, tmp_path):
    (tmp_path / "cache").write_text("a file")
    with pytest.raises(StorageError, match="choose another"):
        read()


def test_rows_are_read_from_the_file_as_from_memory(read):
    corpora = read(), Corpus(TEXT)
    spans, _ = train_validation_split(corpora[0], 0.1)
    mapped, plain = (Streams(corpus.ids, 4, 8, spans) for corpus in corpora)
    release(mapped.ids)
    for number in (0, 3, 17):
        for mine, its in zip(mapped.batch(number), plain.batch(number), strict=True):
            np.testing.assert_array_equal(mine, its)
            assert mine.dtype == np.int32


def test_where_the_cache_is(monkeypatch, tmp_path):
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    assert cache_folder() == tmp_path
    assert cache_folder("here").parts == ("here",)
    monkeypatch.delenv(FOLDER_VARIABLE)
    assert cache_folder().name == "chargen"


def test_progress_is_told_up_to_the_end(read, source, tmp_path):
    told = []
    read_corpus(source, cache=tmp_path / "other", progress=lambda *place: told.append(place))
    assert told[-1][0] == told[-1][1] == source.stat().st_size
    assert told == sorted(told)
