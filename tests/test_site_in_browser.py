"""The site in Chromium: it fits a phone, and axe-core finds nothing serious, light and dark."""

import shutil
import subprocess
import sys
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
# Text, outputs, long lines of help, tables, pictures, generated lists of types.
PAGES = ["index", "controls", "commands-write", "measuring", "state", "reference-model", "format"]
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
pytestmark = pytest.mark.slow


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The address of a server that has the site."""
    pytest.importorskip("zensical")
    folder = tmp_path_factory.mktemp("build")
    build = [sys.executable, ROOT / "docs" / "tools" / "build.py", folder]
    subprocess.run(build, check=True, capture_output=True)
    handler = partial(Quiet, directory=folder / "site")
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="module")
def browser():
    programs = [name for name in ("chromium", "chromedriver") if shutil.which(name) is None]
    libraries = [name for name in ("selenium", "axe_core_python") if find_spec(name) is None]
    if missing := programs + libraries:
        pytest.skip(f"The site is looked at in Chromium; missing: {', '.join(missing)}.")
    from tests.serving.browsing import start_browser

    driver = start_browser()
    yield driver
    driver.quit()


def serious(browser):
    """What axe-core finds that keeps somebody from reading, each in a line."""
    from axe_core_python.selenium import Axe

    options = {"runOnly": {"type": "tag", "values": RULES}}
    for found in Axe().run(browser, options=options)["violations"]:
        if found["impact"] in ("serious", "critical"):
            where = [node["html"][:120] for node in found["nodes"]][:3]
            yield f"{found['id']} ({len(found['nodes'])}): {where}"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_fits_and_can_be_read(name, scheme, site, browser):
    from tests.serving.browsing import Page

    page = Page(browser, site)
    faults = []
    for width in (320, 390, 1280):
        page.look(width, scheme)
        browser.get(f"{site}/{name}.html")
        page.wait(lambda: page.script("return document.readyState === 'complete'"))
        dark = page.script("return document.body.dataset.mdColorScheme === 'slate'")
        assert dark == (scheme == "dark")
        shown, fits = page.script(
            "const {scrollWidth, clientWidth} = document.documentElement;"
            "return [scrollWidth, clientWidth]"
        )
        if shown > fits:
            faults.append(f"{shown} pixels are shown, {fits} fit in a window of {width}")
        if width != 390:
            faults += [f"at {width}: {each}" for each in serious(browser)]
    assert not faults, "\n".join(faults)
