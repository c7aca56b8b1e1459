"""Every public function answers every wrong value in a sentence.

Functions and parameters are found by looking, so a new one is tested without being listed.
"""

import inspect
import warnings
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

import chargen
import chargen.config
from chargen.checkpoint import Checkpoint
from chargen.config.base import Settings
from chargen.errors import ChargenError
from chargen.text.vocabulary import Vocabulary

HUGE = 10**400
WRONG = [
    None, True, False, 0, -1, 5, HUGE, -HUGE, 0.5, float("nan"), float("inf"), 1j, "", "x", "\0",
    "x" * 5000, "\ud800", "a\nb", b"", b"x", bytearray(b"x"), [], [None], [5], ["x", 5], [[]],
    [b"x"], (), (1, 2), {}, {"a": 1}, {1: 2}, set(), frozenset("x"), range(3), object(), int, print,
    Path("nowhere"), np.zeros(3), np.array(["x"]), np.int64(3), Ellipsis, iter(()),
]  # fmt: skip
MAX_MESSAGE = 620  # characters
# By the library, to look at:
GIVEN = {chargen.Activations, chargen.Classification, chargen.Evaluation, chargen.Memory}
GIVEN |= {chargen.Score, chargen.Verification}
TOLD = {chargen.Reporter, chargen.Silent, chargen.Terminal}  # by the library
MORE = {"Checkpoint.load": Checkpoint.load, "Vocabulary": Vocabulary}
MORE |= {"Vocabulary.encode": Vocabulary.encode, "Vocabulary.decode": Vocabulary.decode}


def public_functions():
    """Return each public function, class and method of a class, by name."""
    found = dict(MORE)
    for name in set(chargen.__all__) - {"__version__"}:
        public = getattr(chargen, name)
        if not callable(public) or public in GIVEN | TOLD:
            continue
        if inspect.isclass(public) and issubclass(public, Exception):
            continue
        found[name] = public
        if inspect.isclass(public):
            for method, function in inspect.getmembers(public, inspect.isfunction):
                if not method.startswith("_") and public is not chargen.CopyIndex:
                    found[f"{name}.{method}"] = function
    return found


FUNCTIONS = public_functions()
CASES = [
    pytest.param(name, parameter.name, id=f"{name}-{parameter.name}")
    for name, function in sorted(FUNCTIONS.items())
    for parameter in inspect.signature(function).parameters.values()
    if parameter.name != "self" and parameter.kind is not parameter.VAR_KEYWORD
]


@pytest.fixture
def objects(lstm_file, workdir):
    """Return what methods belong to, and an argument for each parameter that must be given."""
    model = chargen.load(lstm_file)
    (workdir / "short.txt").write_text("abba")  # too short to train on
    session = model.session()
    return {
        "LanguageModel": model,
        "Session": session,
        "CopyIndex": chargen.CopyIndex("Ab: abba"),
        "Vocabulary": model.vocabulary,
        "arguments": {
            **dict.fromkeys(("text", "texts", "prompt", "characters"), "Ab: "),
            **{"corpus": "short.txt", "run": "nowhere", "models": ["a", "b"], "ids": [1]},
            **{"checkpoint": model.checkpoint, "vocabulary": model.vocabulary, "path": "saved"},
            **{"make_decoder": session._make_decoder, "config": session._config},
            **{"format": "hub", "model": model, "layer": 0, "unit": 0, "clamps": []},
            **{"feature": "capitals", "other": session.fork()},
        },
    }


@pytest.mark.parametrize(("name", "parameter"), CASES)
def test_a_wrong_argument_is_told(objects, name, parameter):
    function = FUNCTIONS[name]
    needed = inspect.signature(function).parameters
    owner = name.split(".")[0]
    arguments = {
        each: objects["arguments"][each]
        for each in needed
        if each != "self"
        and needed[each].default is inspect.Parameter.empty
        and each in objects["arguments"]
    }
    if "self" in needed:
        arguments["self"] = objects[owner]
    if "settings" in needed and owner in ("LanguageModel", "Session"):
        arguments["length"] = 3
    if parameter == "adapt":
        arguments["progress"] = None  # which is wrong, so that TensorFlow is not imported
    for value in WRONG:
        if callable(value) and parameter in ("sampler", "progress"):
            continue  # what such a function raises is its own
        length = 0
        with warnings.catch_warnings(action="ignore"):
            try:
                result = function(**{**arguments, parameter: value})
                if hasattr(result, "__next__"):
                    list(islice(result, 3))
            except ChargenError as error:
                length = len(str(error))
            except IndexError:
                assert name == "Vocabulary.decode"  # it says so
        assert length < MAX_MESSAGE


CONFIGS = {each.__name__: each for each in Settings.__subclasses__()}


@pytest.mark.parametrize(
    ("config", "setting"),
    [(name, setting) for name, each in CONFIGS.items() for setting in each.described()],
)
def test_a_wrong_setting_is_told(config, setting):
    needed = {"vocab_size": 9} if config == "ModelConfig" else {}
    for value in WRONG:
        try:
            made = CONFIGS[config](**{**needed, setting: value})
        except ChargenError as error:
            length = len(str(error))
        else:
            length = len(repr(hash(made)))
        assert length < MAX_MESSAGE
