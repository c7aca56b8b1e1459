"""The playground: texts, alternatives, branches, the address; by mouse and by keyboard."""

import pytest

from tests.serving.conftest import serving


def test_it_loads_from_the_server_alone_and_says_nothing_on_the_console(page):
    page.write()
    urls = page.requests()
    assert f"{page.address}/playground/main.js" in urls
    assert not [url for url in urls if not url.startswith((page.address, "data:,", "about:"))]
    assert page.console() == []


def test_a_text_streams_in_and_its_seed_gives_it_again(page):
    page.record_growth()
    page.write(characters=2_000)
    (text,) = page.texts
    assert text.startswith("the ")
    assert len(text) == 2_004
    lengths = {length for length, is_busy in page.growth if is_busy}
    assert lengths - {4, 2_004}  # it came bit by bit
    assert page.said == f"Finished: {text}"
    assert "seed 7" in page.captions[0]
    page.write(characters=2_000)
    assert page.texts == [text]


@pytest.mark.slow
def test_without_streaming_it_comes_as_a_whole(page):
    page.write(characters=400)
    (text,) = page.texts
    page.one("[name=whole]").click()
    page.record_growth()
    page.write(characters=400)
    assert page.texts == [text]
    assert {length for length, _ in page.growth} == {4, 404}


@pytest.mark.slow
def test_stop_keeps_what_is_written(page):
    page.write_and_stop(characters=10_000, seed=1)
    assert 20 < len(page.texts[0]) < 10_000
    assert page.said.startswith("Stopped: ")
    assert page.focused == page.one("#write")  # not lost with the button


@pytest.mark.slow
def test_go_on(page):
    page.write()
    (text,) = page.texts
    page.one("#go-on").click()
    page.finish()
    assert page.texts[0].startswith(text)
    assert len(page.texts[0]) == len(text) + 60
    assert len(page.branches) == 1


def test_surprise_is_told_by_a_tint_and_by_an_underline(page):
    page.write()
    assert len(set(page.tints[4:])) > 2
    levels = page.module(
        "const {surpriseTint} = await load('characters');"
        "return [null, 0.9, 1, 3.9, 4, 100].map(surpriseTint)"
    )
    assert levels == ["", "", "s1", "s2", "s3", "s5"]
    styles = page.styles(["", "s1", "s2", "s3", "s4", "s5"])
    _, _, papers, lines, widths = zip(*styles, strict=True)
    assert len(set(papers)) == 6
    assert lines == ("none", *["underline"] * 5)
    assert list(widths[1:]) == sorted(set(widths[1:]))  # thicker and thicker


def test_a_click_shows_what_was_expected_and_goes_on_from_it(page):
    page.write()
    (text,) = page.texts
    page.click(30)
    shares = [float(each.text.split("\n")[-1].strip("<%")) for each in page.alternatives]
    assert shares == sorted(shares, reverse=True)
    other = next(each for each in page.alternatives if "taken" not in each.get_attribute("class"))
    name = other.get_attribute("aria-label").split(",")[0]
    other.click()
    page.finish()
    (branch,) = page.texts
    assert branch[:31] == text[:30] + {"space": " ", "line end": "\n"}.get(name, name)
    assert branch[31:] != text[31:]
    assert len(branch) == 31 + 60
    first, second = page.branches
    assert second.get_attribute("aria-current") == "true"
    first.click()  # back
    assert page.texts == [text]
    assert page.branches[0].get_attribute("aria-current") == "true"
    page.one("#tree [aria-label^='Show beside']").click()
    assert page.texts == [text, branch]
    page.all("#panes .close")[0].click()
    assert page.texts == [branch]


@pytest.mark.slow
def test_undo_and_redo(page):
    assert not page.one("#undo").is_enabled()
    page.write()
    page.write(seed=8)
    first, second = (each.text for each in page.branches)
    assert first != second
    page.one("#undo").click()
    assert [each.text for each in page.branches] == [first]
    page.one("#redo").click()
    assert [each.text for each in page.branches] == [first, second]


@pytest.mark.slow
def test_two_settings_from_one_seed(page):
    page.one("[name=compare]").click()
    page.choose("#second [name=model]", "plain")
    page.slide("#second [name=temperature]", 0)
    page.write()
    one, two = page.texts
    assert one != two
    assert "temperature 0.8 · seed 7" in page.captions[0]
    assert "temperature 0 · seed 7" in page.captions[1]


@pytest.mark.slow
def test_labels_are_offered_where_a_model_has_them(page):
    page.choose("#first [name=model]", "labelled")
    page.wait(page.one("#first [name=label]").is_displayed)
    page.choose("#first [name=label]", "sea")
    page.write("Abc", model="labelled")
    assert "label sea" in page.captions[0]
    page.write("", model="documents")
    assert not page.one("#first [name=label]").is_displayed()


@pytest.mark.slow
def test_an_address_holds_everything(page):
    page.write()
    page.click(20)
    page.alternatives[1].click()
    page.finish()
    page.one("#tree [aria-label^='Show beside']").click()
    page.slide("#first [name=temperature]", 1.5)
    page.one("#link").click()
    page.wait(lambda: "link" in page.said)
    before = page.texts, page.tints, page.captions, [each.text for each in page.branches]
    link = page.browser.current_url.removeprefix(page.address)
    page.open(link)
    page.wait(lambda: page.captions == before[2])  # and so the surprise is measured again
    assert (page.texts, page.tints, page.captions, [e.text for e in page.branches]) == before
    assert page.one("[name=prompt]").get_attribute("value") == "the "
    assert page.one("#first [name=temperature]").get_attribute("value") == "1.5"
    page.open(link[:-30])
    page.wait(lambda: "damaged" in page.error)


