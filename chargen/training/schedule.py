"""How the learning rate goes, and when to evaluate: functions of the step alone."""

import math

from chargen.config import TrainingConfig

_EVALUATION_SHARE = 0.08  # of a run's arithmetic, at most, where more than one evaluation is asked


def learning_rate(step: int, total_steps: int | None, config: TrainingConfig) -> float:
    """The rate of step `step` (from 0): linear warm-up, then half a cosine down to the floor.

    The form is that of Loshchilov and Hutter 2017, without restarts. Until the number of steps is
    known, the rate stays at its highest after warm-up.
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
    """Steps from one evaluation to the next.

    Evaluating reads `validation` characters twice, forward only, which is a third of the
    arithmetic of training on as many. Evaluations are thinned out until they take at most
    8% of the run; one at the end always stays.
    """
    step_characters = config.batch_size * config.seq_length
    affordable = _EVALUATION_SHARE * total_steps * step_characters / (2 / 3 * max(1, validation))
    evaluations = max(1, min(config.max_evaluations, int(affordable)))
    return math.ceil(total_steps / evaluations)
