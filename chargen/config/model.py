"""The shape of a network."""

from dataclasses import dataclass
from typing import Literal, get_args

from chargen.config.base import Settings, check, real, setting, whole

Cell = Literal["lstm", "gru", "rnn"]
CELLS: tuple[str, ...] = get_args(Cell)


@dataclass(frozen=True, kw_only=True)
class ModelConfig(Settings):
    """The shape of the network: Embedding → one or more recurrent layers → Dense.

    Raises:
        SettingError: if a value is outside its limits.
    """

    _added = ("labels",)

    vocab_size: int  # distinct characters
    embedding_dim: int = setting(64, "width of a character's vector")
    cell: Cell = setting("lstm", "kind of recurrent layer")
    units: tuple[int, ...] = setting(
        (512,), "width of each recurrent layer, first to last", by_preset=True
    )
    dropout: float = setting(
        0.1, "share of each recurrent layer's outputs dropped in training", by_preset=True
    )
    labels: int = 0  # styles to tell apart; 0 for a network that is told none

    def describe(self) -> str:
        """Return the network in one phrase, such as "embedding 64 → lstm 512 → dense 80"."""
        layers = " → ".join(map(str, self.units))
        return f"embedding {self.embedding_dim} → {self.cell} {layers} → dense {self.vocab_size}"

    def __post_init__(self) -> None:
        check("vocab_size", self.vocab_size, whole(self.vocab_size, 2), "a whole number from 2")
        check(
            "embedding_dim",
            self.embedding_dim,
            whole(self.embedding_dim, 1),
            "a whole number from 1",
        )
        check("cell", self.cell, self.cell in CELLS, "one of " + ", ".join(CELLS))
        if isinstance(self.units, list):  # as JSON has it
            object.__setattr__(self, "units", tuple(self.units))
        check(
            "units",
            self.units,
            isinstance(self.units, tuple)
            and bool(self.units)
            and all(whole(width, 1) for width in self.units),
            "one or more whole numbers from 1, a width per layer, such as 512 or 512,128",
        )
        check("dropout", self.dropout, real(self.dropout) and 0 <= self.dropout < 1, "in [0, 1)")
        check("labels", self.labels, whole(self.labels, 0), "a whole number from 0")
