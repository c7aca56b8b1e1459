"""The playground in headless Chromium, and what a reader does on it."""

from selenium.webdriver.support.ui import Select, WebDriverWait

from tests.browsing import Window, start_browser

__all__ = ["TEXTS", "Page", "start_browser"]

TEXTS = "#panes .text"


class Page(Window):
    """What a reader does on the page, and sees there."""

    def __init__(self, browser, address):
        super().__init__(browser)
        self.address = address

    def open(self, path="/"):
        self.browser.get("about:blank")  # or only what follows "#" would be read again
        self.browser.get(self.address + path)
        self.wait(lambda: self.one("#about").text.count(":"))

    def disconnect(self, is_offline):
        line = {"offline": is_offline, "latency": 0}
        line |= {"downloadThroughput": -1, "uploadThroughput": -1}
        self.browser.execute_cdp_cmd("Network.enable", {})
        self.browser.execute_cdp_cmd("Network.emulateNetworkConditions", line)

    def wait(self, is_so):
        WebDriverWait(self.browser, 30, poll_frequency=0.02).until(lambda _: is_so())

    def module(self, code):
        """Run a script that loads the page's own modules; return what it returns."""
        return self.browser.execute_async_script(
            "const done = arguments[0];"
            "const load = name => import(`/playground/${name}.js`);"
            f"(async () => {{ {code} }})().then(done, error => done(String(error)))"
        )

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

    def write_and_stop(self, **fields):
        """Write a text, and press Stop once more than 20 characters are shown.

        The page presses it: a click from here may come when the text is at its end.
        """
        self.fill(**fields)
        self.script(
            "new MutationObserver((_, observer) => {"
            f"  if (document.querySelector('{TEXTS}').textContent.length <= 20) return;"
            "  observer.disconnect();"
            "  const stop = document.getElementById('stop'); stop.focus(); stop.click();"
            "}).observe(document.getElementById('panes'), {childList: true, subtree: true})"
        )
        self.one("#write").click()
        self.finish()

    def click(self, position):
        """Click on a character of the first text, and wait for its alternatives."""
        character = self.characters[position]
        self.script("arguments[0].scrollIntoView({block: 'center'})", character)
        character.click()
        self.wait(lambda: self.alternatives)

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
