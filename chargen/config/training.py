"""How a network learns."""

from dataclasses import dataclass
from typing import Literal, get_args

from chargen.config.base import Settings, setting
from chargen.errors import SettingError

Preset = Literal["auto", "tiny", "small", "base", "large"]
DEFAULT_MINUTES = 10.0
PRESETS: tuple[str, ...] = get_args(Preset)


@dataclass(frozen=True, kw_only=True)
class TrainingConfig(Settings):
    """How the network learns.

    Raises:
        SettingError: if a value is outside its limits.
    """

    _group = "Training"

    preset: Preset = setting(
        "auto",
        help="Choose width, regularization, batches and learning rate for this size of model; "
        "auto chooses by the length of the corpus and the time. Options that you give have "
        "priority.",
    )
    minutes: float | None = setting(
        None,
        help=f"Minutes to train; {DEFAULT_MINUTES:g} if neither minutes nor epochs are given.",
        limits=(0, 1_000_000),
        excluded=0,
    )
    epochs: int | None = setting(
        None, help="Passes over the training part, instead of minutes.", limits=(1, 1_000_000)
    )
    batch_size: int = setting(
        32, help="Streams of text that are read side by side.", limits=(1, 65_536), by_preset=True
    )
    seq_length: int = setting(
        16,
        help="Characters of each stream between two updates; gradients reach no further back.",
        limits=(1, 65_536),
        by_preset=True,
    )
    state_reset_rate: float = setting(
        0.02,
        help="Fraction of the streams whose state is reset to zero before a batch.",
        limits=(0, 1),
    )
    learning_rate: float = setting(
        4e-3,
        help="Peak learning rate, reached after the warm-up.",
        limits=(0, 1_000),
        excluded=0,
        by_preset=True,
    )
    warmup_steps: int = setting(
        50,
        help="Steps over which the learning rate rises linearly to its peak.",
        limits=(0, 1_000_000_000),
    )
    min_lr_ratio: float = setting(
        0.05,
        help="Learning rate at the end of its cosine decay, as a fraction of its peak.",
        limits=(0, 1),
    )
    weight_dropout: float = setting(
        0.0,
        help="Fraction of each LSTM layer's recurrent weights that is dropped in training.",
        limits=(0, 1),
        excluded=1,
        by_preset=True,
    )
    weight_decay: float = setting(
        0.1,
        help="Each step shrinks the kernels by this times the learning rate.",
        limits=(0, 1_000),
        by_preset=True,
    )
    clip_norm: float = setting(
        1.0,
        help="Scale gradients down to this global norm where theirs is greater.",
        limits=(0, 1_000_000_000),
        excluded=0,
    )
    validation_fraction: float = setting(
        0.1,
        help="Fraction of the corpus, or of each label's text, that is held out at its end to "
        "measure the loss.",
        limits=(0, 0.5),
    )
    max_evaluations: int = setting(
        10,
        help="Evaluate at most this many times, evenly spread over the run.",
        limits=(1, 1_000_000),
    )
    patience: int = setting(
        5,
        help="Stop early after this many evaluations without a better loss.",
        limits=(1, 1_000_000),
    )
    save_seconds: float = setting(
        30.0,
        help="Seconds between two saves.",
        limits=(0, 1_000_000_000),
        group="Saving and output",
    )
    tensorboard: bool = setting(
        False, help="Write event files for TensorBoard too.", group="Saving and output"
    )
    seed: int = setting(
        0,
        help="Random seed of the initial weights, dropout and state resets.",
        limits=(0, 2**31 - 1),
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.minutes is not None and self.epochs is not None:
            raise SettingError("Training takes either minutes or epochs; received both.")
        if self.minutes is None and self.epochs is None:
            object.__setattr__(self, "minutes", DEFAULT_MINUTES)
