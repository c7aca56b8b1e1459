"""Pages in headless Chromium: how they look, what they say, what axe-core finds."""

import json
import shutil

from axe_core_python.selenium import Axe
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_ARGUMENTS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage")


def start_browser():
    """Return a browser that keeps what its console says and what it asks for."""
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium")
    for argument in _ARGUMENTS:
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    return webdriver.Chrome(options, webdriver.ChromeService(shutil.which("chromedriver")))


class Window:
    """A window of the browser, and the page in it."""

    def __init__(self, browser):
        self.browser = browser
        self.look(1280, "light")
        self.console(), self.requests()  # those of pages before are forgotten

    def look(self, width, scheme):
        """Have a window of some width, in a light or dark scheme."""
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
        self.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        feature = {"name": "prefers-color-scheme", "value": scheme}
        self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})

    def script(self, code, *args):
        return self.browser.execute_script(code, *args)

    def all(self, selector):
        return self.browser.find_elements(By.CSS_SELECTOR, selector)

    def one(self, selector):
        return self.browser.find_element(By.CSS_SELECTOR, selector)

    def press(self, *keys):
        """Press keys: text, or names such as "ARROW_LEFT"; keys after a modifier go with it."""
        self.focused.send_keys(*(getattr(Keys, key, key) for key in keys))

    def point(self, element):
        webdriver.ActionChains(self.browser).move_to_element(element).perform()

    @property
    def focused(self):
        return self.browser.switch_to.active_element

    @property
    def is_too_wide(self):
        """Return whether the page has to be scrolled sideways."""
        return self.script(
            "return document.documentElement.scrollWidth > document.documentElement.clientWidth"
        )

    def console(self):
        """Return what the console said since the last time."""
        return [entry["message"] for entry in self.browser.get_log("browser")]

    def requests(self):
        """Return the addresses that were asked for since the last time."""
        log = [
            json.loads(each["message"])["message"] for each in self.browser.get_log("performance")
        ]
        sent = (each["params"] for each in log if each["method"] == "Network.requestWillBeSent")
        return {each["request"]["url"] for each in sent}

    def violations(self):
        """Return what axe-core finds, each in a line."""
        options = {"runOnly": {"type": "tag", "values": _RULES}}
        found = Axe().run(self.browser, options=options)["violations"]
        return [f"{each['id']}: {each['nodes'][0]['html']}" for each in found]
