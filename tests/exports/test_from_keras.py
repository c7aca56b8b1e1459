"""Models as tutorials make them, taken over from Keras."""

import numpy as np
import pytest

import chargen
from chargen.errors import CheckpointError, SettingError
from chargen.training.backend import keras, tf
from tests.helpers import decoder_of
from tests.test_arguments import MAX_MESSAGE, WRONG

# Keras itself does this where it turns its variables into arrays.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

VOCABULARY = "zyx \nABCabc"  # in another order than chargen's
CHAR2IDX = {character: index for index, character in enumerate(VOCABULARY)}
SIZE = len(VOCABULARY)
layers = keras.layers
CELLS = {"LSTM": layers.LSTM, "GRU": layers.GRU, "SimpleRNN": layers.SimpleRNN}


@pytest.fixture(autouse=True)
def seed():
    keras.utils.set_random_seed(1)


def recurrent(cell="LSTM", units=8, name="cell", **options):
    given = {"return_sequences": True, "stateful": True, "bias_initializer": "random_normal"}
    return CELLS[cell](units, name=name, **{**given, **options})


def tutorial(*between, batch_size=1, dense=None, embedding=None):
    """A stateful model as tutorials build it, with random weights."""
    return keras.Sequential(
        [
            keras.Input(batch_shape=(batch_size, None)),
            embedding or layers.Embedding(SIZE, 5, name="embed"),
            *(between or [recurrent()]),
            dense or layers.Dense(SIZE, name="logits"),
        ]
    )


def reset(model):
    for layer in model.layers:
        getattr(layer, "reset_state", lambda: None)()


def assert_same(model, their_model, their_ids=CHAR2IDX, probabilities=False):
    """Check that both expect the same after each character of a text."""
    text = "Abc zyx\nCab"
    reset(their_model)
    theirs = np.array(their_model(np.array([[their_ids[each] for each in text]])), np.float64)[0]
    if probabilities:
        theirs = np.log(theirs)
    columns = [their_ids[each] for each in model.vocabulary.idx2char]
    decoder = decoder_of(model.checkpoint)
    for place, index in enumerate(model.vocabulary.encode(text)):
        logits = decoder.step(np.array([index]))[0]
        expected = theirs[place, columns]
        difference = (logits - logits.max()) - (expected - expected.max())
        assert np.abs(difference).max() < 1e-4


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("units", [(8,), (6, 9)])
def test_a_tutorials_model_is_taken_over(cell, units, tmp_path):
    between = [recurrent(cell, width, f"cell_{n}") for n, width in enumerate(units)]
    theirs = tutorial(*between)
    model = chargen.from_keras(theirs, CHAR2IDX)
    assert model.config.units == units
    assert model.vocabulary.idx2char == "".join(sorted(VOCABULARY))
    assert_same(model, theirs)
    model.save(tmp_path / "tutorial.safetensors")
    text = chargen.load(tmp_path / "tutorial.safetensors").generate("A", length=30, seed=1)
    assert text == model.generate("A", length=30, seed=1)


@pytest.mark.parametrize(
    "vocabulary",
    [VOCABULARY, list(VOCABULARY), np.array(list(VOCABULARY)), CHAR2IDX],
    ids=["text", "list", "array", "dict"],
)
def test_a_vocabulary_comes_in_the_forms_that_tutorials_have(vocabulary):
    theirs = tutorial()
    assert_same(chargen.from_keras(theirs, vocabulary), theirs)


class Subclass(keras.Model):
    """As TensorFlow's own tutorial has it: states are given, and "[UNK]" has id 0."""

    def __init__(self, size):
        super().__init__()
        self.embedding = layers.Embedding(size, 5)
        self.gru = layers.GRU(8, return_sequences=True, return_state=True)
        self.dense = layers.Dense(size)

    def call(self, inputs, states=None, return_state=False, training=False):
        x = self.embedding(inputs, training=training)
        if states is None:
            states = self.gru.get_initial_state(tf.shape(x)[0])
        x, states = self.gru(x, initial_state=states, training=training)
        x = self.dense(x, training=training)
        return (x, states) if return_state else x


