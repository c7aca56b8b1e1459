from dataclasses import replace

import pytest

from chargen.cli.conversation import Conversation
from chargen.config import PreparationConfig, SamplingConfig
from chargen.errors import ChargenError, CommandError
from chargen.language_model import LanguageModel
from tests.helpers import with_tokenizer


@pytest.fixture
def converse(make_checkpoint, workdir):
    """A conversation with a small random network, in an empty folder."""

    def start(cell="lstm", **settings):
        settings = {"length": 40, "seed": 5, **settings}
        return Conversation(LanguageModel(make_checkpoint(cell)), SamplingConfig(**settings))

    return start


@pytest.fixture
def expected(make_checkpoint):
    """The text that a fresh model writes after a prompt, the prompt included."""
    return lambda prompt, **settings: (
        prompt + LanguageModel(make_checkpoint("lstm")).generate(prompt, **settings)
    )


def told(conversation, line):
    """What is written for a line."""
    return "".join(conversation.answer(line).pieces)


def refused(conversation, line):
    with pytest.raises(ChargenError) as caught:
        conversation.answer(line)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_line_starts_a_text(converse, expected):
    conversation = converse()
    told(conversation, "Ab: ")
    assert conversation.text == expected("Ab: ", length=40, seed=5)


def test_the_same_seed_writes_the_same_text_again(converse):
    conversation = converse()
    told(conversation, "A")
    first = conversation.text
    told(conversation, "B")
    told(conversation, "A")
    assert conversation.text == first


def test_without_a_seed_texts_differ_and_their_seed_is_told(converse, expected):
    conversation = converse(seed=None)
    told(conversation, "A")
    first, answer = conversation.text, conversation.answer(":seed")
    told(conversation, "A")
    assert conversation.text != first
    seed = int(answer.split(", ")[1].split(" ")[0])
    assert first == expected("A", length=40, seed=seed)


def test_unique_remembers_what_was_written_after_earlier_prompts(converse):
    conversation = converse(length=1, unique=True)
    written = [told(conversation, "A") for _ in range(5)]
    assert len(set(written)) == 5
    conversation.answer(":reset")
    assert told(conversation, "A") == written[0]


@pytest.mark.parametrize("more", [":more", "", ":mo"])
def test_more_is_what_a_longer_text_would_have_had(converse, expected, more):
    conversation = converse(no_repeat=3, max_line=9)
    told(conversation, "Ab")
    told(conversation, more)
    assert conversation.text == expected("Ab", length=80, seed=5, no_repeat=3, max_line=9)


@pytest.mark.parametrize("length", [0, 10, 700])
def test_a_changed_setting_leaves_the_state(converse, expected, cell, length):
    """Setting the seed starts new random numbers, which the likeliest character does not need."""
    conversation = converse(temperature=0, length=length)
    told(conversation, "Ab")
    conversation.answer(":seed 9")
    told(conversation, ":more")
    assert conversation.text == expected("Ab", length=2 * length, temperature=0)


@pytest.mark.parametrize("line", [":only A", ":max-line 1", ":temperature 0", ":seed 9"])
def test_what_a_setting_changes_shows_in_more(converse, line):
    conversation, unchanged = converse(), converse()
    told(conversation, "A")
    told(unchanged, "A")
    conversation.answer(line)
    assert told(conversation, ":more") != told(unchanged, ":more")


def test_the_seed_decides_what_more_writes(converse):
    def carried_on(seed):
        conversation = converse(seed=5)
        told(conversation, "A")
        conversation.answer(f":seed {seed}")
        return told(conversation, ":more")

    assert carried_on(8) == carried_on(8) != carried_on(9)


def test_a_changed_setting_repeats_no_random_numbers(converse):
    """At a high temperature they alone decide what is drawn."""
    conversation = converse(temperature=1e9)
    first = told(conversation, "A")
    conversation.answer(":temperature 1e8")
    second = told(conversation, ":more")
    conversation.answer(":temperature 1e9")
    assert len({first, second, told(conversation, ":more")}) == 3


@pytest.mark.parametrize("length", [0, 1, 40, 300])
def test_without_a_prompt_a_text_starts_as_sample_starts_it(converse, expected, length):
    settings = {"temperature": 0, "no_repeat": 2, "max_line": 12}
    conversation = converse(length=length, **settings)
    told(conversation, "")
    conversation.answer(":seed 9")
    told(conversation, "")
    assert conversation.text == expected("", length=2 * length, **settings)


