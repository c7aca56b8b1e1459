"""A real server in a thread, over a folder of small networks."""

import threading
import time
from contextlib import contextmanager

import httpx2
import openai
import pytest
import uvicorn

from chargen.config import ServingConfig
from chargen.serving.app import make_app
from chargen.serving.networks import Networks
from chargen.serving.server import listen
from chargen.text.vocabulary import BOUNDARY
from tests.helpers import tiny_checkpoint, with_tokenizer

LETTERS = "\n !'.:ABCDEFGHabcdefghijklmnopqrstuvwxyz"
CORPUS = "the quick brown fox jumps over the lazy dog and runs away\n" * 3


def save(checkpoint, folder, name):
    (folder / name).mkdir(parents=True, exist_ok=True)
    checkpoint.save(folder / name / "model.safetensors")


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """Three runs: plain, with labels, with documents."""
    folder = tmp_path_factory.mktemp("runs")
    save(tiny_checkpoint(units=(24, 16), characters=LETTERS), folder, "plain")
    save(tiny_checkpoint(units=(7,), labels={"land": 10, "sea": 30}), folder, "labelled")
    documents = tiny_checkpoint(units=(9,), characters="\0\n abcdefgh")
    save(with_tokenizer(documents, start=BOUNDARY, separator="---"), folder, "documents")
    return folder


@contextmanager
def serving(folder, *, corpus=None, **settings):
    """The address of a server in a thread."""
    config = ServingConfig(port=0, **settings)
    app = make_app(Networks(folder), config, corpus=corpus)
    listening = listen(config.host, 0)
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", http="httptools", ws="none"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.005)
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}", app
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="session")
def address(folder):
    with serving(folder, corpus=[CORPUS]) as (address, _):
        yield address


@pytest.fixture
def http(address):
    with httpx2.Client(base_url=address, timeout=60) as client:
        yield client


@pytest.fixture
def client(address):
    with openai.OpenAI(base_url=f"{address}/v1", api_key="none", max_retries=0) as client:
        yield client


@pytest.fixture
def page(browser, address):
    """The playground, opened anew, with the run `plain` chosen."""
    from tests.serving.browsing import Page

    page = Page(browser, address)
    page.open()
    page.choose("#first [name=model]", "plain")
    return page
