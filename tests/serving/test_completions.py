"""Completions as the official client of OpenAI's servers asks for them."""

import json
import math

import numpy as np
import openai
import pytest

import chargen
from chargen.generation.log_probs import log_softmax
from tests.helpers import decoder_of
from tests.serving.conftest import serving


@pytest.fixture(scope="module")
def plain(folder):
    return chargen.load(folder / "plain")


def complete(client, prompt="the ", model="plain", **asked):
    ours = ("state", "return_state", "clamp", "label", "unknown", "lines", "no_repeat", "max_copy")
    extra = {name: asked.pop(name) for name in ours if name in asked}
    return client.completions.create(model=model, prompt=prompt, extra_body=extra, **asked)


def test_a_seed_gives_the_text_that_sample_writes(client, plain):
    (choice,) = complete(client, max_tokens=80, seed=3, temperature=0.7).choices
    assert choice.text == plain.generate("the ", length=80, seed=3, temperature=0.7)
    assert choice.finish_reason == "length"


def test_n_and_prompts_are_numbered_as_other_servers_do(client, plain):
    answer = complete(client, ["a", "the "], n=3, max_tokens=20, seed=1)
    expected = [sample.text for sample in plain.samples(["a", "the "], n=3, length=20, seed=1)]
    assert [choice.index for choice in answer.choices] == list(range(6))
    assert [choice.text for choice in answer.choices] == expected
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (5, 120)


def test_ids_are_prompts_too(client, plain):
    ids = plain.vocabulary.encode("the ").tolist()
    texts = {
        choice.text
        for prompt in ("the ", ids, [ids, ids])
        for choice in complete(client, prompt, max_tokens=20, seed=1).choices
    }
    assert len(texts) == 1


def test_a_stream_is_the_text_in_pieces(client):
    whole = complete(client, n=2, max_tokens=300, seed=2)
    stream = complete(
        client, n=2, max_tokens=300, seed=2, stream=True, stream_options={"include_usage": True}
    )
    texts, reasons, used = ["", ""], [None, None], None
    identities = set()
    for event in stream:
        identities.add(event.id)
        used = event.usage or used
        for choice in event.choices:
            assert reasons[choice.index] is None
            texts[choice.index] += choice.text
            reasons[choice.index] = choice.finish_reason
    assert texts == [choice.text for choice in whole.choices]
    assert reasons == ["length", "length"]
    assert used.completion_tokens == 600
    assert len(identities) == 1


def test_a_stop_text_is_left_out_and_told(client, plain):
    text = plain.generate("the ", length=100, seed=5)
    stop = text[40:43]
    (choice,) = complete(client, max_tokens=100, seed=5, stop=["ß", stop]).choices
    assert choice.text == text[: text.index(stop)]
    assert (choice.finish_reason, choice.stop_reason) == ("stop", stop)


def test_lines_end_a_text(client):
    (choice,) = complete(client, max_tokens=2000, seed=5, lines=2).choices
    assert choice.text.count("\n") == 1
    assert (choice.finish_reason, choice.stop_reason) == ("stop", "\n")


def test_a_document_ends_by_itself(client):
    (choice,) = complete(client, "ab", "documents", max_tokens=500, seed=1).choices
    assert (choice.finish_reason, choice.stop_reason) == ("stop", "---")


def test_log_probabilities_cover_prompt_and_text(client, plain):
    (choice,) = complete(client, max_tokens=10, seed=1, logprobs=3, echo=True).choices
    told = choice.logprobs
    assert choice.text.startswith("the ")
    assert told.tokens == list(choice.text)
    assert told.text_offset == list(range(14))
    assert told.token_logprobs[0] is None
    assert told.top_logprobs[0] is None
    decoder, vocabulary = decoder_of(plain.checkpoint), plain.vocabulary
    for place in range(1, 14):
        (expected,) = log_softmax(decoder.step(vocabulary.encode(choice.text[place - 1])))
        best = {vocabulary.idx2char[i]: expected[i] for i in np.argsort(-expected)[:3]}
        own = {choice.text[place]: expected[vocabulary.char2idx[choice.text[place]]]}
        assert told.top_logprobs[place] == pytest.approx(best | own)
        assert told.token_logprobs[place] == told.top_logprobs[place][choice.text[place]]


