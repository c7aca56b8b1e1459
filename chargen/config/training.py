"""How a network learns."""

from dataclasses import dataclass
from typing import Literal, get_args

from chargen.config.base import Settings, setting
from chargen.errors import SettingError

Preset = Literal["auto", "tiny", "small", "base", "large"]
Optimizer = Literal["adamw", "soap"]
InitialWeights = Literal["random", "bundled"]
DropoutSchedule = Literal["constant", "rising"]
Precision = Literal["float32", "bfloat16"]
DEFAULT_MINUTES = 10.0
PRESETS: tuple[str, ...] = get_args(Preset)


@dataclass(frozen=True, kw_only=True)
class TrainingConfig(Settings):
    """How a network learns. A value outside its limits raises `SettingError`."""

    _added = ("optimizer", "initial_weights", "dropout_schedule", "precision")
    _group = "Training"

    preset: Preset = setting(
        "Choose width, regularization, batches and learning rate for this size of model; auto "
        "chooses by the length of the corpus and the time. Options that you give have priority.",
        "auto",
    )
    minutes: float | None = setting(
        "Minutes to train, fewer for a short text that needs fewer; "
        f"{DEFAULT_MINUTES:g} if neither minutes nor epochs are given.",
        None,
        excluded=0,
    )
    epochs: int | None = setting("Passes over the training part, instead of minutes.", None, min=1)
    batch_size: int = setting(
        "Streams of text that are read side by side.", 32, min=1, max=65_536, by_preset=True
    )
    seq_length: int = setting(
        "Characters of each stream between two updates; gradients reach no further back.",
        16,
        min=1,
        max=65_536,
        by_preset=True,
    )
    state_reset_rate: float = setting(
        "Fraction of the streams whose state is reset to zero before a batch.", 0.02, max=1
    )
    learning_rate: float = setting(
        "Peak learning rate, reached after the warm-up.", 7e-3, excluded=0, by_preset=True
    )
    optimizer: Optimizer = setting(
        "How gradients change the weights: adamw, or soap, which also follows the directions of "
        "the largest ones. soap learns more from a few passes, and sooner learns by heart.",
        "adamw",
        by_preset=True,
    )
    initial_weights: InitialWeights = setting(
        "Weights to begin with: random ones, or bundled, those of the model that comes with "
        "chargen. Units that a wider layer has in addition are random.",
        "random",
        by_preset=True,
    )
    warmup_steps: int = setting(
        "Steps over which the learning rate rises linearly to its peak.", 50
    )
    min_lr_ratio: float = setting(
        "Learning rate at the end of its cosine decay, as a fraction of its peak.", 0.05, max=1
    )
    weight_dropout: float = setting(
        "Fraction of each LSTM layer's recurrent weights that is dropped in training.",
        0.0,
        max=1,
        excluded=1,
        by_preset=True,
    )
    dropout_schedule: DropoutSchedule = setting(
        "Keep dropout and weight dropout constant, or let them rise linearly from 0 at the first "
        "step to their rates at the last one. Rates that you give are constant unless you give "
        "this too.",
        "constant",
        by_preset=True,
    )
    weight_decay: float = setting(
        "Each step shrinks the kernels by this times the learning rate.", 0.1, by_preset=True
    )
    clip_norm: float = setting(
        "Scale gradients down to this global norm where theirs is greater.", 1.0, excluded=0
    )
    precision: Precision = setting(
        "Number format of the factors in an LSTM layer's matrix products, in training on a CPU: "
        "float32, or bfloat16, which is faster on processors with instructions for it. All else is "
        "float32.",
        "float32",
        by_preset=True,
    )
    validation_fraction: float = setting(
        "Fraction of the corpus, or of each label's text, held out to measure the loss.",
        0.1,
        max=0.5,
    )
    validation: str = setting(
        "What to hold out: spread (documents that the seed draws, or stretches from all over one "
        "text), end (the end of the text), or instead of a fraction a text of your own, by its "
        "path.",
        "spread",
        expected="spread, end, or the path of a text",
    )
    max_evaluations: int = setting(
        "Evaluate at most this many times, often early on and seldom later.", 40, min=1
    )
    patience: int = setting(
        "Go back to the best weights, lower the learning rate and soon end, after this many "
        "evaluations without a better loss.",
        5,
        min=1,
    )
    save_seconds: float = setting("Seconds between two saves.", 30.0, group="Saving and output")
    tensorboard: bool = setting(
        "Write event files for TensorBoard too.", False, group="Saving and output"
    )
    seed: int = setting(
        "Random seed of the initial weights, the documents held out, dropout and state resets.",
        0,
        max=2**31 - 1,
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.minutes is not None and self.epochs is not None:
            raise SettingError("Training takes either minutes or epochs; received both.")
        if self.minutes is None and self.epochs is None:
            object.__setattr__(self, "minutes", DEFAULT_MINUTES)
