"""All settings, each with its default, its limits and its help, and the presets that choose them.

A setting is declared once, in one of the classes; checks, options and help pages follow from that.
This folder may import nothing but errors.
"""

from chargen.config.cluster import ClusterConfig
from chargen.config.computing import ComputingConfig
from chargen.config.corpus import PreparationConfig, ReadingConfig
from chargen.config.model import CELLS, Cell, ModelConfig
from chargen.config.run import RunConfig
from chargen.config.sampling import SamplingConfig
from chargen.config.serving import ServingConfig
from chargen.config.training import (
    PRESETS,
    DropoutSchedule,
    InitialWeights,
    Optimizer,
    Precision,
    Preset,
    TrainingConfig,
)

__all__ = [
    "CELLS",
    "PRESETS",
    "Cell",
    "ClusterConfig",
    "ComputingConfig",
    "DropoutSchedule",
    "InitialWeights",
    "ModelConfig",
    "Optimizer",
    "Precision",
    "PreparationConfig",
    "Preset",
    "ReadingConfig",
    "RunConfig",
    "SamplingConfig",
    "ServingConfig",
    "TrainingConfig",
]
