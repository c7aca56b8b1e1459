"""The settings as keyword arguments of Python, so that editors complete them and mypy checks them.

Each is a field of a settings class, which has its help, default and limits. A sequence is taken
where the field is a tuple, and one value stands for a tuple of it.
"""

from collections.abc import Sequence
from typing import TypedDict

from chargen.config.corpus import Newlines, Normalization
from chargen.config.model import Cell
from chargen.config.training import DropoutSchedule, InitialWeights, Optimizer, Precision, Preset


class ClusterKeywords(TypedDict, total=False):
    """The fields of `ClusterConfig`."""

    workers: str | Sequence[str]
    worker_index: int | None
    wait: float
    trusted_network: bool


class ResumeKeywords(ClusterKeywords, total=False):
    """The fields of `RunKeywords`, but how long to train."""

    include: str | Sequence[str]
    label: str | Sequence[str]
    encoding: str
    document_separator: str | None
    column: str | None
    label_column: str | None
    max_expansion: float
    normalize: Normalization | None
    newlines: Newlines
    lowercase: bool
    min_count: int
    embedding_dim: int
    cell: Cell
    units: int | Sequence[int]
    dropout: float
    preset: Preset
    batch_size: int
    seq_length: int
    state_reset_rate: float
    learning_rate: float
    optimizer: Optimizer
    initial_weights: InitialWeights
    warmup_steps: int
    min_lr_ratio: float
    weight_dropout: float
    dropout_schedule: DropoutSchedule
    weight_decay: float
    clip_norm: float
    precision: Precision
    validation: str
    validation_fraction: float
    max_evaluations: int
    patience: int
    save_seconds: float
    tensorboard: bool
    seed: int


class RunKeywords(ResumeKeywords, total=False):
    """The fields of all settings classes of a run, and of `ClusterConfig`."""

    minutes: float | None
    epochs: int | None


class SamplesKeywords(TypedDict, total=False):
    """The fields of `SamplingConfig`, but the label."""

    length: int | None
    min_length: int
    lines: int | None
    stop: str | Sequence[str]
    only: str | None
    ban: str | None
    no_repeat: int | None
    no_repeat_window: int
    unique: bool
    max_line: int | None
    max_copy: int | None
    temperature: float
    top_k: int
    top_p: float
    min_p: float
    seed: int | None


class SamplingKeywords(SamplesKeywords, total=False):
    """The fields of `SamplingConfig`."""

    label: str | None
