"""Everything else that the address answers."""

import base64
import re
import time

import httpx2
import numpy as np
import openai
import pytest

import chargen
from chargen.config import PreparationConfig
from tests.helpers import tiny_checkpoint, with_tokenizer
from tests.serving.conftest import CORPUS, LETTERS, save, serving


def test_models_are_listed_the_newest_first(http):
    cards = http.get("/v1/models").json()["data"]
    assert {card["id"] for card in cards} == {"plain", "labelled", "documents", "bundled"}
    assert [card["meta"]["is_default"] for card in cards] == [True, False, False, False]
    assert all(card["object"] == "model" and card["owned_by"] == "chargen" for card in cards)
    card = http.get("/v1/models/labelled").json()
    assert card["meta"]["labels"] == ["land", "sea"]
    assert card["meta"]["units"] == [7]


def test_an_unknown_model_is_refused_and_reaches_no_file(client, http):
    for name in ("nobody", "../plain", "/etc/passwd", "plain/model.safetensors", "", "."):
        with pytest.raises(openai.NotFoundError) as caught:
            client.completions.create(model=name, prompt="a")
        assert caught.value.code == "model_not_found"
    assert http.get("/v1/models/%2e%2e%2fplain").status_code == 404


def test_characters_are_tokens(http):
    plain = {"model": "plain"}
    answer = http.post("/tokenize", json=plain | {"prompt": "the fox"}).json()
    assert answer["count"] == 7
    text = http.post("/detokenize", json=plain | {"tokens": answer["tokens"]}).json()
    assert text == {"prompt": "the fox"}
    info = http.get("/tokenizer_info", params={"model": "documents"}).json()
    assert (info["vocab_size"], info["eos_token"]) == (11, "---")


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/v1/completions", "prompt"),
        ("/v1/chat/completions", "messages"),
        ("/v1/score", "text"),
        ("/tokenize", "prompt"),
    ],
)
def test_the_field_of_an_unknown_character_is_named_and_the_advice_can_be_taken(http, path, field):
    text = "thé fox"
    content = [{"role": "user", "content": text}] if field == "messages" else text
    body = {"model": "plain", field: content}
    answer = http.post(path, json=body)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["param"]) == (400, "unknown_character", field)
    assert 'Send unknown: "nearest"' in error["message"]
    answer = http.post(path, json=body | {"unknown": "nearest"})
    assert "'é'" in answer.json()["notes"][0]


def test_a_score_is_that_of_python(http, folder):
    body = {"model": "plain", "text": "the fox", "top": 2}
    answer = http.post("/v1/score", json=body).json()
    expected = chargen.load(folder / "plain").score("the fox", top=2).to_json()
    assert {name: answer[name] for name in expected} == expected


def test_a_text_is_classified(http):
    body = {"text": "abc", "models": ["labelled", "documents"]}
    answer = http.post("/v1/classify", json=body).json()
    assert set(answer["bits"]) == {"labelled: land", "labelled: sea", "documents"}
    assert http.post("/v1/classify", json={"text": "a", "models": ["plain"]}).status_code == 400
    assert len(http.post("/v1/classify", json={"text": "a"}).json()["bits"]) == 5


def test_units_are_told_as_python_has_them(http, folder):
    model = chargen.load(folder / "plain")
    text = "the BEACH and a FED hen: a BAD egg.\n" * 6
    found = model.activations(text)
    body = {"model": "plain", "text": text}
    for layer, units in ((0, None), (1, [3, 7])):
        answer = http.post("/v1/activations", json=body | {"layer": layer, "units": units}).json()
        values = np.frombuffer(base64.b64decode(answer["values"]), np.int8)
        expected = found.to_int8(layer, units)
        assert answer["units"] == (list(range(24)) if units is None else units)
        assert np.array_equal(values.reshape(answer["characters"], -1), expected)
    answer = http.post("/v1/units", json=body | {"feature": "capitals", "top": 3}).json()
    expected = [each.to_json() for each in model.find_units("capitals", text, top=3)]
    assert answer["units"] == expected
    told = http.get("/v1/units/features").json()["features"]
    assert "capitals" in [each["name"] for each in told]
    answer = http.post("/v1/memory", json=body).json()
    assert answer["contexts"][:3] == [1, 2, 4]
    assert len(answer["losses"]) == len(answer["contexts"])
    for path, asked in (
        ("activations", {"layer": 2}),
        ("activations", {"units": [24]}),
        ("activations", {"text": "a" * 5001}),
        ("units", {"feature": "happiness"}),
        ("units", {"feature": "indentation"}),
        ("memory", {"text": "a"}),
        ("memory", {"label": "sea"}),
    ):
        refused = http.post(f"/v1/{path}", json={"feature": "capitals"} | body | asked)
        assert refused.status_code == 400, (path, asked)


def test_copies_are_found(http):
    text = f"xyz{CORPUS[4:50]}?"
    answer = http.post("/v1/copies", json={"text": text}).json()
    assert (
        answer["stretches"] == [{"start": 4, "length": 46}] or answer["stretches"][0]["start"] <= 4
    )
    assert answer["longest"]["length"] >= 46
    assert 0.8 < answer["share_over_30"] < 1


