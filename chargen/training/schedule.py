"""The schedule of learning rate, dropout and evaluations: functions of the step alone."""

import math
from dataclasses import dataclass
from functools import cache

from chargen.config import TrainingConfig

_MAX_EVALUATION_SHARE = 0.05  # of a run's arithmetic, unless that allows too few evaluations
_MIN_EVALUATIONS = 4
_READING_COST = 2 / 3  # of the arithmetic of learning as many characters
# Characters that could be learned while an evaluation saves and writes, where it is not measured:
# a run of so many epochs must not depend on a clock.
WRITING_COST = 8_000.0
_MIN_READ = 16_384  # characters, one batch of windows; fewer are hardly quicker


def learning_rate(
    step: int, total_steps: int | None, config: TrainingConfig, cooling: tuple[int, float] | None
) -> float:
    """Return the learning rate of step `step` (from 0): linear warm-up, then half a cosine down.

    The cosine is that of Loshchilov and Hutter 2017, without restarts. While `total_steps` is not
    known, the rate stays at its peak after warm-up. `cooling` is a step, and the rate that falls
    from there on, linearly, to the cosine's floor at `total_steps`; None for the cosine.
    """
    if cooling is not None and total_steps is not None:
        since, rate = cooling
        left = (total_steps - step) / max(1, total_steps - since)
        floor = config.learning_rate * config.min_lr_ratio
        return floor + (rate - floor) * min(1.0, max(0.0, left))
    warmup = config.warmup_steps
    if total_steps is not None:
        warmup = min(warmup, total_steps // 5)
    if step < warmup:
        return config.learning_rate * (step + 1) / warmup
    if total_steps is None:
        return config.learning_rate
    progress = min(1.0, (step - warmup) / max(1, total_steps - warmup))
    cosine = (1 + math.cos(math.pi * progress)) / 2
    return config.learning_rate * (config.min_lr_ratio + (1 - config.min_lr_ratio) * cosine)


def dropout_factor(step: int, total_steps: int | None, config: TrainingConfig) -> float:
    """Return what the dropout rates of step `step` (from 0) are multiplied by, in [0, 1].

    Where they rise, from 0 to 1 over all steps (the curriculum dropout of Morerio et al. 2017,
    linear). While `total_steps` is not known, 0.
    """
    if config.dropout_schedule == "constant":
        return 1.0
    return min(1.0, step / total_steps) if total_steps else 0.0


@dataclass(frozen=True)
class Evaluations:
    """When to evaluate, and on how much."""

    steps: frozenset[int]  # after so many steps
    characters: int  # of the held-out part, to be read each time
    asked: int  # how many there would be if time did not matter


@cache
def evaluations(
    total_steps: int,
    steps_per_epoch: int,
    config: TrainingConfig,
    validation: int,
    writing_cost: float = WRITING_COST,
) -> Evaluations:
    """Return when to evaluate: at the end, and before it the more often, the earlier.

    The more passes there are, the earlier the best may come, and the closer together the first
    evaluations are. An evaluation reads characters twice, forward only, which is a third of the
    arithmetic of training on as many, and then saves and writes an excerpt. Where all of the
    `validation` characters would take more than 5% of the run's arithmetic, it reads fewer, and if
    that is not enough, there are fewer evaluations, but four at least. Saving and writing take the
    time of learning `writing_cost` characters.
    """
    budget = _MAX_EVALUATION_SHARE * total_steps * config.batch_size * config.seq_length
    asked = min(config.max_evaluations, total_steps)
    characters = validation
    if asked * (_READING_COST * validation + writing_cost) > budget:
        budget = max(budget - _READING_COST * validation, budget / 2)  # all is read at the end
        characters = int((budget / asked - writing_cost) / _READING_COST)
        characters = min(validation, max(_MIN_READ, characters))
    cost = max(1.0, _READING_COST * characters + writing_cost)
    number = max(1, min(asked, max(_MIN_EVALUATIONS, int(budget / cost))))
    power = min(3.0, 1 + 0.7 * math.log10(max(1.0, total_steps / steps_per_epoch)))
    steps = (math.ceil(total_steps * (each / number) ** power) for each in range(1, number + 1))
    return Evaluations(frozenset(steps), characters, asked)
