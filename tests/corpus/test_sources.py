import os
from pathlib import Path

import pytest

from chargen.corpus.sources import STANDARD_INPUT, absolute, find_sources, run_name, title
from chargen.errors import CorpusError


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """A folder with a few files, to be in."""
    for name in ("b.txt", "a.txt", "sub/c.txt", "sub/d.py", ".hidden/e.txt", ".f.txt"):
        path = tmp_path / "tree" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    monkeypatch.chdir(tmp_path)
    return Path("tree")


def found(paths, include=()):
    return [Path(str(source)).as_posix() for source in find_sources(paths, include)]


def test_files_come_in_the_order_named(tree):
    assert found(["tree/b.txt", tree / "a.txt"]) == ["tree/b.txt", "tree/a.txt"]


def test_a_folder_is_searched_to_the_bottom_but_for_what_is_hidden(tree):
    assert found(tree) == ["tree/a.txt", "tree/b.txt", "tree/sub/c.txt", "tree/sub/d.py"]


@pytest.mark.parametrize(
    ("include", "names"),
    [
        (["*.py"], ["tree/sub/d.py"]),
        (["sub/*"], ["tree/sub/c.txt", "tree/sub/d.py"]),
        (["b.*", "*.py"], ["tree/b.txt", "tree/sub/d.py"]),
    ],
)
def test_include_picks_by_name_or_path(tree, include, names):
    assert found(tree, include) == names


@pytest.mark.usefixtures("tree")
def test_globs():
    assert found("tree/*.txt") == ["tree/a.txt", "tree/b.txt"]
    assert found("tree/**/*.txt") == ["tree/a.txt", "tree/b.txt", "tree/sub/c.txt"]
    assert found("tree/s*/**") == ["tree/sub/c.txt", "tree/sub/d.py"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes that are files")
def test_a_pipe_is_read_only_if_it_is_named(tree):
    os.mkfifo("tree/a.pipe")
    assert found("tree/a.*") == ["tree/a.txt"]
    assert found("tree/a.pipe") == ["tree/a.pipe"]


@pytest.mark.usefixtures("tree")
def test_a_file_whose_name_looks_like_a_glob_is_itself():
    Path("tree/[a].txt").write_text("x")
    assert found("tree/[a].txt") == ["tree/[a].txt"]


def test_links_in_a_circle_are_followed_once(tree):
    (tree / "sub" / "loop").symlink_to(tree.resolve(), target_is_directory=True)
    (tree / "self").symlink_to("self")
    (tree / "gone").symlink_to("nowhere")
    assert found(tree) == ["tree/a.txt", "tree/b.txt", "tree/sub/c.txt", "tree/sub/d.py"]


def test_a_run_beside_the_text_is_no_part_of_it(tree):
    run = tree / "checkpoints" / "tree"
    run.mkdir(parents=True)
    (run / "resume.safetensors").touch()
    (run / "history.csv").write_text("step,loss")
    assert found(tree) == ["tree/a.txt", "tree/b.txt", "tree/sub/c.txt", "tree/sub/d.py"]


def test_a_linked_folder_is_read(tree, tmp_path):
    (tmp_path / "link").symlink_to(tree / "sub", target_is_directory=True)
    assert found("link") == ["link/c.txt", "link/d.py"]


@pytest.mark.usefixtures("tree")
@pytest.mark.parametrize(
    ("paths", "told"),
    [
        (["tree/*.md"], r"No file matches tree/\*\.md; give the path"),
        (["tree/s*"], r"No file matches tree/s\*; only folders do\. .* give 'tree/s\*/\*\*'\.$"),
        ([STANDARD_INPUT, "tree/a.txt", STANDARD_INPUT], "read once only"),
    ],
)
def test_what_leads_nowhere_is_refused(paths, told):
    with pytest.raises(CorpusError, match=told):
        found(paths)


@pytest.mark.parametrize("use", [find_sources, title, run_name, absolute])
def test_no_text_at_all_is_refused(use):
    with pytest.raises(CorpusError, match="No text was named"):
        use([])


def test_a_folder_without_a_fitting_file_is_refused(tree):
    with pytest.raises(CorpusError, match=r"folder tree holds no file that fits \*\.md or \*\.c;"):
        found(tree, ["*.md", "*.c"])


@pytest.mark.usefixtures("tree")
def test_names():
    Path("tree/[a].txt").touch()
    assert title("tree/a.txt") == "a.txt"
    assert title(["tree/a.txt", "tree/b.txt", "tree"]) == "a.txt and 2 more"
    assert title("-") == "standard input"
    for path, name in {
        "tree/a.txt": "a",
        "novel.txt.gz": "novel",
        "log.zst": "log",
        "v1.2.txt": "v1.2",
        "tree": "tree",
        "tree/": "tree",
        "-": "stdin",
        "tree/*.txt": "tree",
        "tree/sub/**/*.txt": "sub",
        "tree/s*/c.txt": "tree",
        "*.txt": "corpus",
        "/*/c.txt": "corpus",
        "tree/[a].txt": "[a]",
    }.items():
        assert run_name(path) == name
    os.chdir("tree")
    assert run_name(".") == run_name("./sub/../../tree/*.txt") == run_name("../tree/*") == "tree"


@pytest.mark.usefixtures("tree")
def test_absolute_paths_leave_standard_input_alone():
    assert absolute(["-", "tree"]) == ["-", str(Path.cwd() / "tree")]
