"""The schedule of the learning rate and of evaluations: functions of the step alone."""

import math

from chargen.config import TrainingConfig

_MAX_EVALUATION_SHARE = 0.08  # of a run's arithmetic, unless that allows no evaluation at all


def learning_rate(step: int, total_steps: int | None, config: TrainingConfig) -> float:
    """Return the learning rate of step `step` (from 0): linear warm-up, then half a cosine down.

    The cosine is that of Loshchilov and Hutter 2017, without restarts. While `total_steps` is not
    known, the rate stays at its peak after warm-up.
    """
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


def evaluation_interval(total_steps: int, config: TrainingConfig, validation: int) -> int:
    """Return how many steps there are from one evaluation to the next.

    An evaluation reads `validation` characters twice, forward only, which is a third of the
    arithmetic of training on as many. There are as many evaluations as take at most 8% of the run's
    arithmetic, and at least the one at the end.
    """
    characters = total_steps * config.batch_size * config.seq_length
    affordable = _MAX_EVALUATION_SHARE * characters / (2 / 3 * max(1, validation))
    evaluations = max(1, min(config.max_evaluations, int(affordable)))
    return math.ceil(total_steps / evaluations)