def test_streamed_log_probabilities_come_one_character_an_event(client):
    (whole,) = complete(client, max_tokens=40, seed=1, logprobs=2).choices
    stream = complete(client, max_tokens=40, seed=1, logprobs=2, stream=True)
    events = [event.choices[0] for event in stream]
    assert [event.text for event in events] == list(whole.text)
    offsets = [offset for event in events for offset in event.logprobs.text_offset]
    assert offsets == whole.logprobs.text_offset
    assert offsets[0] == 4


def test_a_harness_scores_a_text_as_evaluate_does(client, plain):
    text = "the quick brown fox jumps over the lazy dog\n" * 5
    (choice,) = complete(client, text, max_tokens=0, logprobs=0, echo=True).choices
    assert choice.text == text
    loss = -sum(choice.logprobs.token_logprobs[1:]) / (len(text) - 1)
    assert loss == pytest.approx(plain.evaluate(text).carried, abs=1e-6)


def test_chat_goes_on_with_the_messages(client, plain):
    messages = [
        {"role": "user", "content": "a fox"},
        {"role": "assistant", "content": [{"type": "text", "text": "the "}]},
    ]
    answer = client.chat.completions.create(
        model="plain",
        messages=messages,
        max_completion_tokens=30,
        seed=4,
        logprobs=True,
        top_logprobs=2,
    )
    (choice,) = answer.choices
    assert choice.message.content == plain.generate("a fox\nthe ", length=30, seed=4)
    told = choice.logprobs.content
    assert [token.token for token in told] == list(choice.message.content)
    assert all(len(token.top_logprobs) == 2 for token in told)
    stream = client.chat.completions.create(
        model="plain", messages=messages, max_tokens=30, seed=4, stream=True
    )
    assert "".join(event.choices[0].delta.content for event in stream) == choice.message.content


def test_a_client_puts_a_streamed_chat_together(client):
    asked = {"model": "plain", "messages": [{"role": "user", "content": "a fox"}]}
    asked |= {"n": 2, "max_tokens": 300, "seed": 4}
    whole = client.chat.completions.create(**asked)
    with client.chat.completions.stream(**asked) as stream:
        stream.until_done()
        streamed = stream.current_completion_snapshot
    for one, other in zip(whole.choices, streamed.choices, strict=True):
        assert (other.message.role, other.message.content) == ("assistant", one.message.content)


def test_a_label_chooses_the_style(client, folder):
    model = chargen.load(folder / "labelled")
    for label in ("land", "sea"):
        (choice,) = complete(client, "a", "labelled", max_tokens=30, seed=1, label=label).choices
        assert choice.text == model.generate("a", length=30, seed=1, label=label)


def test_unknown_characters_are_named_or_replaced(client):
    with pytest.raises(openai.BadRequestError, match=r"'ж' \(U\+0436\)") as caught:
        complete(client, "ж the")
    assert caught.value.code == "unknown_character"
    answer = complete(client, "Ж “the” é", max_tokens=5, unknown="nearest")
    assert "'é'" in answer.notes[0]


