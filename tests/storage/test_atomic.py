import errno
import io
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from chargen.errors import StorageError
from chargen.storage import atomic
from chargen.storage.atomic import link_atomically, write_atomically

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


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")
@pytest.mark.parametrize("mode", [0o600, 0o755, 0o444])
def test_a_file_that_is_replaced_keeps_its_permissions(tmp_path, mode):
    path = tmp_path / "file"
    path.write_bytes(b"old")
    path.chmod(mode)
    write_atomically(path, b"new")
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == mode


def test_folders_are_made(tmp_path):
    write_atomically(tmp_path / "a" / "b" / "file", b"x")
    assert (tmp_path / "a" / "b" / "file").read_bytes() == b"x"


def test_what_a_killed_process_left_is_removed(tmp_path, monkeypatch):
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


def test_a_file_that_another_process_writes_is_not_taken_for_a_leftover(tmp_path, monkeypatch):
    path, fsync = tmp_path / "file", os.fsync

    def write_meanwhile(descriptor):
        monkeypatch.setattr(os, "fsync", fsync)
        write_atomically(path, b"other")
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", write_meanwhile)
    write_atomically(path, b"mine")
    assert path.read_bytes() == b"mine"
    assert list(tmp_path.iterdir()) == [path]


needs_links = pytest.mark.skipif(os.name == "nt", reason="Windows lets few users make links")


@needs_links
def test_links_planted_for_temporary_files_are_not_followed(tmp_path, monkeypatch):
    path, victim = tmp_path / "file", tmp_path / "victim"
    victim.write_bytes(b"precious")
    tokens = iter(["guessed", "free"])
    monkeypatch.setattr(atomic.secrets, "token_hex", lambda size: next(tokens))
    for name in (".file.tmp", ".file.guessed.tmp", ".file.guessed.tmp.tmp"):
        (tmp_path / name).symlink_to(victim)
    monkeypatch.setattr(atomic, "_remove_leftovers", lambda path: None)
    with pytest.raises(StorageError, match="file could not be written"):
        write_atomically(path, b"new")  # though its name was guessed
    write_atomically(path, b"new")
    assert path.read_bytes() == b"new"
    assert victim.read_bytes() == b"precious"


def test_no_two_temporary_files_have_one_name(tmp_path, monkeypatch):
    names = set()
    replace = os.replace
    monkeypatch.setattr(os, "replace", lambda a, b: (names.add(str(a)), replace(a, b)))
    for _ in range(3):
        write_atomically(tmp_path / "file", b"x")
    assert len(names) == 3


@needs_links
@pytest.mark.parametrize("is_there", [True, False])
def test_a_link_stays_one_and_what_it_leads_to_is_written(is_there, tmp_path):
    (tmp_path / "far").mkdir()
    target, near, link = tmp_path / "far" / "target", tmp_path / "near", tmp_path / "link"
    if is_there:
        target.write_bytes(b"old")
    near.symlink_to(Path("far", "target"))
    link.symlink_to(near)
    write_atomically(link, b"new")
    assert link.is_symlink()
    assert near.is_symlink()
    assert target.read_bytes() == b"new"
    assert not target.is_symlink()


@needs_links
def test_a_link_to_itself_is_told(tmp_path):
    for name, other in (("a", "b"), ("b", "a")):
        (tmp_path / name).symlink_to(tmp_path / other)
    with pytest.raises(StorageError, match="a could not be written: "):
        write_atomically(tmp_path / "a", b"x")
    assert (tmp_path / "a").is_symlink()


PAGE = """
import os, sys
from chargen.storage.atomic import write_atomically
print("before")
write_atomically(sys.argv[1], b"page\\n")
print("after")
"""


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="needs Linux's open files")
@pytest.mark.parametrize("name", ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1", "link"])
def test_an_open_file_is_written_into_where_it_is(name, tmp_path):
    path = tmp_path / "out"
    path.write_bytes(b"head\n")
    if name == "link":
        (tmp_path / name).symlink_to("/dev/stdout")
        name = str(tmp_path / name)
    with path.open("ab") as file:
        subprocess.run([sys.executable, "-c", PAGE, name], stdout=file, check=True)
    assert path.read_bytes() == b"head\nbefore\npage\nafter\n"
    piped = subprocess.run([sys.executable, "-c", PAGE, name], stdout=subprocess.PIPE, check=True)
    assert piped.stdout == b"before\npage\nafter\n"


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="needs Linux's open files")
@pytest.mark.parametrize("number", ["987654", "9" * 400])
def test_an_open_file_that_is_none_is_told(number):
    with pytest.raises(StorageError, match="could not be written"):
        write_atomically(f"/dev/fd/{number}", b"x")


@pytest.mark.parametrize("name", ["a" * 300, "é" * 200, "x/" * 3000 + "y"])
def test_a_name_that_is_too_long_is_told_in_a_line(tmp_path, name):
    with pytest.raises(StorageError, match="could not be written: the name is too long") as raised:
        write_atomically(tmp_path / name, b"x")
    assert len(str(raised.value)) < 300


@pytest.mark.parametrize("name", ["a" * 250, "é" * 120])
def test_a_name_may_be_as_long_as_the_system_allows(tmp_path, name):
    write_atomically(tmp_path / name, b"x")
    assert (tmp_path / name).read_bytes() == b"x"


@pytest.mark.parametrize("has_links", [True, False])
def test_a_file_gets_a_second_name(has_links, tmp_path, monkeypatch):
    source, path = tmp_path / "source", tmp_path / "path"
    source.write_bytes(b"new")
    path.write_bytes(b"old")
    if not has_links:
        monkeypatch.setattr(os, "link", failing(errno.EPERM))
    for _ in range(2):  # also where it has it already
        link_atomically(source, path)
        assert path.read_bytes() == b"new"
        assert sorted(tmp_path.iterdir()) == [path, source]
    write_atomically(source, b"newer")
    assert path.read_bytes() == b"new"


class InUse(PermissionError):
    """What Windows says of a file that another program has open."""

    winerror = 32


@pytest.mark.parametrize("times", [3, 9])
def test_a_file_that_another_program_has_open_is_waited_for(tmp_path, monkeypatch, times):
    path, replace = tmp_path / "kept", os.replace
    path.write_bytes(b"old")
    refusals = iter(range(times))

    def busy(*paths):
        if next(refusals, None) is not None:
            raise InUse(errno.EACCES, os.strerror(errno.EACCES))
        replace(*paths)

    monkeypatch.setattr(atomic, "_WAITS", [0.001] * 5)
    monkeypatch.setattr(os, "replace", busy)
    if times < 6:
        write_atomically(path, b"new")
    else:
        with pytest.raises(StorageError, match="permission denied; what was there is untouched"):
            write_atomically(path, b"new")
    assert path.read_bytes() == (b"new" if times < 6 else b"old")
    assert [each.name for each in tmp_path.iterdir()] == ["kept"]
