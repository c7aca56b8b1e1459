"""Reports of a run: on standard error, or in a notebook below the cell, where they are not red."""

import sys
from types import SimpleNamespace

import pytest

from chargen.training.history import Row
from chargen.training.report import Terminal

ROW = Row(1200, 0.25, 1e-3, 2.5, 2.4, 2.45, 3.46, 12.5, 5120)


def run(reporter):
    """What a short run reports."""
    reporter.say("A line.")
    reporter.stepped(done=1, total=2, loss=2.5, characters=512)
    reporter.evaluated(ROW, best=True)
    reporter.close()


def test_lines_go_to_standard_error_and_a_bar_to_a_terminal_alone(capsys):
    run(Terminal())
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [
        "A line.",
        "step 1,200 · epoch 0.25 · loss 2.5000 · "
        "held-out 2.4000 carried, 2.4500 windowed, 3.460 bits/char *",
    ]


@pytest.fixture
def notebook(monkeypatch):
    """The kernel of a notebook that has no widgets."""
    shell = SimpleNamespace(config={"IPKernelApp": {}})
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    for name in ("tqdm.auto", "tqdm.autonotebook", "tqdm.notebook"):
        monkeypatch.delitem(sys.modules, name, raising=False)


@pytest.mark.usefixtures("notebook")
def test_a_notebook_shows_lines_and_bar_below_the_cell(capsys):
    run(Terminal())
    out, err = capsys.readouterr()
    assert err == ""
    assert "A line.\n" in out
    assert "held-out 2.4000 carried" in out
    assert "50%" in out
    assert "loss 2.500" in out
