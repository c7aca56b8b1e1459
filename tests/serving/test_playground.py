"""The playground in a real browser, by mouse and by keyboard."""

import json
import shutil

import pytest

from tests.serving.conftest import serving

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
if not (CHROMIUM and DRIVER):
    pytest.skip(
        "The playground is tested in a browser: install chromium and chromium-driver.",
        allow_module_level=True,
    )
pytest.importorskip("selenium")
axe = pytest.importorskip("axe_core_python.selenium")

from selenium import webdriver  # noqa: E402
from selenium.webdriver.common.by import By  # noqa: E402
from selenium.webdriver.common.keys import Keys  # noqa: E402
from selenium.webdriver.support.ui import Select, WebDriverWait  # noqa: E402

TEXTS = "#panes .text"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture(scope="module")
def browser():
    """One browser for all tests; what it says and asks for is logged."""
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options, webdriver.ChromeService(DRIVER))
    yield driver
    driver.quit()


class Page:
    """What a reader does on the page."""

    def __init__(self, browser, address):
        self.browser, self.address = browser, address

    def open(self, path="/", *, width=1280, scheme="light"):
        self.look(width, scheme)
        self.browser.get("about:blank")  # or only what follows "#" would be read again
        self.browser.get(self.address + path)
        self.wait(lambda: self.script("return document.querySelector('[name=model]').length"))
        return self

    def look(self, width, scheme):
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
        self.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        feature = {"name": "prefers-color-scheme", "value": scheme}
        self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})

    def wait(self, is_so, seconds=10):
        WebDriverWait(self.browser, seconds, poll_frequency=0.02).until(lambda _: is_so())

    def script(self, code, *args):
        return self.browser.execute_script(code, *args)

    def module(self, code):
        """What a script returns that imports the page's own modules."""
        return self.browser.execute_async_script(
            "const done = arguments[0];"
            "const load = name => import(`/playground/${name}.js`);"
            f"(async () => {{ {code} }})().then(done, error => done(String(error)))"
        )

    def all(self, selector):
        return self.browser.find_elements(By.CSS_SELECTOR, selector)

    def one(self, selector):
        return self.browser.find_element(By.CSS_SELECTOR, selector)

    def press(self, *keys):
        self.browser.switch_to.active_element.send_keys(*keys)

    @property
    def focused(self):
        return self.browser.switch_to.active_element

    def fill(self, **fields):
        for name, value in fields.items():
            field = self.one(f"#request [name={name}]")
            field.clear()
            field.send_keys(str(value))

    def write(self, prompt="the ", *, model="plain", characters=60, seed=7, **fields):
        Select(self.one("#first [name=model]")).select_by_value(model)
        self.fill(prompt=prompt, characters=characters, seed=seed, **fields)
        self.one("#write").click()
        self.finish()

    def finish(self):
        self.wait(lambda: self.one("#announcer").get_attribute("textContent") != "Writing…")
        assert self.error == ""

    @property
    def texts(self):
        """The texts shown, character for character."""
        return self.script(
            f"return [...document.querySelectorAll('{TEXTS}')].map(text => text.textContent)"
        )

    @property
    def captions(self):
        return [each.text for each in self.all("#panes .caption")]

    @property
    def error(self):
        return self.one("#error").text

    @property
    def branches(self):
        return self.all("#tree [data-branch]")

    @property
    def alternatives(self):
        return self.all(".alternatives:not([hidden]) li button")

    def click(self, position, text=0):
        """Click on a character, and wait for its alternatives."""
        span = self.all(TEXTS)[text].find_elements(By.TAG_NAME, "span")[position]
        self.script("arguments[0].scrollIntoView({block: 'center'})", span)
        span.click()
        self.wait(lambda: self.alternatives)

    def console(self):
        return [entry["message"] for entry in self.browser.get_log("browser")]

    def violations(self):
        """What axe-core finds, each in a line."""
        options = {"runOnly": {"type": "tag", "values": RULES}}
        found = axe.Axe().run(self.browser, options=options)["violations"]
        return [f"{each['id']}: {each['nodes'][0]['html']}" for each in found]


@pytest.fixture
def page(browser, address):
    page = Page(browser, address).open()
    Select(page.one("#first [name=model]")).select_by_value("plain")
    return page


def test_it_loads_from_the_server_alone_and_says_nothing_on_the_console(page):
    page.write()
    events = [
        json.loads(entry["message"])["message"] for entry in page.browser.get_log("performance")
    ]
    urls = {
        event["params"]["request"]["url"]
        for event in events
        if event["method"] == "Network.requestWillBeSent"
    }
    assert f"{page.address}/playground/main.js" in urls
    assert not [url for url in urls if not url.startswith((page.address, "data:,", "about:"))]
    assert page.console() == []


