"""A text that is written part after part is the text that one long part would have been."""

import pytest

from chargen.errors import SettingError, UnknownCharacterError
from chargen.language_model import LanguageModel
from chargen.text.copies import CopyIndex


@pytest.fixture
def model(checkpoint):
    return LanguageModel(checkpoint)


def test_parts_put_together_are_the_whole(model):
    settings = {"seed": 3, "no_repeat": 3, "max_line": 9}
    session = model.session(**settings)
    parts = [
        session.generate("Ab: " * (not n), length=length) for n, length in enumerate([25, 0, 1, 34])
    ]
    assert "".join(parts) == model.generate("Ab: ", length=60, **settings)
    assert session.text == "Ab: " + "".join(parts)


def test_a_text_begins_without_a_prompt_where_texts_begin(model):
    session = model.session(seed=3)
    assert session.generate(length=9) + session.generate(length=9) == model.generate(
        length=18, seed=3
    )


def test_a_prompt_takes_the_text_on(model):
    session = model.session(temperature=0, length=10)
    first = session.generate("Ab")
    rest = session.generate("cA")
    assert rest == model.generate(f"Ab{first}cA", temperature=0, length=10)
    assert session.text == f"Ab{first}cA{rest}"


def test_a_part_that_is_left_goes_on_where_it_was(model):
    session = model.session(seed=3)
    pieces = session.stream("A", length=500)
    begun = [next(pieces) for _ in range(300)]
    rest = session.generate(length=30)
    assert "".join(begun) + rest == model.generate("A", seed=3, length=330)
    assert list(pieces) == []  # it ended when the next part began


def test_what_a_part_stopped_at_comes_with_the_next(model):
    whole = model.generate("A", length=400, seed=5)
    stop = whole[150:153]
    session = model.session(seed=5, length=400)
    first = session.generate("A", stop=stop)
    assert first == whole[: whole.index(stop)]
    assert first + session.generate(length=1) == whole[: len(first) + 4]


def test_a_stop_text_is_found_across_parts(model):
    whole = model.generate("A", length=400, seed=5)
    stop = whole[150:153]
    place = whole.index(stop)
    for size in (1, 2, 7):
        session = model.session(seed=5, length=size, stop=stop)
        text = session.generate("A")
        while session.finish_reason != "stop" and len(text) < 400:
            text += session.generate()
        assert text == whole[: len(text)]
        assert place <= len(text) < place + len(stop)
        assert text + session.generate(stop=()) == whole[: place + len(stop) + size]


def test_a_fork_goes_on_by_itself(model):
    session = model.session(seed=3, length=20)
    pieces = session.stream("A")
    for _ in range(7):
        next(pieces)
    fork = session.fork()
    rest = "".join(pieces)
    assert fork.generate(length=13) == rest
    assert fork.text == session.text
    fork.generate("bbb")
    assert session.text == "A" + model.generate("A", seed=3, length=20)


def test_the_same_seed_goes_on_and_another_starts_its_numbers(model):
    def second(**settings):
        session = model.session(seed=5, temperature=2)
        session.generate("A", length=20)
        return session.generate(length=20, **settings)

    assert second() == second(seed=5) != second(seed=6)
    assert second(seed=6) == second(seed=6)


def test_the_numbers_of_another_seed_go_on(model):
    one, other = (model.session(seed=5, temperature=1e6) for _ in range(2))
    long = one.generate("A", length=30, seed=6)
    assert other.generate("A", length=15, seed=6) + other.generate(length=15) == long


def test_an_interrupt_in_the_middle_of_a_step_costs_nothing(model, monkeypatch):
    session = model.session(temperature=0, length=30)
    first = session.generate("A")

    def interrupted(layer, x):
        raise KeyboardInterrupt

    kind = f"chargen.generation.decoder._{model.config.cell.upper()}.step"
    with monkeypatch.context() as patch:
        pieces = session.stream()
        drawn = next(pieces)
        patch.setattr(kind, interrupted)
        with pytest.raises(KeyboardInterrupt):
            next(pieces)
    rest = session.generate(length=29)
    assert first + drawn + rest == model.generate("A", length=60, temperature=0)


def test_after_an_interrupt_little_is_read_again(model, monkeypatch):
    session = model.session(temperature=0)
    pieces = session.stream("A", length=1000)
    for _ in range(600):
        next(pieces)
    assert len(session._unread) <= 256


def test_copies_are_limited_across_parts(model):
    corpus = model.generate("A", length=300, temperature=0)
    copies, session = CopyIndex(corpus), model.session(copies=CopyIndex(corpus), max_copy=20)
    text = session.generate("A", temperature=0, length=15)
    text += "".join(session.generate(temperature=0, length=15) for _ in range(8))
    passage = copies.longest(text)
    assert passage is not None
    assert len(passage.text) <= 20


def test_what_is_wrong_is_told_at_once_and_leaves_the_text(model):
    session = model.session(seed=1, length=10)
    session.generate("A")
    before = session.text
    for wrong in ({"temperature": -1}, {"only": "z"}, {"label": "sea"}):
        with pytest.raises(SettingError):
            session.stream(**wrong)
    with pytest.raises(UnknownCharacterError):
        session.stream("é")
    assert session.text == before
    assert before + session.generate() == "A" + model.generate("A", seed=1, length=20)


def test_a_document_that_ends_is_over_and_the_next_one_follows(make_checkpoint):
    made = make_checkpoint(characters="\0abc", seed=7)
    model = LanguageModel(made)
    session = model.session(seed=2)
    first, second = session.generate(), session.generate()
    assert session.text == first + second
    assert "\0" not in session.text


# Labels


def test_a_label_that_is_drawn_stays(labelled):
    for seed in range(12):
        session = LanguageModel(labelled).session(seed=seed, length=5)
        label = session.label
        assert label in labelled.labels
        for _ in range(3):
            session.generate("Ab")
            assert session.label == label


def test_another_label_takes_the_text_on(labelled):
    same, turned = (LanguageModel(labelled).session(label="sea", seed=5) for _ in range(2))
    assert same.generate("Ab") == turned.generate("Ab")
    assert same.generate() != turned.generate(label="sky")
    assert turned.label == "sky"
    turned.generate()
    assert turned.label == "sky"