@pytest.mark.slow
def test_what_was_changed_in_the_prompt_is_shown_and_said(page):
    page.write("ab é {x}")
    assert page.texts[0].startswith("ab e x")
    assert "'é' (U+00E9) to 'e'" in page.captions[0]
    assert "'{' (U+007B)" in page.captions[0]


@pytest.mark.slow
def test_a_network_failure_is_said_and_loses_nothing(page):
    page.write()
    (text,) = page.texts
    page.disconnect(True)
    page.one("#write").click()
    page.wait(lambda: page.error.startswith("The server does not answer."))
    assert page.texts == [text]
    page.disconnect(False)
    page.write()
    assert page.texts == [text]
    page.console()  # Chromium tells of failed requests by itself


@pytest.mark.slow
def test_refusals_are_said_in_one_line(page):
    page.write()
    (text,) = page.texts
    page.script("document.querySelector('[name=prompt]').value = 'a'.repeat(300_000)")
    page.one("#write").click()
    assert page.error.startswith("The prompt has 300,000 characters")
    page.write()
    page.script(
        "const field = document.querySelector('[name=characters]');"
        "field.max = 10 ** 6; field.value = 30_000"
    )
    page.one("#write").click()
    page.wait(lambda: "20,000" in page.error)  # the server's own words
    assert page.texts == [text]
    page.console()


def test_a_key_is_asked_for_and_kept_in_this_tab_only(browser, folder):
    from tests.serving.browsing import Page

    with serving(folder, api_key="open sesame") as (address, _):
        page = Page(browser, address)
        browser.get(address)
        page.wait(page.one("#key").is_displayed)
        page.one("#key").send_keys("wrong\n")
        page.wait(lambda: page.error)
        page.one("#key").clear()
        page.one("#key").send_keys("open sesame\n")
        page.wait(lambda: not page.one("#key").is_displayed())
        page.write()
        assert len(page.texts[0]) == 64
        assert page.script("return localStorage.length") == 0
        assert "sesame" not in browser.current_url
        browser.get("about:blank")
    page.console()


def test_everything_by_keyboard(page):
    page.script("document.querySelector('[name=prompt]').focus()")
    page.press("the ", "CONTROL", "ENTER")
    page.finish()
    (text,) = page.texts
    stops = 0
    while not page.is_in_text and stops < 40:
        page.press("TAB")
        stops += 1
    assert page.focused.text == "t"  # one tab stop for the whole text
    assert page.one(".alternatives").is_displayed()
    page.press(*["ARROW_RIGHT"] * 6)
    place = page.focused
    assert place == page.characters[6]
    assert place.get_attribute("role") == "button"
    assert "bits of surprise" in place.get_attribute("aria-label")
    page.press("ESCAPE")
    assert not page.one(".alternatives").is_displayed()
    assert page.focused == place
    page.press("ENTER")
    assert page.focused in page.alternatives
    page.press("ESCAPE")
    assert page.focused == place
    page.press("ENTER")
    page.press("ARROW_DOWN")
    page.press("ENTER")
    page.finish()
    assert len(page.branches) == 2
    assert page.focused == page.characters[6]  # the one that was taken
    page.press("END")
    assert page.focused == page.characters[-1]
    page.press("ARROW_UP")
    assert page.focused.location["y"] < page.characters[-1].location["y"]
    page.press("HOME")
    assert page.focused == page.characters[0]
    page.press("CONTROL", "z")
    assert page.texts == [text]


@pytest.mark.slow
def test_a_pointer_that_rests_on_a_character_shows_its_alternatives(page):
    page.write()
    page.point(page.characters[20])
    page.wait(lambda: page.alternatives)
    page.point(page.alternatives[0])
    page.script("return new Promise(done => setTimeout(done, 400))")
    assert page.alternatives  # they stay under the pointer
    page.point(page.one("h1"))
    page.wait(lambda: not page.alternatives)


@pytest.mark.slow
def test_signs_stand_for_what_cannot_be_seen(page):
    signs = page.module(
        "const {signOf} = await load('characters');"
        "return [...'\\0\\n\\t\\u202e\\u00a0 aé漢🙂'].map(signOf)"
    )
    assert signs == ["␃", "↵", "⇥", "U+202E", "U+00A0", None, None, None, None, None]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 320])
def test_it_is_accessible(page, width, scheme):
    page.look(width, scheme)
    page.write()
    page.click(20)
    assert page.violations() == []
    assert page.script("return document.documentElement.scrollWidth") <= width
    small = page.script(
        "return [...document.querySelectorAll('button, input, select, summary, textarea')]"
        ".filter(each => each.offsetParent && (each.closest('label') ?? each).offsetHeight < 24)"
        ".map(each => each.outerHTML)"
    )
    assert small == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_is_legible_over_every_tint(page, scheme):
    page.look(1280, scheme)
    classes = [
        "s1",
        "s2",
        "s3",
        "s4",
        "s5",
        *(f"{sign}{level}" for sign in "pn" for level in "1234"),
    ]
    for name, (ink, sign, paper, *_) in zip(classes, page.styles(classes), strict=True):
        assert contrast(ink, paper) >= 4.5, name
        assert contrast(sign, paper) >= 4.5, name


def contrast(ink, paper):
    """The contrast of two colours such as "rgb(1, 2, 3)" (WCAG 2.2)."""

    def luminance(colour):
        parts = [int(part) / 255 for part in colour[4:-1].split(",")]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    dark, light = sorted((luminance(ink), luminance(paper)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.slow
def test_everybody_can_read_the_description_of_the_routes(page):
    page.browser.get(f"{page.address}/docs")
    for width, scheme in ((1280, "light"), (320, "dark")):
        page.look(width, scheme)
        assert page.violations() == []
        assert not page.is_too_wide
