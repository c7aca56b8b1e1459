"""chargen serve: a process of its own, and what is wrong with how it is started."""

import os
import re
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from chargen.serving.server import GRACE


@pytest.fixture
def runs(lstm_file, tmp_path):
    folder = tmp_path / "runs" / "tiny"
    folder.mkdir(parents=True)
    (folder / "model.safetensors").write_bytes(lstm_file.read_bytes())
    return folder.parent


@contextmanager
def process(*arguments, **environment):
    """A server in a process, and its address."""
    command = [sys.executable, "-m", "chargen", "serve", "--port", "0", *map(str, arguments)]
    paths = os.pathsep.join([str(Path.cwd()), os.environ.get("PYTHONPATH", "")])
    server = subprocess.Popen(
        command,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": paths, **environment},
    )
    try:
        said = ""
        while not (found := re.search(r"http://\S+", said)):
            line = server.stderr.readline()
            assert line, said
            said += line
        yield server, found[0], said
    finally:
        server.kill()
        server.wait()
        server.stderr.close()


def test_it_says_where_and_drains_when_it_is_ended(runs):
    with process("--folder", runs) as (server, address, said):
        assert "answers with tiny and 1 more; Ctrl-C ends it." in said
        body = {"model": "tiny", "prompt": "a", "max_tokens": 3000, "stream": True}
        with httpx2.stream("POST", f"{address}/v1/completions", json=body) as answer:
            lines = answer.iter_lines()
            next(lines)
            server.send_signal(signal.SIGTERM)
            assert list(lines)[-2:] == ["data: [DONE]", ""]
        assert server.wait(timeout=GRACE / 2) in (0, -signal.SIGTERM, 128 + signal.SIGTERM)
        assert server.stderr.read() == ""


def test_a_second_signal_ends_it_at_once(runs):
    with process("--folder", runs) as (server, address, _):
        body = {"model": "tiny", "prompt": "a", "max_tokens": 20_000, "n": 64, "stream": True}
        with httpx2.stream("POST", f"{address}/v1/completions", json=body) as answer:
            lines = answer.iter_lines()  # kept: once it is forgotten, the connection is closed
            next(lines)
            server.send_signal(signal.SIGINT)
            server.send_signal(signal.SIGTERM)
            server.wait(timeout=GRACE / 2)


def test_a_key_of_the_environment_or_a_file(runs, tmp_path):
    file = tmp_path / "key"
    file.write_text("sesame\n")
    for arguments, environment in (
        ((), {"CHARGEN_API_KEY": "sesame"}),
        (("--api-key-file", file), {}),
    ):
        with process("--folder", runs, *arguments, **environment) as (_, address, _):
            assert httpx2.get(f"{address}/v1/models").status_code == 401
            headers = {"authorization": "Bearer sesame"}
            assert httpx2.get(f"{address}/v1/models", headers=headers).status_code == 200


def test_it_warns_where_anybody_may_ask_and_where_nothing_is(tmp_path):
    with process("--folder", tmp_path, "--host", "0.0.0.0") as (_, _, said):
        assert f"There are no runs in {tmp_path}" in said
        assert "Warning: anybody who reaches 0.0.0.0 can use this server" in said


def test_a_model_is_called_by_the_last_part_of_its_path(refused, runs, tmp_path):
    model = runs / "tiny" / "model.safetensors"
    other, namesake = tmp_path / "other.safetensors", tmp_path / "tiny.safetensors"
    for copy in (other, namesake):
        copy.write_bytes(model.read_bytes())
    with process("-m", model, "-m", other, "-m", model.parent) as (_, address, _):
        cards = httpx2.get(f"{address}/v1/models").json()["data"]
        assert [card["id"] for card in cards] == ["tiny", "other"]
    for named in (model, model.parent):
        nowhere = "--corpus", tmp_path / "none"  # where it would end, should it go on
        said = refused("serve", "-m", named, "-m", namesake, *nowhere, code=2)
        assert f"{namesake} would be called tiny, as {model} is; rename one of them." in said


def test_what_is_wrong_is_told_in_one_line(refused, tmp_path, runs):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        for arguments, code, message in (
            (
                ("--port", port),
                2,
                f"--port {port} of 127.0.0.1 cannot be had: ",
            ),
            (("--port", "65536"), 2, "--port must be"),
            (("--host", "nowhere.invalid"), 2, "'nowhere.invalid' is no name or address here"),
            (("--host", "203.0.113.1"), 2, "cannot be had"),
            (("--folder", str(tmp_path / "none")), 2, "is no folder"),
            (("-m", "nobody"), 1, "There is no checkpoint nobody"),
            (("-m", "bundled", "--folder", str(runs)), 2, "--folder cannot be given with --model"),
            (("--api-key", "ключ"), 2, "--api-key must be printable ASCII"),
            (("--api-key-file", str(tmp_path / "none")), 2, "cannot be read"),
            (("--cors-origin", "example.org"), 2, "--cors-origin must be an origin"),
            (("--corpus", str(tmp_path / "none")), 1, "none"),
        ):
            assert message in refused("serve", *arguments, code=code)


def test_a_missing_library_is_named_with_the_line_that_installs_it(refused, monkeypatch):
    import importlib.util

    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "fastapi" else found(name)
    )
    assert "pip install 'chargen[serve]'" in refused("serve")


def test_serving_imports_no_tensorflow():
    code = "import sys, chargen.serving.app; print({'tensorflow', 'keras'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
