"""All settings: their defaults, their limits, and the checks that hold them to these."""

from chargen.config.corpus import PreparationConfig, ReadingConfig
from chargen.config.model import CELLS, Cell, ModelConfig
from chargen.config.run import RunConfig
from chargen.config.sampling import SamplingConfig
from chargen.config.training import PRESETS, Preset, TrainingConfig

__all__ = [
    "CELLS",
    "PRESETS",
    "Cell",
    "ModelConfig",
    "PreparationConfig",
    "Preset",
    "ReadingConfig",
    "RunConfig",
    "SamplingConfig",
    "TrainingConfig",
]
