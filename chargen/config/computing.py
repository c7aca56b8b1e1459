"""How a trained network computes; it changes no result."""

from dataclasses import dataclass

from chargen.config.base import Settings, setting


@dataclass(frozen=True, kw_only=True)
class ComputingConfig(Settings):
    """How a trained network computes. A value outside its limits raises `SettingError`."""

    _group = "Computing"

    threads: int | None = setting(
        "Threads that multiply, at most one for each processor core. One is taken where more would "
        "change the result. If not given, one, or more while that is measured to be quicker.",
        None,
        min=1,
        max=1024,
    )