def test_a_copy_is_one_to_a_model_that_reads_the_corpus_otherwise(tmp_path):
    made = tiny_checkpoint(characters="\n .abcdefghijklmnopqrstuvwxyz")
    lower = with_tokenizer(made, preparation=PreparationConfig(lowercase=True))
    save(made, tmp_path, "plain")
    save(lower, tmp_path, "lower")
    text = chargen.LanguageModel(made).generate("the ", length=200, seed=1)
    corpus = text.upper().replace("\n", "\r\n")
    with (
        serving(tmp_path, corpus=[corpus]) as (address, _),
        httpx2.Client(base_url=address, timeout=60) as http,
    ):
        for model, given, is_copied in (
            ("lower", text, True),
            ("lower", corpus, True),
            ("plain", corpus, True),
            ("plain", text, False),
        ):
            answer = http.post("/v1/copies", json={"model": model, "text": given}).json()
            assert (answer["share_over_30"] == 1) == is_copied
        body = {"model": "lower", "prompt": "the ", "max_tokens": 200, "seed": 1, "max_copy": 12}
        written = http.post("/v1/completions", json=body).json()["choices"][0]["text"]
    copied = chargen.LanguageModel(lower).copy_index(corpus).longest(written)
    assert len(copied.text) == 12


def test_pages_load_nothing_from_outside(http):
    page = http.get("/docs")
    assert page.status_code == 200
    assert "POST /v1/completions" in page.text
    assert "max_tokens" in page.text
    assert "src=" not in page.text
    assert "http" not in page.text.replace("HTTP", "")
    assert "default-src 'none'" in page.headers["content-security-policy"]


def test_metrics_count(http):
    http.post("/v1/completions", json={"model": "plain", "prompt": "a", "max_tokens": 7})
    told = http.get("/metrics").text
    assert 'chargen_requests_total{path="/v1/completions",status="200"}' in told
    assert "chargen_completion_characters_total" in told
    assert "chargen_active_texts 0.0" in told


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b"", "application/json", 400),
        (b"[]", "application/json", 400),
        (b'"a"', "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (b'{"prompt": "a"}', "text/plain", 400),
        (b"[" * 100_000, "application/json", 400),
        (b" " * (9 << 20), "application/json", 413),
    ],
)
def test_a_body_that_is_no_request_is_refused_in_one_shape(http, body, kind, status):
    answer = http.post("/v1/completions", content=body, headers={"content-type": kind})
    assert answer.status_code == status
    assert set(answer.json()["error"]) == {"message", "type", "param", "code"}