def test_tensorflows_tutorial_with_its_string_lookup():
    lookup = layers.StringLookup(vocabulary=list(VOCABULARY), mask_token=None)
    theirs = Subclass(SIZE + 1)
    theirs(np.array([[1, 2]]))
    model = chargen.from_keras(theirs, lookup)
    assert_same(model, theirs, {each: index + 1 for each, index in CHAR2IDX.items()})


def test_what_has_no_effect_when_writing_is_passed_over():
    theirs = tutorial(layers.Dropout(0.5), recurrent(dropout=0.3), layers.SpatialDropout1D(0.1))
    assert_same(chargen.from_keras(theirs, CHAR2IDX), theirs)


@pytest.mark.parametrize(
    "dense",
    [
        layers.Dense(SIZE, activation="softmax"),
        keras.Sequential([layers.Dense(SIZE), layers.Softmax()]).layers,
        keras.Sequential([layers.Dense(SIZE), layers.Activation("softmax")]).layers,
    ],
    ids=["activation", "Softmax", "Activation"],
)
def test_probabilities_are_as_good_as_logits(dense):
    several = dense if isinstance(dense, list) else [dense]
    theirs = keras.Sequential([layers.Embedding(SIZE, 5), recurrent(stateful=False), *several])
    theirs(np.array([[1, 2]]))
    assert_same(chargen.from_keras(theirs, CHAR2IDX), theirs, probabilities=True)


def test_missing_biases_are_zeros():
    dense = layers.TimeDistributed(layers.Dense(SIZE, use_bias=False))
    theirs = tutorial(recurrent("GRU", use_bias=False), dense=dense)
    assert_same(chargen.from_keras(theirs, CHAR2IDX), theirs)


def test_a_model_for_many_streams_is_not_changed():
    theirs = tutorial(batch_size=4)
    theirs(np.tile([1, 2, 3], (4, 1)))
    before = [np.array(state) for state in theirs.get_layer("cell").states]
    assert any(state.any() for state in before)
    model = chargen.from_keras(theirs, CHAR2IDX)
    after = [np.array(state) for state in theirs.get_layer("cell").states]
    np.testing.assert_array_equal(before, after)
    assert len(model.generate(length=20)) == 20


# Other shapes


def bidirectional():
    return tutorial(layers.Bidirectional(layers.LSTM(4, return_sequences=True), name="both"))


REFUSED = [
    (bidirectional, r"both \(Bidirectional\) stands where an LSTM, GRU or SimpleRNN is expected"),
    (lambda: tutorial(recurrent("GRU", reset_after=False)), r"cell \(GRU\) has reset_after=False"),
    (lambda: tutorial(recurrent(activation="relu")), r"cell \(LSTM\) has activation='relu'"),
    (
        lambda: tutorial(recurrent(recurrent_activation="hard_sigmoid")),
        r"cell \(LSTM\) has recurrent_activation='hard_sigmoid', and chargen reads 'sigmoid'",
    ),
    (
        lambda: tutorial(recurrent(name="one"), recurrent("GRU", name="two")),
        r"two \(GRU\) is of another kind than one",
    ),
    (
        lambda: tutorial(recurrent(), layers.LayerNormalization(name="norm")),
        r"norm \(LayerNormalization\) stands where a Dense layer is expected",
    ),
    (
        lambda: tutorial(dense=layers.Dense(SIZE, activation="relu", name="out")),
        r"out \(Dense\) gives 'relu', and logits or softmax is read",
    ),
    (
        lambda: tutorial(dense=layers.Dense(5, name="out")),
        r"out \(Dense\) has 5 outputs for 11 embeddings",
    ),
    (
        lambda: tutorial(embedding=layers.Embedding(SIZE, 5, mask_zero=True, name="masked")),
        r"masked \(Embedding\) has mask_zero=True, and id 0 is a character",
    ),
    (
        lambda: keras.Sequential([keras.Input((None, 3)), recurrent(stateful=False)]),
        r"cell \(LSTM\) is not the Embedding that comes first",
    ),
    (
        lambda: keras.Sequential([layers.Embedding(SIZE, 5), layers.Dense(SIZE, name="out")]),
        r"out \(Dense\) stands where an LSTM, GRU or SimpleRNN is expected",
    ),
    (
        lambda: keras.Sequential([layers.Embedding(SIZE, 5), recurrent(stateful=False)]),
        r"cell \(LSTM\) is the last, and a Dense layer is expected",
    ),
    (lambda: Subclass(SIZE), r"\(Embedding\) has no weights yet; call the model once"),
    (lambda: keras.Sequential([]), r"A Keras model is needed, Embedding"),
]


