"""A character-level text generator: train on one text file, then write in its style.

    import chargen

    model = chargen.train("corpus.txt", minutes=3)
    print(model.generate("All: ", temperature=0.5))

    model = chargen.load("checkpoints/corpus")
    for character in model.stream("All: ", seed=1):
        print(character, end="", flush=True)

The names below load their modules when first used, so that `import chargen` itself stays light;
only training, `LanguageModel.to_keras` and exports to TensorFlow's formats import TensorFlow.
"""

TYPE_CHECKING = False  # which type checkers take for true; imports here would delay every start
if TYPE_CHECKING:
    from typing import Any

    from chargen.api import from_keras as from_keras
    from chargen.api import resume as resume
    from chargen.api import train as train
    from chargen.corpus.corpus import Corpus as Corpus
    from chargen.corpus.encoder import BaseVocabulary as BaseVocabulary
    from chargen.errors import ChargenError as ChargenError
    from chargen.errors import CheckpointError as CheckpointError
    from chargen.errors import CorpusError as CorpusError
    from chargen.errors import DivergedError as DivergedError
    from chargen.errors import EncodingError as EncodingError
    from chargen.errors import ExportError as ExportError
    from chargen.errors import Interrupted as Interrupted
    from chargen.errors import MissingLibraryError as MissingLibraryError
    from chargen.errors import RunError as RunError
    from chargen.errors import SettingError as SettingError
    from chargen.errors import StateError as StateError
    from chargen.errors import StorageError as StorageError
    from chargen.errors import UnknownCharacterError as UnknownCharacterError
    from chargen.evaluation.activations import Activations as Activations
    from chargen.evaluation.classify import Classification as Classification
    from chargen.evaluation.classify import classify as classify
    from chargen.evaluation.features import FEATURES as FEATURES
    from chargen.evaluation.loss import Evaluation as Evaluation
    from chargen.evaluation.memory import Memory as Memory
    from chargen.evaluation.score import Score as Score
    from chargen.exports.verify import Verification as Verification
    from chargen.exports.verify import verify as verify
    from chargen.generation.clamps import Clamp as Clamp
    from chargen.generation.session import Session as Session
    from chargen.language_model import LanguageModel as LanguageModel
    from chargen.language_model import load as load
    from chargen.text.copies import CopyIndex as CopyIndex
    from chargen.training.report import Reporter as Reporter
    from chargen.training.report import Silent as Silent
    from chargen.training.report import Terminal as Terminal

__version__ = "0.1.0"

_HOMES = {
    "Activations": "chargen.evaluation.activations",
    "BaseVocabulary": "chargen.corpus.encoder",
    "ChargenError": "chargen.errors",
    "CheckpointError": "chargen.errors",
    "Clamp": "chargen.generation.clamps",
    "Classification": "chargen.evaluation.classify",
    "CopyIndex": "chargen.text.copies",
    "Corpus": "chargen.corpus.corpus",
    "CorpusError": "chargen.errors",
    "DivergedError": "chargen.errors",
    "EncodingError": "chargen.errors",
    "FEATURES": "chargen.evaluation.features",
    "Evaluation": "chargen.evaluation.loss",
    "ExportError": "chargen.errors",
    "Interrupted": "chargen.errors",
    "LanguageModel": "chargen.language_model",
    "Reporter": "chargen.training.report",
    "Memory": "chargen.evaluation.memory",
    "MissingLibraryError": "chargen.errors",
    "RunError": "chargen.errors",
    "Score": "chargen.evaluation.score",
    "Session": "chargen.generation.session",
    "SettingError": "chargen.errors",
    "Silent": "chargen.training.report",
    "StateError": "chargen.errors",
    "StorageError": "chargen.errors",
    "Terminal": "chargen.training.report",
    "UnknownCharacterError": "chargen.errors",
    "Verification": "chargen.exports.verify",
    "classify": "chargen.evaluation.classify",
    "from_keras": "chargen.api",
    "load": "chargen.language_model",
    "resume": "chargen.api",
    "train": "chargen.api",
    "verify": "chargen.exports.verify",
}
__all__ = ["__version__", *_HOMES]  # noqa: PLE0604, they are names


def __getattr__(name: str) -> "Any":
    if name in _HOMES:
        import importlib

        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