def test_a_text_that_was_stopped_goes_on_where_it_was(converse, expected):
    conversation = converse(length=100_000)
    pieces = conversation.answer("A").pieces
    for _ in range(25):
        next(pieces)
    assert len(conversation.text) == 26
    conversation.answer(":length 30")
    told(conversation, ":more")
    assert conversation.text == expected("A", length=55, seed=5)


def test_what_a_text_stopped_at_comes_with_more(converse, expected):
    whole = expected("A", length=400, seed=5)
    stop = whole[150:153]
    conversation = converse(length=400, stop=(stop,))
    told(conversation, "A")
    place = whole.index(stop, 1)
    assert conversation.text == whole[:place]
    conversation.answer(":length 1")
    assert told(conversation, ":more") == whole[place : place + 4]
    assert conversation.text == whole[: place + 4]


def test_a_document_is_written_to_its_end_as_sample_writes_it(make_checkpoint):
    made = make_checkpoint(characters="\0abc", seed=7)
    made.weights["dense/bias"][0] = -5
    model = LanguageModel(with_tokenizer(made, start="\0"))
    document = model.generate("a", seed=2)
    assert 500 < len(document) < 10_000
    conversation = Conversation(model, SamplingConfig(seed=2))
    assert told(conversation, "a") == document


def test_lines_are_counted_anew(converse, expected):
    whole = expected("A", length=2000, seed=5)
    conversation = converse(length=2000, lines=2)
    told(conversation, "A")
    told(conversation, ":more")
    assert conversation.text == "\n".join(whole.split("\n")[:4])


def test_reset_forgets(converse, expected):
    conversation = converse()
    told(conversation, "Ab")
    conversation.answer(":reset")
    assert conversation.text == ""
    told(conversation, ":more")
    assert conversation.text == expected("", length=40, seed=5)


def test_a_prompt_may_begin_with_a_colon(converse, expected):
    conversation = converse()
    told(conversation, "::A")
    assert conversation.text == expected(":A", length=40, seed=5)


def test_unknown_characters_become_the_nearest(converse, expected):
    conversation = converse()
    passage = conversation.answer("À世b")
    assert passage.lead == "Ab"
    assert "'A'" in passage.notes[0]
    told(conversation, "À世b")
    assert conversation.text == expected("Ab", length=40, seed=5)


def test_a_prompt_is_prepared_once_as_the_corpus_was(make_checkpoint):
    made = make_checkpoint(characters="\nabce\u0301\ufffd")
    preparation = PreparationConfig(normalize="NFC", lowercase=True)
    model = LanguageModel(with_tokenizer(made, preparation=preparation))
    conversation = Conversation(model, SamplingConfig(length=9, seed=1))
    assert conversation.answer("Abc").notes == ()
    told(conversation, "AbÉ")
    assert conversation.text.startswith("abe\u0301")
    conversation.answer(":temperature 1")  # reads it again
    told(conversation, ":more")
    assert len(conversation.text) == 4 + 18
    folding = replace(preparation, min_count=2)
    model = LanguageModel(with_tokenizer(made, preparation=folding))
    passage = Conversation(model, SamplingConfig(length=9, seed=1)).answer("A€b")
    assert (passage.lead, passage.notes) == ("a€b", ())
    assert "".join(passage.pieces) == model.generate("a\ufffdb", length=9, seed=1)


def test_a_prompt_that_is_refused_leaves_the_text(converse, expected):
    conversation = converse()
    told(conversation, "Ab")
    assert "世" in refused(conversation, "世")
    told(conversation, ":more")
    assert conversation.text == expected("Ab", length=80, seed=5)


def test_settings_that_no_text_can_keep_to_leave_the_text(converse, expected):
    conversation = converse(temperature=0)
    told(conversation, "Ab")
    conversation.answer(":only z")
    for line in ("A", ":more"):
        assert "only 'z'" in refused(conversation, line)
    conversation.answer(":only default")
    told(conversation, ":more")
    assert conversation.text == expected("Ab", length=80, temperature=0)


@pytest.mark.parametrize(
    ("line", "name", "value"),
    [
        (":temperature 0.25", "temperature", 0.25),
        (":temp 0", "temperature", 0.0),
        (":length  7 ", "length", 7),
        (":seed default", "seed", None),
        (":top-k 3", "top_k", 3),
        (":top_k 3", "top_k", 3),
        (":only 'a-z \\n'", "only", r"a-z \n"),
        (":stop a 'B C'", "stop", ("a", "B C")),
        (":stop 'default'", "stop", ("default",)),
        (":only 'none'", "only", "none"),
        (":seed none", "seed", None),
    ],
)
def test_settings_are_read_as_on_the_command_line(converse, line, name, value):
    conversation = converse()
    conversation.answer(line)
    assert getattr(conversation.settings, name) == value
    shown = conversation.answer(f":{name}").split("   ")[0]
    conversation.settings = SamplingConfig(seed=1)
    conversation.answer(shown)
    assert getattr(conversation.settings, name) == value