@pytest.mark.parametrize(("make", "told"), REFUSED)
def test_another_shape_is_refused_by_the_name_of_the_layer(make, told):
    with pytest.raises(CheckpointError, match=told) as error:
        chargen.from_keras(make(), CHAR2IDX)
    assert "\n" not in str(error.value)


class Scaled(keras.layers.LSTM):
    """A layer of one's own, which could do anything."""


def test_a_layer_that_only_looks_like_kerass_is_refused():
    theirs = tutorial(Scaled(8, return_sequences=True, name="mine"))
    with pytest.raises(CheckpointError, match=r"mine \(.*\.Scaled\) stands where"):
        chargen.from_keras(theirs, CHAR2IDX)


class Twice(Subclass):
    def call(self, inputs, training=False):
        return 2 * super().call(inputs)


def test_what_stands_between_the_layers_is_noticed():
    theirs = Twice(SIZE)
    theirs(np.array([[1, 2]]))
    with pytest.raises(CheckpointError, match="computes something else than Embedding → one or"):
        chargen.from_keras(theirs, CHAR2IDX)


def test_a_model_that_cannot_be_called_is_refused(tmp_path):
    from chargen.exports.formats import export
    from tests.exports.networks import network

    export(network(), "keras", tmp_path / "ours.keras")  # it wants states too
    theirs = keras.models.load_model(tmp_path / "ours.keras")
    with pytest.raises(CheckpointError, match="cannot be called with ids of shape"):
        chargen.from_keras(theirs, "\n !:ABCabcdé’\N{GRINNING FACE}")


# Vocabularies


@pytest.mark.parametrize(
    ("vocabulary", "told"),
    [
        ({"the": 0, "a": 1}, "must be of single characters; received 'the'"),
        ({"a": 0, "b": SIZE}, f"must be of ids from 0 to {SIZE - 1}, as the model has {SIZE}; r"),
        ({"a": 0, "b": -1}, "received -1"),
        ({"a": 0, "b": 0.5}, "received 0.5"),
        ({"a": 0, "b": 0}, "must be of ids that all differ"),
        ("aab", "must be characters that all differ; received 'aab'"),
        (["a", ["b"]], "must be characters that all differ"),
        ({"a": 0}, "must be of two characters or more"),
        (5, "must be a dict of each character's id, or the characters in the order"),
        (b"abc", "must be a dict of each character's id"),
        ({}, "must be a dict of each character's id"),
    ],
)
def test_a_vocabulary_that_does_not_fit_is_told(vocabulary, told):
    with pytest.raises(SettingError, match=f"^vocabulary .*{told}"):
        chargen.from_keras(tutorial(), vocabulary)


def test_ids_without_a_character_are_told_and_never_written():
    theirs = tutorial()
    with pytest.warns(UserWarning, match="Ids without a character are never written: 3, 10"):
        model = chargen.from_keras(theirs, {c: i for c, i in CHAR2IDX.items() if c not in " c"})
    assert model.config.vocab_size == SIZE - 2
    assert not set(model.generate(length=300, seed=1)) & set(" c")


def test_any_other_vocabulary_is_told_in_a_sentence():
    theirs = tutorial()
    for value in WRONG:
        if isinstance(value, str) and value == "a\nb":
            continue  # these are three characters
        with pytest.raises(chargen.ChargenError) as error:
            chargen.from_keras(theirs, value)
        assert len(str(error.value)) < MAX_MESSAGE


def test_a_nul_is_no_boundary_of_ours():
    """In chargen's own models it begins a document; in others it may be anything."""
    ids = {character: index for character, index in CHAR2IDX.items() if character != "c"}
    model = chargen.from_keras(tutorial(), {**ids, "\0": CHAR2IDX["c"]})
    assert model.checkpoint.tokenizer.boundary is None
    assert model.config.vocab_size == SIZE - 1
