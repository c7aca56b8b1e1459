"""The pages that --html writes, in Chromium: on a phone and a screen, light and dark."""

from pathlib import Path

import pytest

import chargen
from chargen.corpus.corpus import Corpus
from chargen.corpus.survey import survey
from chargen.language_model import LanguageModel
from chargen.pages import survey as survey_page
from tests.helpers import tiny_checkpoint

pytestmark = pytest.mark.slow

PLAY = Path(__file__).parents[2] / "corpora" / "drowned-bell.txt"
WIDTHS = (320, 390, 1280)
COMMANDS = [
    ("score", "--file", "short.txt", "-m", "bundled"),
    ("inspect", "--file", "short.txt", "-m", "bundled"),
    ("corpus", PLAY),
]
TEXTS = {
    "one character": "a",
    "hidden characters": "\x01\x1b\t\n\0b\u2028c\u202e",
    "right to left": "שלום עולם\nthe sea\nمرحبا بالعالم",
    "Chinese": "天地玄黃宇宙洪荒\n" * 8,
    "a long word": "a" * 700,
    "markup": "<script>alert(1)</script>&amp;\"'",
}
NAMES = {"model": "<b>m\u202eodel</b>\x1b" + "x" * 200, "source": f"<b>{'y' * 300}\udcff.txt"}
CORPORA = {
    "many characters": Corpus("".join(map(chr, range(0x4E00, 0x4E00 + 3000))) * 2, name="z" * 200),
    "two characters": Corpus("ab", name="<b>a\u202eb"),
    "labels and copies": Corpus(["x\ty\n"] * 900, labels=[f"<l>{'w' * 90}"] * 900),
}


@pytest.fixture
def window(browser):
    from tests.browsing import Window

    return Window(browser)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda each: each[0])
def test_everybody_can_read_it(invoke, window, workdir, command):
    (workdir / "short.txt").write_text(PLAY.read_text("utf-8")[:200], "utf-8")
    assert invoke(*command, "--html", "page.html").exit_code == 0
    window.browser.get((workdir / "page.html").as_uri())
    for width in WIDTHS:
        for scheme in ("light", "dark"):
            window.look(width, scheme)
            assert window.violations() == [], (width, scheme)
            assert not window.is_too_wide, (width, scheme)
    assert window.console() == []
    assert {each.partition(":")[0] for each in window.requests()} == {"file"}


@pytest.mark.parametrize("name", TEXTS)
def test_odd_texts_fit_a_phone(window, tmp_path, name):
    text = TEXTS[name]
    characters = "".join(sorted({*text, *"\0\nab"}))
    model = LanguageModel(tiny_checkpoint(units=(8,), characters=characters))
    for result in (model.score(text), model.activations(text)):
        path = tmp_path / "page.html"
        path.write_bytes(result.to_html(**NAMES).encode())
        window.browser.get(path.as_uri())
        window.look(320, "dark")
        assert not window.is_too_wide
        assert window.violations() == []
        assert window.console() == []
        assert len(window.all("main > dl dd")) == 2
        assert not window.all("b > script, dd b")


@pytest.mark.parametrize("name", CORPORA)
def test_odd_corpora_fit_a_phone(window, tmp_path, name):
    (tmp_path / "page.html").write_bytes(survey_page.page(survey(CORPORA[name])).encode())
    window.browser.get((tmp_path / "page.html").as_uri())
    window.look(320, "light")
    assert not window.is_too_wide
    assert window.console() == []


def test_keys_move_between_characters_and_what_they_tell_is_in_sight(window, tmp_path):
    text = "The tide is out.\n" * 60
    path = tmp_path / "page.html"
    path.write_text(chargen.load("bundled").score(text).to_html(), "utf-8")
    window.browser.get(path.as_uri())
    window.look(320, "light")
    window.press("TAB")
    window.press("ARROW_RIGHT")
    assert window.focused.text == "h"
    window.press("END")
    assert window.focused.text == "↵"
    style = "const style = getComputedStyle(document.activeElement, '::after');"
    assert window.script(style + "return style.position") == "fixed"
    told = window.script(style + "return style.content")
    assert "expected:" in told
    box = "return [parseFloat(style.left), parseFloat(style.left) + parseFloat(style.width)]"
    left, right = window.script(style + box)
    assert 0 <= left < right <= 320
