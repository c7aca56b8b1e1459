"""The playground: the network itself, what is measured, and a text of the reader's."""

import base64

import numpy as np
import pytest

from chargen.training.history import Row, write_history

pytestmark = pytest.mark.slow


def test_units_are_shown_found_and_seen_in_the_text(page, http):
    page.write(characters=250)
    page.choose("#layer", "1")
    strip = "const strip = document.getElementById('strip'); return [strip.width, strip.height]"
    page.wait(lambda: page.script(strip) == [254, 16])  # characters, units
    page.choose("#feature", "spaces")
    page.one("#find button").click()
    page.wait(lambda: page.all("#found button"))
    found = page.one("#found button").get_attribute("aria-label")
    page.one("#found button").click()
    layer = page.one("#layer").get_attribute("value")
    unit = page.one("#unit").get_attribute("value")
    assert found.startswith(f"Unit {unit} of layer {layer},")
    page.choose("#tint", "unit")
    body = {"model": "plain", "layer": int(layer), "units": [int(unit)], "text": page.texts[0]}
    values = http.post("/v1/activations", json=body).json()["values"]
    expected = [tint(h / 127) for h in np.frombuffer(base64.b64decode(values), np.int8)]
    assert len(set(expected)) > 2
    assert page.module(
        "const {activationTint} = await load('characters');"
        "return [-1, -0.5, -0.1, 0, 0.2, 0.7, 1].map(activationTint)"
    ) == ["n4", "n2", "", "", "p1", "p3", "p4"]
    page.wait(lambda: [each.removesuffix("given").strip() for each in page.tints] == expected)


def tint(h):
    """The class of an activation: its sign, and how many fifths it reaches."""
    level = sum(abs(h) >= limit for limit in (0.2, 0.4, 0.6, 0.8))
    return f"{'p' if h > 0 else 'n'}{level}" if level else ""


def test_a_unit_is_held_and_the_text_written_anew_beside_the_old_one(page):
    page.write()
    (text,) = page.texts
    page.one("#unit").clear()
    page.one("#unit").send_keys("5")
    page.slide("#hold", 1)
    page.one("#rewrite").click()
    page.finish()
    old, new = page.texts
    assert old == text
    assert new[:4] == text[:4]
    assert new != text
    assert len(new) == len(text)
    assert "seed 7 · unit 0·5 held at 1" in page.captions[1]
    page.one("#held button").click()
    assert not page.all("#held li")


def test_the_memory_can_begin_at_a_character(page):
    page.write()
    (text,) = page.texts
    page.click(40)
    page.one(".alternatives .actions button:last-child").click()
    page.finish()
    old, new = page.texts
    assert old == text
    assert new[:41] == text[:41]
    assert new[41:] != text[41:]
    assert "memory from character 41" in page.captions[1]


def test_what_is_measured(page):
    page.write(characters=400)
    page.one("#measure-memory").click()
    page.wait(lambda: page.all("#memory .chart"))
    assert len(page.all("#memory tbody tr")) > 3
    page.wait(lambda: "corpus" in page.one("#copies .result").text)


def test_the_loss_curve_of_a_run(page, folder):
    rows = [Row(100 * i, i, 1e-3, 3 / i, 3.1 / i, None, 4.4 / i) for i in range(1, 9)]
    write_history(folder / "documents", rows)
    page.choose("#first [name=model]", "documents")
    page.wait(lambda: page.all("#history .chart"))
    assert [each.text for each in page.all("#history figcaption span")] == [
        "training",
        "held out, carried",
    ]
    assert page.script("return document.querySelectorAll('#history tbody tr').length") == 8


def test_a_text_of_ones_own(page):
    page.one("[name=text]").send_keys("the quick brown fox")
    page.one("#score").click()
    page.wait(lambda: page.all("#pasted-result .text span"))
    assert "bits per character" in page.one("#pasted-status").text
    assert page.one("#pasted-result .text").text == "the quick brown fox"
    page.one("[name=text]").clear()
    page.one("[name=text]").send_keys("abc abc")
    page.one("#classify").click()
    page.wait(lambda: page.all("#pasted-result table"))
    assert page.one("#pasted-status").text.startswith("Most like ")


def test_what_needs_a_text_says_so(page):
    for button, place in (
        ("#rewrite", "#error"),
        ("#find button", "#inside-error"),
        ("#measure-memory", "#memory .error"),
    ):
        page.one(button).click()
        page.wait(lambda place=place: page.all(place))
        assert page.one(place).text.startswith("Write a text first: ")
