import os
import subprocess
import sys
from pathlib import Path

import pytest

from chargen.errors import StorageError
from chargen.storage.folders import new_folder


def fill(path, text="new"):
    with new_folder(path) as folder:
        (folder / "inner").mkdir()
        (folder / "inner" / "file").write_text(text)


def content(path):
    return (path / "inner" / "file").read_text()


def test_a_folder_appears_whole(tmp_path):
    path = tmp_path / "a" / "folder"
    with new_folder(path) as folder:
        (folder / "file").write_text("x")
        assert not path.exists()
    assert [each.name for each in path.iterdir()] == ["file"]
    assert list(path.parent.iterdir()) == [path]


def test_a_folder_is_replaced_whole(tmp_path):
    fill(tmp_path / "folder", "old")
    (tmp_path / "folder" / "more").touch()
    fill(tmp_path / "folder")
    assert content(tmp_path / "folder") == "new"
    assert not (tmp_path / "folder" / "more").exists()
    assert list(tmp_path.iterdir()) == [tmp_path / "folder"]


@pytest.mark.parametrize("error", [KeyError("x"), KeyboardInterrupt()])
def test_a_block_that_fails_leaves_what_was_there(tmp_path, error):
    fill(tmp_path / "folder", "old")

    def fail():
        with new_folder(tmp_path / "folder") as folder:
            (folder / "file").touch()
            raise error

    with pytest.raises(type(error)):
        fail()
    assert content(tmp_path / "folder") == "old"
    assert list(tmp_path.iterdir()) == [tmp_path / "folder"]


@pytest.mark.parametrize("number", range(1, 4))
def test_a_rename_that_fails_leaves_what_was_there(tmp_path, monkeypatch, number):
    fill(tmp_path / "folder", "old")
    rename, calls = Path.rename, []

    def fail(self, target):
        calls.append(self)
        if len(calls) == number:
            raise OSError(13, "Permission denied")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", fail)
    if number == 3:  # there are two
        fill(tmp_path / "folder")
        return
    with pytest.raises(StorageError, match="permission denied; what was there is untouched"):
        fill(tmp_path / "folder")
    assert content(tmp_path / "folder") == "old"
    assert list(tmp_path.iterdir()) == [tmp_path / "folder"]


def test_a_full_disk_is_told(tmp_path, monkeypatch):
    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageError, match="could not be written: the disk is full"):
        fill(tmp_path / "folder")
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_process_left_is_removed_and_what_another_writes_is_not(tmp_path):
    program = (
        "import os, sys\nfrom chargen.storage.folders import new_folder\n"
        "with new_folder(sys.argv[1]) as folder:\n"
        "    (folder / 'file').touch()\n"
        "    os.kill(os.getpid(), 9)\n"
    )
    path = tmp_path / "folder"
    subprocess.run([sys.executable, "-c", program, str(path)], check=False)
    assert len(list(tmp_path.iterdir())) == 1
    assert not path.exists()
    with new_folder(path) as one:
        assert list(tmp_path.iterdir()) == [one]
        with new_folder(path) as other:
            (other / "file").write_text("other")
            assert one.exists()
        (one / "file").write_text("one")
    assert (path / "file").read_text() == "one"


def test_a_link_stays_one(tmp_path):
    fill(tmp_path / "folder", "old")
    (tmp_path / "link").symlink_to("folder")
    fill(tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert content(tmp_path / "folder") == "new"