def test_a_text_streams_in_and_its_seed_gives_it_again(page):
    page.script(
        "window.lengths = []; new MutationObserver(() => lengths.push("
        f"[document.querySelector('{TEXTS}').textContent.length,"
        f" document.querySelector('{TEXTS}').ariaBusy]))"
        ".observe(document.getElementById('panes'), {childList: true, subtree: true})"
    )
    page.write(characters=400)
    (text,) = page.texts
    assert text.startswith("the ")
    assert len(text) == 404
    while_busy = {length for length, busy in page.script("return lengths") if busy == "true"}
    assert len(while_busy) > 3  # it grew bit by bit
    assert page.one("#announcer").get_attribute("textContent") == f"Finished: {text}"
    assert "seed 7" in page.captions[0]
    page.write(characters=400)
    assert page.texts == [text]


def test_without_streaming_it_comes_as_a_whole(page):
    page.write()
    (text,) = page.texts
    page.one("[name=whole]").click()
    page.script(
        "window.lengths = []; new MutationObserver(() => lengths.push("
        f"document.querySelector('{TEXTS}').textContent.length))"
        ".observe(document.getElementById('panes'), {childList: true, subtree: true})"
    )
    page.write()
    assert page.texts == [text]
    assert set(page.script("return lengths")) == {4, 64}


def test_stop_keeps_what_is_written(page):
    page.fill(characters=10_000, seed=1)
    page.one("#write").click()
    page.wait(lambda: len(page.texts[0]) > 20)
    page.one("#stop").click()
    page.finish()
    assert 20 < len(page.texts[0]) < 10_000
    assert page.one("#announcer").get_attribute("textContent").startswith("Stopped: ")
    assert page.focused == page.one("#write")  # not lost with the button