@pytest.mark.parametrize(
    ("asked", "named"),
    [
        ({"max_tokens": -1}, "max_tokens"),
        ({"max_tokens": 10**6}, "max_tokens"),
        ({"n": 0}, "n"),
        ({"n": 129}, "n"),
        ({"temperature": -1}, "temperature"),
        ({"temperature": "hot"}, "temperature"),
        ({"temperature": math.nan}, "temperature"),
        ({"top_p": 0}, "top_p"),
        ({"stop": ""}, "stop"),
        ({"stop": ["a"] * 17}, "stop"),
        ({"logprobs": 21}, "logprobs"),
        ({"logprobs": True}, "logprobs"),
        ({"best_of": 3}, "best_of"),
        ({"frequency_penalty": 0.5}, "frequency_penalty"),
        ({"logit_bias": {"1": 5}}, "logit_bias"),
        ({"suffix": "end"}, "suffix"),
        ({"stream_options": {"include_usage": True}}, "stream_options"),
        ({"prompt": []}, "prompt"),
        ({"prompt": [10**6]}, "prompt"),
        ({"prompt": [-1]}, "prompt"),
        ({"prompt": ["a", 1]}, "prompt"),
        ({"prompt": ["a"] * 65}, "prompt"),
        ({"prompt": "\ud800"}, "prompt"),
        ({"prompt": "a" * 200_001}, "prompt"),
        ({"label": "sea"}, None),
        ({"only": "z-a"}, "only"),
        ({"state": "forged"}, "state"),
        ({"state": "ß" * 100}, "state"),
        ({"clamp": [{"layer": 0, "unit": 0, "value": 2}]}, "clamp"),
        ({"clamp": [{"layer": 9, "unit": 0}]}, "layer"),
        ({"clamp": [{"layer": 0, "unit": 24}]}, "unit"),
        ({"clamp": [{"layer": 0, "unit": 1}] * 2}, None),
    ],
)
def test_what_is_wrong_is_named(http, asked, named):
    body = json.dumps({"model": "plain", "prompt": "a", "max_tokens": 5} | asked)
    headers = {"content-type": "application/json"}
    answer = http.post("/v1/completions", content=body, headers=headers)
    error = answer.json()["error"]
    assert answer.status_code == 400, error
    assert error["type"] == "invalid_request_error"
    assert 10 < len(error["message"]) < 700
    if named is not None:
        assert error["param"].startswith(named)
        assert named in error["message"] or error["code"] == "unknown_character"


def test_neutral_values_pass_and_unknown_fields_are_named(http):
    body = {
        "model": "plain",
        "prompt": "a",
        "max_tokens": 3,
        "frequency_penalty": 0,
        "presence_penalty": 0.0,
        "repetition_penalty": 1,
        "logit_bias": {},
        "suffix": "",
        "best_of": 1,
        "user": "me",
        "seed": -7,
        "mirostat": 2,
        "tfs_z": 1,
    }
    answer = http.post("/v1/completions", json=body)
    assert answer.status_code == 200
    assert answer.headers["x-ignored-fields"] == "mirostat, tfs_z"


def test_what_a_text_copied_ends_it(client):
    (choice,) = complete(client, "the quick brown f", max_tokens=50, max_copy=20).choices
    assert choice.finish_reason in ("length", "content_filter")


def test_copies_are_limited_across_parts(folder, plain):
    corpus = plain.generate("the ", length=100, temperature=0)
    asked = {"max_copy": 12, "temperature": 0, "return_state": True}
    with (
        serving(folder, corpus=[corpus]) as (address, _),
        openai.OpenAI(base_url=f"{address}/v1", api_key="none") as client,
    ):
        (part,) = complete(client, max_tokens=10, **asked).choices
        text, first = part.text, part.state
        for _ in range(4):
            (part,) = complete(client, "", max_tokens=10, state=part.state, **asked).choices
            text += part.text
        # What was written before another prompt does not count.
        (fork,) = complete(client, corpus[10:12], max_tokens=12, state=first, **asked).choices
        with pytest.raises(openai.BadRequestError, match="max_copy must be at most 512"):
            complete(client, "", state=first, **asked | {"max_copy": 513})
    assert len(plain.copy_index(corpus).longest(text).text) == 12
    assert fork.text == corpus[12:24]


def test_a_state_goes_on_exactly_there(client):
    (whole,) = complete(client, max_tokens=90, seed=9).choices
    state, text = None, ""
    for length in (1, 29, 60):
        asked = {"seed": 9} if state is None else {"state": state}
        (part,) = complete(
            client, "" if state else "the ", max_tokens=length, return_state=True, **asked
        ).choices
        state, text = part.state, text + part.text
    assert text == whole.text
    assert len(state) < 4_000


