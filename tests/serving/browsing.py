"""The playground in headless Chromium, and what a reader does on it."""

import shutil

import pytest
from axe_core_python.selenium import Axe
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select, WebDriverWait

TEXTS = "#panes .text"
_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_ARGUMENTS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage")


def start_browser():
    """Return a browser that keeps what its console says and what it asks for.

    Where there is none, the test is skipped.
    """
    program, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if program is None or driver is None:
        pytest.skip("The playground is tested in Chromium: install chromium and chromium-driver.")
    options = webdriver.ChromeOptions()
    options.binary_location = program
    for argument in _ARGUMENTS:
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    return webdriver.Chrome(options, webdriver.ChromeService(driver))


class Page:
    """What a reader does on the page, and sees there."""

    def __init__(self, browser, address):
        self.browser, self.address = browser, address
        self.look(1280, "light")

    def open(self, path="/"):
        self.browser.get("about:blank")  # or only what follows "#" would be read again
        self.browser.get(self.address + path)
        self.wait(lambda: self.one("#about").text.count(":"))

    def look(self, width, scheme):
        """Have a window of some width, in a light or dark scheme."""
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
        self.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        feature = {"name": "prefers-color-scheme", "value": scheme}
        self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})

    def disconnect(self, is_offline):
        line = {"offline": is_offline, "latency": 0}
        line |= {"downloadThroughput": -1, "uploadThroughput": -1}
        self.browser.execute_cdp_cmd("Network.enable", {})
        self.browser.execute_cdp_cmd("Network.emulateNetworkConditions", line)

    def wait(self, is_so):
        WebDriverWait(self.browser, 10, poll_frequency=0.02).until(lambda _: is_so())

    def script(self, code, *args):
        return self.browser.execute_script(code, *args)

    def module(self, code):
        """Run a script that loads the page's own modules; return what it returns."""
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
        """Press keys: text, or names such as "ARROW_LEFT"; keys after a modifier go with it."""
        self.focused.send_keys(*(getattr(Keys, key, key) for key in keys))

    def point(self, element):
        webdriver.ActionChains(self.browser).move_to_element(element).perform()

    def choose(self, selector, value):
        Select(self.one(selector)).select_by_value(value)

    def slide(self, selector, value):
        self.script(
            "arguments[0].value = arguments[1];"
            "arguments[0].dispatchEvent(new Event('input', {bubbles: true}))",
            self.one(selector),
            value,
        )

    def fill(self, **fields):
        for name, value in fields.items():
            field = self.one(f"#request [name={name}]")
            field.clear()
            field.send_keys(str(value))

    def write(self, prompt="the ", *, model="plain", characters=60, seed=7):
        """Write a text, to its end."""
        self.choose("#first [name=model]", model)
        self.fill(prompt=prompt, characters=characters, seed=seed)
        self.one("#write").click()
        self.finish()

    def finish(self):
        """Wait until what is being written is at its end."""
        self.wait(lambda: self.said != "Writing…")
        assert self.error == ""

    def click(self, position):
        """Click on a character of the first text, and wait for its alternatives."""
        character = self.characters[position]
        self.script("arguments[0].scrollIntoView({block: 'center'})", character)
        character.click()
        self.wait(lambda: self.alternatives)

    @property
    def focused(self):
        return self.browser.switch_to.active_element

    @property
    def is_in_text(self):
        return self.script("return document.activeElement.parentElement.className") == "text"

    @property
    def texts(self):
        """Return the texts shown, character for character."""
        return self.script(
            f"return [...document.querySelectorAll('{TEXTS}')].map(text => text.textContent)"
        )

    @property
    def characters(self):
        """Return the elements of the characters shown."""
        return self.all(f"{TEXTS} span")

    @property
    def tints(self):
        """Return the class of each character shown."""
        return self.script(
            f"return [...document.querySelectorAll('{TEXTS} span')].map(each => each.className)"
        )

    @property
    def captions(self):
        return [each.text for each in self.all("#panes .caption")]

    @property
    def error(self):
        return self.one("#error").text

    @property
    def said(self):
        """Return what a screen reader was told last."""
        return self.one("#announcer").get_attribute("textContent")

    @property
    def branches(self):
        return self.all("#tree [data-branch]")

    @property
    def alternatives(self):
        return self.all(".alternatives:not([hidden]) li button")

    def record_growth(self):
        """Keep from now on, at each change, how long the first text is, and whether it grows."""
        self.script(
            "window.growth = []; new MutationObserver(() => {"
            f"  const text = document.querySelector('{TEXTS}');"
            "  growth.push([text.textContent.length, text.ariaBusy === 'true']);"
            "}).observe(document.getElementById('panes'), {childList: true, subtree: true})"
        )

    @property
    def growth(self):
        return self.script("return growth")

    def styles(self, classes):
        """Return how characters of these classes look.

        For each: its ink, that of a sign on it, its paper, its line, the thickness of that.
        """
        return self.script(
            "const box = document.createElement('div'); box.className = 'text';"
            "document.getElementById('texts').append(box);"
            "const styles = arguments[0].map(name => {"
            "  const span = document.createElement('span'); span.className = name;"
            "  span.dataset.sign = '↵'; box.append(span);"
            "  const style = getComputedStyle(span), sign = getComputedStyle(span, '::before');"
            "  return [style.color, sign.color, style.backgroundColor, style.textDecorationLine,"
            "    parseFloat(style.textDecorationThickness)]; });"
            "box.remove(); return styles",
            classes,
        )

    def console(self):
        """Return what the console said since the last time."""
        return [entry["message"] for entry in self.browser.get_log("browser")]

    def violations(self):
        """Return what axe-core finds, each in a line."""
        options = {"runOnly": {"type": "tag", "values": _RULES}}
        found = Axe().run(self.browser, options=options)["violations"]
        return [f"{each['id']}: {each['nodes'][0]['html']}" for each in found]
