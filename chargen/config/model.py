"""The shape of a network."""

from dataclasses import dataclass
from typing import Literal, get_args

from chargen.config.base import Settings, setting

Cell = Literal["lstm", "gru", "rnn"]
CELLS: tuple[str, ...] = get_args(Cell)
MAX_CHARACTERS = 0x110000  # in Unicode
_MAX_WIDTH = 16_384


@dataclass(frozen=True, kw_only=True)
class ModelConfig(Settings):
    """The shape of the network: Embedding → one or more recurrent layers → Dense.

    Raises:
        SettingError: if a value is outside its limits.
    """

    _added = ("labels",)
    _group = "Model"

    vocab_size: int = setting(help="Number of distinct characters.", limits=(2, MAX_CHARACTERS))
    embedding_dim: int = setting(
        64, help="Width of the vector that stands for a character.", limits=(1, _MAX_WIDTH)
    )
    cell: Cell = setting("lstm", help="Kind of recurrent layer.")
    units: tuple[int, ...] = setting(
        (512,),
        help="Width of each recurrent layer, from the first to the last, such as 512 or 512,128.",
        limits=(1, _MAX_WIDTH),
        expected=f"one or more whole numbers from 1 to {_MAX_WIDTH:,}, a width per layer, such as "
        "512 or 512,128",
        by_preset=True,
    )
    dropout: float = setting(
        0.1,
        help="Fraction of each recurrent layer's outputs that is dropped in training.",
        limits=(0, 1),
        excluded=1,
        by_preset=True,
    )
    labels: int = setting(
        0, help="Number of labels to tell apart; 0 for none.", limits=(0, 1_000_000)
    )

    def describe(self) -> str:
        """Return the network in one phrase, such as "embedding 64 → lstm 512 → dense 80"."""
        layers = " → ".join(map(str, self.units))
        return f"embedding {self.embedding_dim} → {self.cell} {layers} → dense {self.vocab_size}"