def test_every_setting_is_shown(converse):
    conversation = converse(temperature=0.25)
    shown = conversation.answer(":settings")
    assert shown == conversation.answer(":")
    assert len(shown.splitlines()) == len(conversation.settings.to_json()) - 1  # no max_copy
    assert ":temperature 0.25 " in shown


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (":temperature hot", "temperature: 'hot' is not a number."),
        (":temperature -1", "temperature must be a number from 0 to 1,000,000,000; received -1.0."),
        (":temperature 1 2", "temperature: received 2 values for one"),
        (":stop 'a", "stop: No closing quotation."),
        (":temprature 1", "did you mean :temperature?"),
        (":to", "did you mean :top-k or :top-p?"),
        (":xyz", "There is no :xyz. :help lists all; ::xyz is a prompt."),
        (":more 5", ":more takes nothing after it; received '5'."),
        (":save", ":save needs the name of a file"),
        (":save x", "There is no text to save yet"),
    ],
)
def test_what_cannot_be_followed_is_told(converse, line, reason):
    conversation = converse()
    before = conversation.settings
    assert reason in refused(conversation, line)
    assert conversation.settings == before


def test_help_names_every_command_and_setting(converse):
    conversation = converse()
    words = conversation.answer(":help")
    for name in (":more", ":reset", ":save FILE", ":quit", "Ctrl-C", "temperature", "top-p"):
        assert name in words


def test_quit_leaves(converse):
    with pytest.raises(EOFError):
        converse().answer(":quit")


# Saving


def test_save_writes_the_whole_text(converse, workdir):
    conversation = converse()
    told(conversation, "A")
    told(conversation, ":more")
    assert "81 characters" in conversation.answer(":save a tale.txt")
    saved = (workdir / "a tale.txt").read_bytes().decode()
    assert saved == f"{conversation.text}\n"


def test_save_replaces_only_when_told(converse, workdir):
    file = workdir / "tale.txt"
    file.write_text("precious")
    conversation = converse()
    told(conversation, "A")
    assert "tale.txt exists; :save! tale.txt replaces it" in refused(conversation, ":save tale.txt")
    assert file.read_text() == "precious"
    conversation.answer(":save! tale.txt")
    assert file.read_text() == f"{conversation.text}\n"


@pytest.mark.parametrize("name", [".", "a\0b", "/dev/null"])
@pytest.mark.parametrize("command", [":save", ":save!"])
def test_save_replaces_nothing_but_files(converse, command, name):
    conversation = converse()
    told(conversation, "A")
    with pytest.raises(CommandError, match="is not a file"):
        conversation.answer(f"{command} {name}")


def test_save_knows_the_home_folder(converse, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    conversation = converse()
    told(conversation, "A")
    conversation.answer(":save ~/tale.txt")
    assert (tmp_path / "tale.txt").exists()


@pytest.fixture
def speaking(labelled):
    return lambda **settings: Conversation(
        LanguageModel(labelled), SamplingConfig(length=20, **settings)
    )


def test_a_text_is_written_in_its_label(speaking, labelled):
    conversation = speaking(label="sea", seed=5)
    told(conversation, "Ab")
    expected = LanguageModel(labelled).generate("Ab", label="sea", length=20, seed=5)
    assert conversation.text == "Ab" + expected


def test_a_label_that_is_drawn_is_told_and_stays(speaking):
    conversation = speaking(seed=4)
    passage = conversation.answer("Ab")
    assert passage.notes == (f"Label: {conversation._session.label}",)
    label = conversation._session.label
    "".join(passage.pieces)
    for seed in range(5, 17):
        conversation.answer(f":seed {seed}")  # takes the text on in another stream
        told(conversation, "")
        assert conversation._session.label == label


def test_another_label_takes_the_text_on(speaking):
    same, turned = speaking(label="sea", seed=5), speaking(label="sea", seed=5)
    for conversation in (same, turned):
        told(conversation, "Ab")
    turned.answer(":label sky")
    assert told(turned, "") != told(same, "")
    assert turned._session.label == "sky"
    assert "no label 'fire'" in refused(turned, ":label fire")
    assert turned.settings.label == "sky"


def test_a_model_without_labels_takes_none(converse):
    assert "has no labels" in refused(converse(), ":label sea")
