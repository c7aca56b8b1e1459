"""The shape of a network."""

from dataclasses import dataclass
from typing import Literal, get_args

from chargen.config.base import Settings, setting

Cell = Literal["lstm", "gru", "rnn"]
CELLS: tuple[str, ...] = get_args(Cell)
MAX_CHARACTERS = 0x110000  # in Unicode
_MAX_WIDTH = 16_384
_MAX_LAYERS = 64


@dataclass(frozen=True, kw_only=True)
class ModelConfig(Settings):
    """The shape of a network: Embedding → one or more recurrent layers → Dense.

    A value outside its limits raises `SettingError`.
    """

    _added = ("labels",)
    _group = "Model"

    vocab_size: int = setting("Number of distinct characters.", min=2, max=MAX_CHARACTERS)
    embedding_dim: int = setting(
        "Width of the vector that stands for a character.", 64, min=1, max=_MAX_WIDTH
    )
    cell: Cell = setting("Kind of recurrent layer.", "lstm")
    units: tuple[int, ...] = setting(
        "Width of each recurrent layer, from the first to the last, such as 512 or 512,128.",
        (512,),
        min=1,
        max=_MAX_WIDTH,
        max_items=_MAX_LAYERS,
        expected=f"1 to {_MAX_LAYERS} whole numbers from 1 to {_MAX_WIDTH:,}, a width per "
        "layer, such as 512 or 512,128",
        by_preset=True,
    )
    dropout: float = setting(
        "Fraction of each recurrent layer's outputs that is dropped in training.",
        0.1,
        max=1,
        excluded=1,
        by_preset=True,
    )
    labels: int = setting("Number of labels to tell apart; 0 for none.", 0)

    def describe(self) -> str:
        """Return the network in one phrase, such as "embedding 64 → lstm 512 → dense 80"."""
        layers = " → ".join(map(str, self.units))
        return f"embedding {self.embedding_dim} → {self.cell} {layers} → dense {self.vocab_size}"
