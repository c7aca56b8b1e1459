"""From the fields of a request to sampling settings; what there is not is refused by name."""

from dataclasses import dataclass, replace

from chargen.config import SamplingConfig
from chargen.serving.problems import Problem
from chargen.serving.protocol import Writing

_MAX_STOPS, _MAX_STOP_LENGTH = 16, 1_000
# Fields that are settings of the same name.
_SETTINGS = (
    *("temperature", "top_p", "top_k", "min_p", "no_repeat", "no_repeat_window", "label"),
    *("only", "ban", "lines", "max_line", "max_copy"),
)
# Fields of OpenAI's that chargen has nothing for, and the values that change nothing.
_NEUTRAL = {
    "frequency_penalty": (0,),
    "presence_penalty": (0,),
    "repetition_penalty": (1,),
    "logit_bias": ({},),
    "suffix": ("",),
}
_PENALTIES = ("frequency_penalty", "presence_penalty", "repetition_penalty")


@dataclass(frozen=True)
class Limits:
    """How much one request may ask for."""

    prompt: int = 200_000  # characters of a prompt
    length: int = 20_000  # characters of a text


def sampling_config(request: Writing, max_tokens: int | None, limits: Limits) -> SamplingConfig:
    """Return the settings that a request asks for.

    Raises:
        Problem: if it asks for what there is not.
        SettingError: if a setting is outside its limits.
    """
    for name, neutral in _NEUTRAL.items():
        value = getattr(request, name, None)
        if value is not None and value not in neutral:
            instead = "; no_repeat keeps a text from repeating itself" * (name in _PENALTIES)
            message = f"{name} is not supported here; leave it out{instead}."
            raise Problem(message, param=name, code="unsupported_parameter")
    settings = {name: getattr(request, name) for name in _SETTINGS}
    settings |= {"length": max_tokens, "min_length": request.min_tokens, "stop": _stops(request)}
    if request.seed is not None:
        settings["seed"] = request.seed % 2**64  # a negative one is as good as any
    config = SamplingConfig.of({k: value for k, value in settings.items() if value is not None})
    if config.max_length > limits.length:
        config = replace(config, length=limits.length)
    return config


def _stops(request: Writing) -> tuple[str, ...]:
    stops = [request.stop] if isinstance(request.stop, str) else list(request.stop or ())
    if "" in stops:
        raise Problem("stop must not hold an empty text.", param="stop")
    if len(stops) > _MAX_STOPS or any(len(each) > _MAX_STOP_LENGTH for each in stops):
        raise Problem(
            f"stop takes {_MAX_STOPS} texts of {_MAX_STOP_LENGTH:,} characters at most.",
            param="stop",
        )
    return tuple(stops)
