import errno
import io
import os
import stat
from pathlib import Path

import pytest

from chargen.errors import StorageError
from chargen.storage.atomic import write_atomically

REASONS = {
    errno.ENOSPC: "the disk is full",
    errno.EACCES: "permission denied",
    errno.EIO: os.strerror(errno.EIO),
}


def failing(number):
    def fail(*args, **kwargs):
        raise OSError(number, os.strerror(number))

    return fail


def break_write(monkeypatch, number):
    """Half of what is written arrives, then the disk fails."""

    class Failing(io.FileIO):
        def write(self, data):
            super().write(data[: len(data) // 2])
            raise OSError(number, os.strerror(number))

    def open_failing(path, mode):
        return Failing(path, mode)

    monkeypatch.setattr(Path, "open", open_failing)


def break_fsync(monkeypatch, number):
    monkeypatch.setattr(os, "fsync", failing(number))


def break_rename(monkeypatch, number):
    monkeypatch.setattr(os, "replace", failing(number))
    monkeypatch.setattr(os, "rename", failing(number))


@pytest.mark.parametrize("number", REASONS, ids=errno.errorcode.get)
@pytest.mark.parametrize("breaking", [break_write, break_fsync, break_rename])
def test_a_failed_write_leaves_the_old_content_and_nothing_else(
    tmp_path, monkeypatch, breaking, number
):
    path = tmp_path / "kept"
    path.write_bytes(b"old")
    with monkeypatch.context() as broken:
        breaking(broken, number)
        with pytest.raises(StorageError, match=f"kept could not be written: {REASONS[number]}"):
            write_atomically(path, b"new content")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("breaking", [break_write, break_fsync, break_rename])
def test_a_failed_first_write_leaves_nothing(tmp_path, monkeypatch, breaking):
    with monkeypatch.context() as broken:
        breaking(broken, errno.ENOSPC)
        with pytest.raises(StorageError):
            write_atomically(tmp_path / "new", b"new content")
    assert list(tmp_path.iterdir()) == []


def break_folder_fsync(monkeypatch, number):
    fsync = os.fsync

    def flush_files_only(descriptor):
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(number, os.strerror(number))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", flush_files_only)


@pytest.mark.skipif(os.name == "nt", reason="Windows flushes no folders")
def test_a_folder_that_cannot_be_flushed_does_not_make_the_error_lie(tmp_path, monkeypatch):
    path = tmp_path / "kept"
    path.write_bytes(b"old")
    break_folder_fsync(monkeypatch, errno.EIO)
    with pytest.raises(
        StorageError, match=f"kept is written, but its folder .*{REASONS[errno.EIO]}"
    ):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"new"


@pytest.mark.skipif(os.name == "nt", reason="Windows flushes no folders")
def test_a_file_system_that_flushes_no_folders_is_written_to(tmp_path, monkeypatch):
    break_folder_fsync(monkeypatch, errno.EINVAL)
    write_atomically(tmp_path / "file", b"new")
    assert (tmp_path / "file").read_bytes() == b"new"


def test_content_is_flushed_before_it_takes_the_name(tmp_path, monkeypatch):
    calls = []
    for name in ("fsync", "replace"):
        real = getattr(os, name)
        monkeypatch.setattr(
            os, name, lambda *args, name=name, real=real: (calls.append(name), real(*args))
        )
    write_atomically(tmp_path / "file", b"x")
    assert calls[:2] == ["fsync", "replace"]


def test_content_is_replaced_whole(tmp_path):
    path = tmp_path / "file"
    for content in (b"long content", b"short", b""):
        write_atomically(path, content)
        assert path.read_bytes() == content
    assert list(tmp_path.iterdir()) == [path]


def test_folders_are_made(tmp_path):
    write_atomically(tmp_path / "a" / "b" / "file", b"x")
    assert (tmp_path / "a" / "b" / "file").read_bytes() == b"x"


def test_what_a_killed_process_left_is_reused(tmp_path, monkeypatch):
    path = tmp_path / "file"
    with monkeypatch.context() as killed:
        killed.setattr(os, "fsync", lambda descriptor: (_ for _ in ()).throw(SystemExit))
        with pytest.raises(SystemExit):
            write_atomically(path, b"half")
    assert len(list(tmp_path.iterdir())) == 1
    write_atomically(path, b"whole")
    assert list(tmp_path.iterdir()) == [path]
    assert path.read_bytes() == b"whole"


def test_a_folder_in_the_way_is_told(tmp_path):
    (tmp_path / "taken").mkdir()
    with pytest.raises(StorageError, match="taken could not be written: Is a directory"):
        write_atomically(tmp_path / "taken", b"x")
    assert list(tmp_path.iterdir()) == [tmp_path / "taken"]


def test_a_file_where_a_folder_should_be_is_told(tmp_path):
    (tmp_path / "file").write_bytes(b"x")
    with pytest.raises(StorageError, match="could not be written"):
        write_atomically(tmp_path / "file" / "below", b"x")
    assert (tmp_path / "file").read_bytes() == b"x"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_is_written_into_and_stays_one(tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    write_atomically(path, b"content")
    assert os.read(reader, 100) == b"content"
    os.close(reader)
    assert path.is_fifo()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_what_it_cannot_take_is_told(tmp_path, monkeypatch):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    monkeypatch.setattr(Path, "write_bytes", failing(errno.ENOSPC))
    with pytest.raises(StorageError, match=r"pipe could not be written: the disk is full\."):
        write_atomically(path, b"content")
