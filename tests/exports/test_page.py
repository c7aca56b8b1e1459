"""A page of one file, in Chromium, from the disk: it writes what chargen writes, and shows it."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import chargen
from chargen.errors import ExportError, SettingError, UnknownCharacterError
from chargen.exports.formats import export
from chargen.exports.int8 import dequantize, quantize
from chargen.exports.verify import verify
from chargen.language_model import LanguageModel
from chargen.pages.bundle import bundle
from tests.exports.networks import (
    FEW_SHAPES,
    ODD,
    arrays_of,
    first,
    network,
    reading,
    with_tokenizer,
)
from tests.helpers import decoder_of

OFFLINE = Path(chargen.__file__).parent / "pages" / "offline"
LETTERS = "\n !'.:ABCDEFGHabcdefghijklmnopqrstuvwxyz"


@pytest.fixture
def open_page(browser, tmp_path):
    """Export a model, open its page and return what a reader does there."""
    from tests.serving.browsing import Page

    def opened(checkpoint, **options):
        path = tmp_path / "plain.html"
        export(checkpoint, "page", path, overwrite=True, **options)
        page = Page(browser, "file://")
        page.open(str(path))
        assert page.error == ""
        return page

    return opened


def ask(page, task, **request):
    """What the page's worker answers; null for characters that it gave on the way."""
    answer = page.browser.execute_async_script(
        "const [task, request, done] = arguments; const characters = [];"
        "pageBackend.ask(task, JSON.parse(request), {give: more => characters.push(...more)})"
        ".then(result => done({result, characters}), error => done({error: error.message}))",
        task,
        json.dumps(request),
    )
    assert "error" not in answer, answer
    return answer


def written(page, prompt="", *, length=200, **settings):
    """What the page writes after a prompt."""
    request = {"prompt": prompt, "max_tokens": length, "temperature": 0.8, "logprobs": 3}
    characters = ask(page, "complete", **request | settings)["characters"]
    return "".join(each["text"] for each in characters)


def test_it_writes_from_the_disk_alone_and_says_nothing_on_the_console(open_page):
    page = open_page(network(characters=LETTERS))
    page.write("the ", characters=300)
    urls = page.requests()
    assert not [url for url in urls if not url.startswith(("file:", "blob:", "data:", "about:"))]
    assert page.console() == []
    (text,) = page.texts
    assert text.startswith("the ")
    assert len(text) == 304
    assert len(set(page.tints[4:])) > 2
    for hidden in ("#classify", "#inside", "#measures", "#tint", "#key-form"):
        assert not page.one(hidden).is_displayed()
    page.click(20)
    other = next(each for each in page.alternatives if "taken" not in each.get_attribute("class"))
    other.click()
    page.finish()
    assert page.texts[0][:20] == text[:20]
    assert page.texts[0] != text


@pytest.mark.slow
def test_it_can_be_stopped_and_gone_on_with(open_page):
    page = open_page(network(units=(300, 300), characters=LETTERS))
    page.write_and_stop(prompt="", characters=10_000, seed=1)
    assert 20 < len(page.texts[0]) < 10_000
    assert page.said.startswith("Stopped: ")
    page.write("a", characters=10)
    assert len(page.texts[0]) == 11


@pytest.mark.slow
def test_everybody_can_use_it(open_page):
    page = open_page(network(labels=2, characters=LETTERS))
    for width, scheme in ((1280, "light"), (320, "dark")):
        page.look(width, scheme)
        page.write("the ", characters=40)
        assert page.violations() == []
        assert not page.is_too_wide


@pytest.mark.parametrize("shape", FEW_SHAPES)
def test_the_network_is_the_same(open_page, shape):
    read = first(reading(shape, 200))
    checkpoint = network(*shape)
    label = 1 if shape[2] else None
    for options, limit in (({"float32": True}, 1e-4), ({}, 5e-3)):
        page = open_page(checkpoint, **options)
        inside = checkpoint
        if not options:
            inside = network(*shape)
            inside.weights.update(dequantize(quantize(checkpoint.weights)))
        decoder = decoder_of(inside, 1, None if label is None else np.array([label]))
        expected = [decoder.step(np.array([index]))[0].copy() for index in read.ids[0]]
        found = ask(page, "logits", ids=read.ids[0].tolist(), label=label)["result"]
        logits = found["logits"]
        np.testing.assert_allclose(logits, expected, atol=limit, rtol=0)
        for name, array in arrays_of(decoder.state).items():
            part, layer = name.split("_")
            state = found["state"][int(layer)][part]
            np.testing.assert_allclose(state, array[0], atol=limit, rtol=0, err_msg=name)