def test_surprise_is_told_by_colour_and_by_an_underline(page):
    styles = page.script(
        "const box = document.createElement('div'); box.className = 'text'; document.body.append(box);"
        "return ['', 's1', 's2', 's3', 's4', 's5'].map(name => {"
        "  const span = document.createElement('span'); span.className = name; box.append(span);"
        "  const {backgroundColor, textDecorationLine, textDecorationThickness} = getComputedStyle(span);"
        "  return [backgroundColor, textDecorationLine, parseFloat(textDecorationThickness)]; })"
    )
    colours, lines, widths = zip(*styles, strict=True)
    assert len(set(colours)) == 6
    assert lines == ("none", *["underline"] * 5)
    assert list(widths[1:]) == sorted(set(widths[1:]))  # thicker and thicker
    page.write()
    bits = page.module(
        "const {surpriseTint} = await load('characters');"
        "return [null, 0.9, 1, 3.9, 4, 100].map(surpriseTint)"
    )
    assert bits == ["", "", "s1", "s2", "s3", "s5"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_is_legible_over_every_tint(page, scheme):
    page.look(1280, scheme)
    pairs = page.script(
        "const box = document.createElement('div'); box.className = 'text';"
        "document.getElementById('texts').append(box);"
        "const names = ['s1', 's2', 's3', 's4', 's5', 'p1', 'p2', 'p3', 'p4', 'n1', 'n2', 'n3', 'n4'];"
        "const result = names.flatMap(name => ['\\n', 'a'].map(sign => {"
        "  const span = document.createElement('span'); span.className = name; box.append(span);"
        "  if (sign !== 'a') span.dataset.sign = '↵';"
        "  const ink = getComputedStyle(span, sign === 'a' ? null : '::before').color;"
        "  return [name, ink, getComputedStyle(span).backgroundColor]; }));"
        "box.remove(); return result"
    )
    too_faint = [name for name, ink, paper in pairs if contrast(ink, paper) < 4.5]
    assert not too_faint


def contrast(ink, paper):
    """The contrast of two colours such as "rgb(1, 2, 3)" (WCAG 2.2)."""

    def luminance(colour):
        parts = [int(part) / 255 for part in colour[4:-1].split(",")]
        red, green, blue = (
            c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts
        )
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    dark, light = sorted((luminance(ink), luminance(paper)))
    return (light + 0.05) / (dark + 0.05)


def test_a_click_shows_what_was_expected_and_goes_on_from_it(page):
    page.write()
    (text,) = page.texts
    page.click(30)
    shares = [
        float(each.find_element(By.CLASS_NAME, "number").text[:-1]) for each in page.alternatives
    ]
    assert shares == sorted(shares, reverse=True)
    other = next(each for each in page.alternatives if "taken" not in each.get_attribute("class"))
    name = other.get_attribute("aria-label").split(",")[0]
    character = {"space": " ", "line end": "\n"}.get(name, name)
    other.click()
    page.finish()
    (branch,) = page.texts
    assert branch[:31] == text[:30] + character
    assert branch[31:] != text[31:]
    assert len(branch) == 31 + 60
    assert len(page.branches) == 2
    page.branches[0].click()  # back to the first
    assert page.texts == [text]
    assert page.branches[0].get_attribute("aria-current") == "true"
    page.one("#tree .branch button:nth-child(2)").click()
    assert page.texts == [text, branch]


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


def test_two_settings_from_one_seed(page):
    page.one("[name=compare]").click()
    page.script(
        "const slider = document.querySelector('#second [name=temperature]'); slider.value = 0;"
        "slider.dispatchEvent(new Event('input', {bubbles: true}))"
    )
    Select(page.one("#second [name=model]")).select_by_value("plain")
    page.write()
    one, two = page.texts
    assert one != two
    assert "temperature 0.8 · seed 7" in page.captions[0]
    assert "temperature 0 · seed 7" in page.captions[1]
    page.all("#panes .close")[0].click()
    assert page.texts == [two]


def test_a_label_and_a_document(page):
    Select(page.one("#first [name=model]")).select_by_value("labelled")
    page.wait(lambda: page.one("#first [name=label]").is_displayed())
    Select(page.one("#first [name=label]")).select_by_value("sea")
    page.write("Abc", model="labelled")
    assert "label sea" in page.captions[0]
    page.write("", model="documents", characters=300)
    assert not page.one("#first [name=label]").is_displayed()


def test_an_address_holds_everything(page):
    page.write()
    page.click(20)
    page.alternatives[1].click()
    page.finish()
    page.one("#tree .branch button:nth-child(2)").click()
    texts, captions = page.texts, page.captions
    tree = [each.text for each in page.branches]
    tints = page.script(
        f"return [...document.querySelectorAll('{TEXTS} span')].map(each => each.className)"
    )
    page.wait(lambda: "#" in page.browser.current_url)
    page.one("#link").click()
    page.wait(lambda: "link" in page.one("#announcer").get_attribute("textContent"))
    link = page.browser.current_url.removeprefix(page.address)
    page.open(link)
    page.wait(lambda: page.captions == captions)  # and so their surprise, measured again
    assert page.texts == texts
    assert [each.text for each in page.branches] == tree
    assert page.one("[name=prompt]").get_attribute("value") == "the "
    again = page.script(
        f"return [...document.querySelectorAll('{TEXTS} span')].map(each => each.className)"
    )
    assert again == tints
    page.open(link[:-30])
    page.wait(lambda: "damaged" in page.error)


def test_the_memory_can_begin_at_a_character(page):
    page.write()
    (text,) = page.texts
    page.click(40)
    page.all(".alternatives .actions button")[1].click()
    page.finish()
    one, two = page.texts
    assert one == text
    assert two[:41] == text[:41]
    assert two[41:] != text[41:]
    assert "memory from character 41" in page.captions[1]


def test_what_was_changed_in_the_prompt_is_shown_and_said(page):
    page.write("Qué {x}")
    assert page.texts[0].startswith("que x") or page.texts[0].startswith("qu")
    assert "é" not in page.texts[0]
    assert "é" in page.captions[0]


def test_errors_are_said_in_one_line(page):
    page.write()
    page.browser.execute_cdp_cmd("Network.enable", {})
    offline = {"offline": True, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
    page.browser.execute_cdp_cmd("Network.emulateNetworkConditions", offline)
    (text,) = page.texts
    page.one("#write").click()
    page.wait(lambda: page.error)
    assert page.error.startswith("The server does not answer.")
    assert page.texts == [text]  # what was there is there
    page.browser.execute_cdp_cmd("Network.emulateNetworkConditions", {**offline, "offline": False})
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
    page.browser.execute_cdp_cmd("Network.disable", {})
    page.browser.get_log("browser")  # Chromium tells of failed requests by itself


def test_a_key_is_asked_for_and_kept_in_this_tab_only(browser, folder):
    with serving(folder, api_key="open sesame") as (address, _):
        page = Page(browser, address)
        page.look(1280, "light")
        browser.get(address)
        page.wait(lambda: page.one("#key").is_displayed())
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
    browser.get_log("browser")


def test_everything_by_keyboard(page):
    page.script("document.querySelector('[name=prompt]').focus()")
    page.press("the ", Keys.CONTROL, Keys.ENTER)
    page.finish()
    length = len(page.texts[0])
    for _ in range(40):
        page.press(Keys.TAB)
        if page.focused.find_element(By.XPATH, "..").get_attribute("class") == "text":
            break
    assert page.focused.text == "t"  # one tab stop for the whole text
    assert page.alternatives or page.one(".alternatives").is_displayed()
    page.press(Keys.ARROW_RIGHT * 6)
    assert page.focused.get_attribute("role") == "button"
    assert "bits of surprise" in page.focused.get_attribute("aria-label")
    place = page.focused
    page.press(Keys.ESCAPE)
    assert not page.one(".alternatives").is_displayed()
    assert page.focused == place
    page.press(Keys.ENTER)
    assert page.focused in page.alternatives
    page.press(Keys.ESCAPE)
    assert page.focused == place
    page.press(Keys.ENTER, Keys.ARROW_DOWN, Keys.ENTER)
    page.finish()
    assert len(page.branches) == 2
    assert page.focused.find_element(By.XPATH, "..").get_attribute("class") == "text"
    page.press(Keys.END)
    assert page.focused == page.all(f"{TEXTS} span")[-1]
    page.press(Keys.HOME)
    assert page.focused == page.all(f"{TEXTS} span")[0]
    page.press(Keys.CONTROL, "z")
    assert len(page.branches) == 1
    assert len(page.texts[0]) == length


def test_a_pointer_that_rests_on_a_character_shows_its_alternatives(page):
    page.write()
    span = page.all(f"{TEXTS} span")[20]
    webdriver.ActionChains(page.browser).move_to_element(span).perform()
    page.wait(lambda: page.alternatives)
    webdriver.ActionChains(page.browser).move_to_element(page.alternatives[0]).perform()
    assert page.alternatives  # they stay under the pointer
    webdriver.ActionChains(page.browser).move_to_element(page.one("h1")).perform()
    page.wait(lambda: not page.alternatives)


def test_signs_for_what_cannot_be_seen(page):
    signs = page.module(
        "const {signOf} = await load('characters');"
        "return ['\\0', '\\n', '\\t', '\\u202e', '\\u00a0', ' ', 'a', 'é', '漢', '🙂'].map(signOf)"
    )
    assert signs == ["␃", "↵", "⇥", "U+202E", "U+00A0", None, None, None, None, None]


def test_hidden_units(page):
    page.write(characters=250)
    Select(page.one("#layer")).select_by_value("1")
    page.wait(lambda: page.script("return document.getElementById('strip').height") == 16)
    assert page.script("return document.getElementById('strip').width") == 254
    page.one("#find button").click()
    page.wait(lambda: page.all("#found button"))
    page.all("#found button")[0].click()
    Select(page.one("#tint")).select_by_value("unit")
    tints = page.script(
        f"return [...document.querySelectorAll('{TEXTS} span')].map(each => each.className)"
    )
    assert {tint[:1] for tint in tints} >= {"p", "n"}


def test_a_unit_is_held_and_the_text_written_anew(page):
    page.write()
    (text,) = page.texts
    page.one("#unit").clear()
    page.one("#unit").send_keys("5")
    page.script(
        "const slider = document.getElementById('hold'); slider.value = 1;"
        "slider.dispatchEvent(new Event('input', {bubbles: true}))"
    )
    page.one("#rewrite").click()
    page.finish()
    one, two = page.texts
    assert one == text
    assert two[:4] == text[:4]
    assert two != text
    assert len(two) == len(text)
    assert "unit 0·5 held at 1" in page.captions[1]
    assert "seed 7" in page.captions[1]
    page.one("#held button").click()
    assert not page.all("#held li")


def test_measures(page):
    page.write(characters=400)
    page.one("#measure-memory").click()
    page.wait(lambda: page.all("#memory .chart"))
    rows = page.script("return document.querySelectorAll('#memory tbody tr').length")
    assert rows > 3
    assert "corpus" in page.one("#copies .result").text


def test_a_pasted_text(page):
    page.one("[name=text]").send_keys("the quick brown fox")
    page.one("#score").click()
    page.wait(lambda: page.all("#pasted-result .text span"))
    assert "bits per character" in page.one("#pasted-status").text
    assert page.one("#pasted-result .text").text == "the quick brown fox"
    page.one("#classify").click()
    page.wait(lambda: page.all("#pasted-result table") or page.one("#pasted-error").text)


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (1280, "dark"), (320, "light")])
def test_it_is_accessible(page, width, scheme):
    page.write()
    page.look(width, scheme)
    page.click(20)
    assert page.violations() == []
    assert page.script("return document.documentElement.scrollWidth") <= width
    small = page.script(
        "return [...document.querySelectorAll('button, input, select, summary, textarea')]"
        ".filter(each => each.offsetParent && (each.closest('label') ?? each).offsetHeight < 24)"
        ".map(each => each.outerHTML)"
    )
    assert small == []
