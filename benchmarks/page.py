"""A page that writes text by itself, in Chromium, beside chargen's own decoder.

    python benchmarks/page.py MODEL [MODEL …] --text HELD_OUT.txt

For each model: the size of its page; its loss on the text, the state carried through, in Chromium
and by `chargen evaluate`; characters per second of one text, as the page writes it (with the eight
alternatives of each character) and as `chargen sample` does on one thread, in turns; and of how
many seeds the exact page (--float32) writes the same text as chargen. It needs chromium and
chromedriver.
"""

import argparse
import json
import shutil
import statistics
import tempfile
import time
from pathlib import Path

from selenium import webdriver

import chargen
from chargen.evaluation.loss import evaluate
from chargen.exports.formats import export
from chargen.generation.weights import DecoderWeights

_LOSS = "pageBackend.ask('prepare', {text: input.text})"
_LOSS += ".then(({ids}) => pageBackend.ask('loss', {ids: ids.slice(0, input.characters)}))"
_WRITE = """(async () => {
  const begun = performance.now(), characters = [];
  await pageBackend.complete(input, ({text}) => characters.push(text));
  return [characters.join(""), performance.now() - begun];
})()"""


def open_browser():
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium")
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
        options.add_argument(argument)
    browser = webdriver.Chrome(options, webdriver.ChromeService(shutil.which("chromedriver")))
    browser.set_script_timeout(600)
    return browser


def ask(browser, code, value):
    """Return what a script gives for `input`."""
    return browser.execute_async_script(
        "const [text, done] = arguments, input = JSON.parse(text);"
        f"pageBackend.models().then(() => {code}).then(done, error => done(String(error)))",
        json.dumps(value),
    )


def opened(browser, model, folder, **options):
    path = folder / "page.html"
    export(model.checkpoint, "page", path, overwrite=True, **options)
    browser.get(path.as_uri())
    return path.stat().st_size


def losses(browser, model, text):
    """Return the loss in the page and in chargen."""
    tokenizer = model.checkpoint.tokenizer
    ids = tokenizer.encode(tokenizer.prepare_text(text, "nearest").text)
    theirs = ask(browser, _LOSS, {"text": text, "characters": len(ids)})
    return theirs, evaluate(DecoderWeights(model.checkpoint), ids).carried


def speeds(browser, model, rounds, length):
    """Return characters per second in the page and in chargen, one text; medians."""
    page, ours = [], []
    for seed in range(rounds):
        request = {"seed": seed, "temperature": 0.8, "max_tokens": length, "logprobs": 8}
        text, ms = ask(browser, _WRITE, request)
        page.append(len(text) / ms * 1000)
        begun = time.perf_counter()
        ours.append(len(model.generate(seed=seed, length=length)) / (time.perf_counter() - begun))
    return statistics.median(page), statistics.median(ours)


def same_texts(browser, model, seeds, length):
    """Return of how many seeds the exact page writes chargen's text."""
    same = 0
    for seed in range(seeds):
        request = {"seed": seed, "temperature": 0.8, "max_tokens": length, "logprobs": 0}
        same += ask(browser, _WRITE, request)[0] == model.generate(seed=seed, length=length)
    return same


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="+")
    parser.add_argument("--text", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--length", type=int, default=4_000)
    parser.add_argument("--seeds", type=int, default=0)
    options = parser.parse_args()
    browser = open_browser()
    with tempfile.TemporaryDirectory() as folder:
        for name in options.models:
            model = chargen.load(name, threads=1)
            size = opened(browser, model, Path(folder))
            print(f"{name}: units {model.checkpoint.config.units}, page {size / 1000:.0f} kB")
            if options.text:
                page, ours = losses(browser, model, options.text.read_text("utf-8"))
                print(f"  loss {page:.5f} in the page, {ours:.5f} in chargen, {page - ours:+.5f}")
            if options.rounds:
                page, ours = speeds(browser, model, options.rounds, options.length)
                ratio = page / ours
                print(f"  {page:,.0f} chars/s in the page, {ours:,.0f} in chargen: {ratio:.2f}")
            if options.seeds:
                opened(browser, model, Path(folder), float32=True)
                same = same_texts(browser, model, options.seeds, options.length)
                print(f"  the same {options.length:,} characters: {same} of {options.seeds} seeds")
    browser.quit()


if __name__ == "__main__":
    main()