def test_a_text_to_stop_at_is_found_across_parts(client):
    (whole,) = complete(client, max_tokens=90, seed=9).choices
    stop = whole.text[28:32]
    cut = whole.text.index(stop) + 2
    (part,) = complete(client, max_tokens=cut, seed=9, stop=stop, return_state=True).choices
    (rest,) = complete(client, "", max_tokens=60, stop=stop, state=part.state).choices
    assert (part.finish_reason, rest.finish_reason) == ("length", "stop")
    assert rest.stop_reason == stop


@pytest.mark.parametrize("model", ["plain", "documents"])
def test_a_state_before_any_text_goes_on_with_the_whole(client, model):
    (whole,) = complete(client, "", model, max_tokens=30, seed=9).choices
    (part,) = complete(client, "", model, max_tokens=0, seed=9, return_state=True).choices
    (rest,) = complete(client, "", model, max_tokens=30, state=part.state).choices
    assert (part.text, rest.text) == ("", whole.text)


def test_a_state_forks(client):
    (part,) = complete(client, max_tokens=20, seed=9, return_state=True).choices
    forks = [
        complete(client, prompt, max_tokens=20, seed=seed, state=part.state).choices[0].text
        for prompt, seed in (("", 1), ("", 2), ("fox", 1), ("", 1))
    ]
    assert len(set(forks)) == 3
    assert forks[0] == forks[3]
    (spelled,) = complete(client, f"the {part.text}fox", max_tokens=20, seed=1).choices
    assert forks[2] == spelled.text


def test_what_a_part_left_out_comes_first_when_it_goes_on(client):
    (whole,) = complete(client, max_tokens=90, seed=9).choices
    stop = whole.text[30:32]
    (part,) = complete(client, max_tokens=90, seed=9, stop=stop, return_state=True).choices
    rest = 90 - len(part.text) - len(stop)
    (more,) = complete(client, "", max_tokens=rest, state=part.state, logprobs=1).choices
    assert part.text + more.text == whole.text
    assert more.logprobs.tokens == list(more.text)


def test_a_document_that_ended_shows_its_separator_where_it_goes_on(client, folder):
    session = chargen.load(folder / "documents").session(seed=1)
    asked = {"model": "documents", "max_tokens": 20, "logprobs": 0}
    (part,) = complete(client, "ab", "documents", seed=1, return_state=True).choices
    assert part.text == session.generate("ab")
    (more,) = complete(client, "", state=part.state, **asked).choices
    assert more.text == session.generate(length=20)
    assert more.logprobs.tokens == ["---", *more.text[3:]]
    assert more.logprobs.text_offset == [0, *range(3, len(more.text))]
    stream = complete(client, "", state=part.state, stream=True, **asked)
    offsets = [offset for event in stream for offset in event.choices[0].logprobs.text_offset]
    assert offsets == more.logprobs.text_offset


def test_a_changed_or_foreign_state_is_refused_by_name(client):
    (part,) = complete(client, max_tokens=5, return_state=True).choices
    changed = part.state[:-8] + ("A" if part.state[-8] != "A" else "B") + part.state[-7:]
    for model, state, reason in (
        ("plain", changed, "changed"),
        ("labelled", part.state, "another"),
    ):
        with pytest.raises(openai.BadRequestError, match=f"state .*{reason}") as caught:
            complete(client, "", model, state=state)
        assert caught.value.code == "invalid_state"


def test_clamped_units_write_another_text_beside_the_usual_one(client, plain):
    clamps = [chargen.Clamp(0, 3, 0.0), chargen.Clamp(1, 2, 1.0)]
    asked = [{"layer": clamp.layer, "unit": clamp.unit, "value": clamp.value} for clamp in clamps]
    texts = [
        complete(client, max_tokens=50, seed=1, clamp=each).choices[0].text for each in ([], asked)
    ]
    assert texts[0] == plain.generate("the ", length=50, seed=1)
    assert texts[1] == plain.clamped(clamps).generate("the ", length=50, seed=1) != texts[0]