def test_a_body_that_is_too_large_is_so_in_chunks_too(http):
    chunks = iter([b" " * (1 << 20)] * 9)  # without content-length
    headers = {"content-type": "application/json"}
    answer = http.post("/v1/completions", content=chunks, headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too_large")


def test_wrong_paths_and_methods_have_the_same_shape(http):
    assert (
        http.get("/nowhere").json()["error"]["message"] == "There is no '/nowhere' here; see /docs."
    )
    answer = http.get("/v1/completions")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "POST"
    assert "error" in answer.json()


def test_a_key_is_asked_for(folder):
    with serving(folder, api_key="sesame") as (address, _), httpx2.Client(base_url=address) as http:
        for headers, status in (
            ({}, 401),
            ({"authorization": "Bearer wrong"}, 401),
            ({"authorization": "Bearer sesame"}, 200),
        ):
            for path in ("/v1/models", "/metrics", "/docs", "/openapi.json", "/tokenizer_info"):
                answer = http.get(path, headers=headers)
                assert answer.status_code == status, path
        assert http.get("/health").json() == {"status": "ok"}
        message = http.get("/v1/models").json()["error"]["message"]
        assert "Authorization: Bearer KEY" in message


def test_a_state_outlasts_a_server_with_a_key(folder):
    state = None
    for _ in range(2):
        with serving(folder, api_key="sesame") as (address, _):
            client = openai.OpenAI(base_url=f"{address}/v1", api_key="sesame")
            extra = {"return_state": True} | ({"state": state} if state else {})
            answer = client.completions.create(
                model="plain", prompt="", max_tokens=5, extra_body=extra
            )
            state = answer.choices[0].state


def test_hosts_and_origins_are_checked(address, http):
    port = address.rpartition(":")[2]
    for host, status in (
        (f"localhost:{port}", 200),
        ("192.168.0.7", 200),
        ("[::1]:80", 200),
        ("evil.example", 403),
        (f"localhost.evil.example:{port}", 403),
        ("", 403),
    ):
        assert http.get("/v1/models", headers={"host": host}).status_code == status, host
    for origin, status in ((address, 200), ("https://evil.example", 403), ("null", 403)):
        assert http.get("/v1/models", headers={"origin": origin}).status_code == status, origin


def test_pages_of_an_allowed_origin_may_ask_and_read_the_answer(folder):
    page, other = {"origin": "https://page.example"}, {"origin": "https://other.example"}
    keyed = {"authorization": "Bearer sesame", "host": "me.example"}
    sent = "authorization, content-type, x-stainless-lang, x-stainless-os"  # by OpenAI's client
    asked = {"access-control-request-method": "POST", "access-control-request-headers": sent}
    settings = {"cors_origin": (page["origin"],), "allowed_host": ("me.example",)}
    with (
        serving(folder, api_key="sesame", **settings) as (address, _),
        httpx2.Client(base_url=address, timeout=60) as http,
    ):
        for headers, content, status in (
            (keyed, b"{}", 200),
            ({}, b"{}", 401),
            (keyed, b" " * (9 << 20), 413),
        ):
            sending = headers | page | {"content-type": "application/json"}
            answer = http.post("/v1/completions", content=content, headers=sending)
            assert answer.status_code == status
            assert answer.headers["access-control-allow-origin"] == page["origin"]
        answer = http.options("/v1/completions", headers=asked | page)
        assert (answer.status_code, answer.headers["access-control-allow-headers"]) == (200, sent)
        assert http.options("/v1/completions", headers=asked | other).status_code == 400
        assert http.get("/v1/models", headers=keyed | other).status_code == 403


def test_who_comes_when_too_many_wait_is_told_to_come_again(folder):
    with (
        serving(folder, max_batch=1, max_queue=1) as (address, _),
        httpx2.Client(base_url=address, timeout=60) as http,
    ):
        body = {"model": "plain", "prompt": "a", "n": 3, "max_tokens": 5}
        answer = http.post("/v1/completions", json=body)
        assert answer.status_code == 429
        assert answer.headers["retry-after"] == "1"
        assert http.post("/v1/completions", json=body | {"n": 2}).status_code == 200


def test_a_model_is_loaded_anew_when_its_file_changes(tmp_path):
    body = {"model": "one", "prompt": "a", "max_tokens": 30, "seed": 1}
    save(tiny_checkpoint(characters=LETTERS, seed=1), tmp_path, "one")
    with serving(tmp_path) as (address, _), httpx2.Client(base_url=address) as http:

        def text():
            answer = http.post("/v1/completions", json=body)
            return answer.status_code, answer.json().get("choices", [{}])[0].get("text")

        first = text()
        save(tiny_checkpoint(characters=LETTERS, seed=2), tmp_path, "one")
        second = text()
        assert first != second
        file = tmp_path / "one" / "model.safetensors"
        whole = file.read_bytes()
        file.write_bytes(b"rubbish" * 100)
        answer = http.post("/v1/completions", json=body)
        assert answer.status_code == 503
        assert answer.json()["error"]["code"] == "model_unavailable"
        assert str(tmp_path) not in answer.text
        file.write_bytes(whole)
        assert text() == second
        save(tiny_checkpoint(characters=LETTERS, seed=1), tmp_path, "two")  # while it serves
        body["model"] = "two"
        assert text() == first


def test_the_least_used_model_leaves_when_memory_is_short(folder):
    from chargen.serving.networks import Networks

    networks = Networks(folder, max_bytes=1)
    first = networks.get("plain")
    assert networks.get("plain") is first
    networks.get("labelled")
    assert networks.loaded("plain") is None
    again = networks.get("plain")
    assert again is not first
    assert again.fingerprint == first.fingerprint


def test_the_history_of_a_run_is_told(tmp_path):
    save(tiny_checkpoint(characters=LETTERS), tmp_path, "one")
    with serving(tmp_path) as (address, _), httpx2.Client(base_url=address) as http:
        assert http.get("/v1/models/one/history").json() == {"rows": []}
        header = "step,epoch,learning_rate,train_loss,val_loss,val_loss_windowed,bits_per_char"
        line = "10,0.5,0.004,2.5,2.4,2.45,3.46"
        (tmp_path / "one" / "history.csv").write_text(f"{header}\n{line}\n")
        (row,) = http.get("/v1/models/one/history").json()["rows"]
        assert (row["step"], row["carried"]) == (10, 2.4)


def test_who_leaves_frees_the_places(http, address):
    body = {"model": "plain", "prompt": "a", "max_tokens": 20_000, "n": 64}
    before = steps(http)
    with (
        httpx2.Client(base_url=address, timeout=0.3) as leaving,
        pytest.raises(httpx2.ReadTimeout),
    ):
        leaving.post("/v1/completions", json=body)
    wait_until_idle(http)
    with http.stream("POST", "/v1/completions", json=body | {"stream": True}) as answer:
        lines = answer.iter_lines()  # kept: once it is forgotten, the connection is closed
        next(lines)
        assert "chargen_active_texts 64.0" in http.get("/metrics").text
    wait_until_idle(http)
    assert steps(http) - before < body["max_tokens"]  # neither was written to its end


def steps(http):
    """How many steps the batches have taken."""
    (found,) = re.findall(r"^chargen_step_seconds_count (\S+)", http.get("/metrics").text, re.M)
    return float(found)


def wait_until_idle(http):
    deadline = time.monotonic() + 60
    while "chargen_active_texts 0.0" not in http.get("/metrics").text:
        assert time.monotonic() < deadline