@pytest.mark.parametrize("options", [{}, {"float32": True}])
def test_the_vectors_inside_hold_in_the_browser(open_page, options):
    page = open_page(chargen.load("bundled").checkpoint, **options)
    document = page.script("return JSON.parse(document.getElementById('description').textContent)")
    vectors = document["vectors"]
    found = ask(page, "logits", ids=vectors["ids"], label=None)["result"]["logits"]
    largest = np.abs(np.array(found)[vectors["places"]] - vectors["logits"]).max()
    assert largest < (1e-4 if options else 5e-3)


@pytest.mark.skipif(shutil.which("wat2wasm") is None, reason="wat2wasm is not installed")
def test_the_kernel_is_made_of_its_source(tmp_path):
    made = tmp_path / "kernel.wasm"
    subprocess.run(["wat2wasm", OFFLINE / "kernel.wat", "-o", made], check=True)
    assert made.read_bytes() == (OFFLINE / "kernel.wasm").read_bytes()


SETTINGS = [
    {},
    {"temperature": 0},
    {"temperature": 1.7, "top_k": 3},
    {"top_p": 0.6},
    {"min_p": 0.2, "no_repeat": 6},
    {"stop": "ab"},
    {"top_k": 5, "top_p": 0.8, "temperature": 1},
]


@pytest.mark.parametrize("model", ODD)
def test_the_same_seed_gives_the_text_of_chargen(open_page, model):
    page, label = open_page(model, float32=True), next(iter(model.labels), None)
    for seed, settings in enumerate(SETTINGS):
        ours = LanguageModel(model).generate("", seed=seed, length=200, label=label, **settings)
        assert written(page, seed=seed, label=label, **settings) == ours, settings
    assert page.console() == []


def test_a_label_is_drawn_as_chargen_draws_it(open_page):
    model = network(labels=3)
    page = open_page(model, float32=True)
    for seed in range(6):
        assert written(page, seed=seed) == LanguageModel(model).generate(seed=seed, length=200)


PROMPTS = [
    "ABC",
    "“A”—b… \t\r\n\n\u2028c",
    "Ééê ø ﬁ ½ ß Æ ‘a’ \"b\" 'c'",
    "e\u0301\u0302 ä𝔞",
    "</script>\u2028a</script>\r\nb\0\0c",
    "a\r\nb\rc\nd",
]


@pytest.mark.slow
@pytest.mark.parametrize("model", ODD)
def test_a_prompt_is_read_as_chargen_reads_it(open_page, model):
    page, tokenizer = open_page(model), model.tokenizer
    for prompt in PROMPTS:
        try:
            ours = tokenizer.encode(tokenizer.prepare_prompt(prompt, "nearest").text).tolist()
        except UnknownCharacterError:
            with pytest.raises(AssertionError, match="Nothing is left of the text without"):
                ask(page, "prepare", text=prompt)
        else:
            assert ask(page, "prepare", text=prompt)["result"]["ids"] == ours, prompt


def test_nothing_left_of_a_prompt_is_told(open_page):
    page = open_page(network())
    page.fill(prompt="中文")
    page.one("#write").click()
    page.wait(lambda: page.error)
    assert page.error.startswith("Nothing is left of the text without '中' (U+4E2D), '文'")


