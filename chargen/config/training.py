"""How a network learns."""

from dataclasses import dataclass
from typing import Literal, get_args

from chargen.config.base import Settings, check, is_positive, real, setting, whole
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

    preset: Preset = setting("auto", "what suits the corpus and the time: widths, dropout, streams")
    minutes: float | None = setting(None, "how long to train, in all; 10 where neither is given")
    epochs: int | None = setting(None, "times through the training part, instead of minutes")
    batch_size: int = setting(32, "streams read side by side", by_preset=True)
    seq_length: int = setting(
        16, "characters between updates; gradients reach no further back", by_preset=True
    )
    state_reset_rate: float = setting(
        0.02, "share of the rows that start a batch from a zero state"
    )
    learning_rate: float = setting(4e-3, "the highest, after warm-up", by_preset=True)
    warmup_steps: int = setting(50, "steps of linear rise to it")
    min_lr_ratio: float = setting(0.05, "what the cosine falls to, as a share of the highest")
    weight_dropout: float = setting(
        0.0, "share of each LSTM layer's recurrent weights dropped", by_preset=True
    )
    weight_decay: float = setting(
        0.1, "a step shrinks the kernels by this times the learning rate", by_preset=True
    )
    clip_norm: float = setting(1.0, "the gradient's global norm is cut down to this")
    validation_fraction: float = setting(
        0.1, "share of the corpus, or of each label's text, held out at its end"
    )
    max_evaluations: int = setting(10, "how often to evaluate, at most, evenly spread over the run")
    patience: int = setting(5, "evaluations without a better loss before stopping early")
    save_seconds: float = setting(30.0, "seconds between saves")
    tensorboard: bool = setting(False, "write event files for TensorBoard too")
    seed: int = setting(0, "of the initial weights and of dropout")

    def __post_init__(self) -> None:
        check("preset", self.preset, self.preset in PRESETS, "one of " + ", ".join(PRESETS))
        if self.minutes is not None and self.epochs is not None:
            raise SettingError("Training takes either minutes or epochs; received both.")
        if self.epochs is None:
            if self.minutes is None:
                object.__setattr__(self, "minutes", DEFAULT_MINUTES)
            check("minutes", self.minutes, is_positive(self.minutes), "a number above 0")
        else:
            check("epochs", self.epochs, whole(self.epochs, 1), "a whole number from 1")
        for name in ("batch_size", "seq_length", "max_evaluations", "patience"):
            value = getattr(self, name)
            check(name, value, whole(value, 1), "a whole number from 1")
        for name in ("learning_rate", "clip_norm"):
            value = getattr(self, name)
            check(name, value, is_positive(value), "a number above 0")
        for name in ("warmup_steps", "seed"):
            value = getattr(self, name)
            check(name, value, whole(value, 0) and value < 2**31, "a whole number from 0")
        check(
            "state_reset_rate",
            self.state_reset_rate,
            real(self.state_reset_rate) and 0 <= self.state_reset_rate <= 1,
            "in [0, 1]",
        )
        check(
            "weight_dropout",
            self.weight_dropout,
            real(self.weight_dropout) and 0 <= self.weight_dropout < 1,
            "in [0, 1)",
        )
        check(
            "weight_decay",
            self.weight_decay,
            real(self.weight_decay) and self.weight_decay >= 0,
            "a number from 0",
        )
        check(
            "min_lr_ratio",
            self.min_lr_ratio,
            real(self.min_lr_ratio) and 0 <= self.min_lr_ratio <= 1,
            "in [0, 1]",
        )
        check(
            "save_seconds",
            self.save_seconds,
            real(self.save_seconds) and self.save_seconds >= 0,
            "a number of seconds from 0",
        )
        check(
            "validation_fraction",
            self.validation_fraction,
            real(self.validation_fraction) and 0 <= self.validation_fraction <= 0.5,
            "in [0, 0.5]",
        )