@pytest.mark.slow
def test_any_prompt_is_read_as_chargen_reads_it(open_page):
    """Letters of many alphabets, marks, quotes, dashes, spaces, by chance."""
    random = np.random.default_rng(0)
    models = [network(characters=LETTERS), network(characters=LETTERS + "“”’–…ßé\u0301\u00a0")]
    for tokenizer, page in ((each.tokenizer, open_page(each)) for each in models):
        for _ in range(80):
            odd = random.choice([0x20, 0xA0, 0x300, 0x2000, 0x1E00, 0xFB00], 6)
            codes = np.append(random.integers(odd, odd + 0x60), random.integers(32, 127, 6))
            prompt = "a" + "".join(map(chr, random.permutation(codes)))
            ours = tokenizer.encode(tokenizer.prepare_prompt(prompt, "nearest").text).tolist()
            assert ask(page, "prepare", text=prompt)["result"]["ids"] == ours, ascii(prompt)


@pytest.mark.slow
def test_a_pasted_text_is_scored_as_chargen_scores_it(open_page):
    model = network(characters=LETTERS)
    page = open_page(model, float32=True)
    page.script("document.querySelector('[name=text]').value = 'the fox.'")
    page.one("#score").click()
    page.wait(lambda: page.one("#pasted-result").text)
    bits = LanguageModel(model).score("the fox.", unknown="nearest").bits_per_char
    assert f"{bits:.2f} bits per character" in page.one("#pasted-status").text


def test_random_numbers_are_those_of_numpy(browser):
    script = bundle(OFFLINE / "random.js")
    for seed in (0, 1, 7, 2**31, 2**32, 2**53 - 1):
        for key in ((0,), (3,), (0, 1)):
            found = browser.execute_script(
                script + "const next = module0.randomNumbers(arguments[0], ...arguments[1]);"
                "return Array.from({length: 20}, next)",
                seed,
                list(key),
            )
            random = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key))
            assert found == random.random(20).tolist()


def changed(path, old, new):
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")


def test_what_was_changed_is_named(tmp_path):
    path = tmp_path / "play.html"

    def after(old, new):
        export(network(), "page", path, overwrite=True)
        changed(path, old, new)
        with pytest.raises(ExportError) as error:
            verify(path)
        return str(error.value)

    assert "line" in after("const LOWEST = 1e-200", "const LOWEST = 1e-100")
    assert "line 5 is not" in after("default-src 'none'", "default-src *")
    export(network(), "page", path, overwrite=True)
    before = path.read_text("utf-8").partition('id="weights">')[2].partition("<")[0]
    export(network("gru"), "page", tmp_path / "other.html")
    other = (tmp_path / "other.html").read_text("utf-8")
    other = other.partition('id="weights">')[2].partition("<")[0]
    assert "damaged weights" in after(before, before[:40])
    assert "SHA-256" in after(before, other) or "damaged" in after(before, other)


def test_one_that_is_too_large_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("chargen.exports.page._MAX_BYTES", 3_000)
    path = tmp_path / "play.html"
    export(network(), "page", path)
    with pytest.raises(ExportError, match=r"up to 0\.003 MB of weights; .* in float32"):
        export(network(), "page", tmp_path / "other.html", float32=True)
    assert not (tmp_path / "other.html").exists()
    with pytest.raises(SettingError, match="has no option 'float32'"):
        export(network(), "onnx", tmp_path / "model.onnx", float32=True)


@pytest.mark.slow
def test_the_bundled_model_makes_a_page_of_600_kb(tmp_path):
    path = tmp_path / "bell.html"
    export(chargen.load("bundled").checkpoint, "page", path)
    assert path.stat().st_size <= 600_000
    model = chargen.load("bundled").checkpoint
    small = sum(array.nbytes for array in quantize(model.weights).values())
    assert small < sum(array.nbytes for array in model.weights.values()) / 3


def test_a_title_and_a_separator_that_look_like_html(open_page):
    model = with_tokenizer(network(characters="\0\n</script>ab"), separator="</script>", start="\0")
    page = open_page(model)
    assert page.console() == []
    prepared = ask(page, "prepare", text="ab</script>b")["result"]["ids"]
    assert prepared == model.tokenizer.encode("ab\0b").tolist()


@pytest.mark.skipif(sys.platform != "linux", reason="needs file names of any bytes")
def test_a_file_name_that_is_no_text(tmp_path):
    path = tmp_path / "\udcff<b>.html"
    export(network(), "page", path)
    assert r"<title>\udcff&lt;b&gt;</title>" in path.read_text("utf-8")
    verify(path)
