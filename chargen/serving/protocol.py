"""What requests may hold, field by field, with limits: OpenAI's completions, and our own.

Values are strict: a text is no number, and true no count. Fields that are not known are accepted,
since clients send many, and are named in the response's header `x-ignored-fields`.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from chargen.config.base import Setting
from chargen.config.sampling import SamplingConfig
from chargen.text.unknown import Unknown

MAX_PROMPTS = 64  # in one request
MAX_TEXTS = 128  # prompts times n
MAX_ALTERNATIVES = 20
MAX_SEED = 2**63 - 1
_SETTINGS = SamplingConfig.described()


def _limits(name: str, *, most: int | None = None) -> Any:
    """Return what pydantic checks of a setting: the limits of its class, or `most`."""
    each: Setting = _SETTINGS[name]
    facts: dict[str, Any] = {"description": each.help}
    if each.type in (int, float):
        facts["gt" if each.excluded == each.min else "ge"] = each.min
        facts["le"] = each.max if most is None else most
    elif each.type is str:
        facts["min_length"], facts["max_length"] = 1, 10_000
    return Field(default=None, **facts)


class Body(BaseModel):
    """What all requests share."""

    model_config = ConfigDict(strict=True, extra="allow", protected_namespaces=())

    model: str | None = Field(
        None, max_length=200, description="Name of a model, as `/v1/models` lists them."
    )

    def ignored(self) -> list[str]:
        """Return the names of fields that are not known."""
        return sorted(self.model_extra or ())


class ClampRequest(BaseModel):
    """A hidden unit that is held at a value while the text is read and written."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    layer: int = Field(ge=0, le=99, description="Which layer, from 0, the one nearest the input.")
    unit: int = Field(ge=0, le=99_999, description="Which unit of it, from 0.")
    value: float = Field(0.0, ge=-1, le=1, allow_inf_nan=False, description="0 silences it.")


class StreamOptions(BaseModel):
    """What a stream tells beside the text."""

    model_config = ConfigDict(strict=True, extra="allow")

    include_usage: bool | None = None


Count = Annotated[int, Field(ge=0, le=10_000_000)]
Stop = str | list[str] | None


class Writing(Body):
    """What completions and chat completions share: how the text is written."""

    max_tokens: Count | None = Field(None, description="Characters to write at most.")
    temperature: float | None = Field(None, ge=0, le=10**9, allow_inf_nan=False)
    top_p: float | None = Field(None, gt=0, le=1, allow_inf_nan=False)
    n: int | None = Field(None, ge=1, le=MAX_TEXTS, description="Texts for each prompt.")
    stop: Stop = Field(None, description="Texts to stop before, 16 at most.")
    seed: int | None = Field(None, ge=-MAX_SEED - 1, le=MAX_SEED)
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    frequency_penalty: float | None = Field(None, description="0 only.")
    presence_penalty: float | None = Field(None, description="0 only.")
    repetition_penalty: float | None = Field(None, description="1 only; `no_repeat` is ours.")
    logit_bias: Mapping[str, float] | None = Field(None, description="Empty only.")
    user: str | None = None
    # Ours:
    top_k: int | None = _limits("top_k")
    min_p: float | None = _limits("min_p")
    min_tokens: Count | None = Field(None, description="Characters to write at least.")
    no_repeat: int | None = _limits("no_repeat")
    no_repeat_window: int | None = _limits("no_repeat_window", most=10_000)
    label: str | None = _limits("label")
    only: str | None = _limits("only")
    ban: str | None = _limits("ban")
    lines: int | None = _limits("lines")
    max_line: int | None = _limits("max_line")
    max_copy: int | None = _limits("max_copy")
    unknown: Unknown | None = Field(
        None,
        description="What to do with characters of the prompt that the model never saw: error, "
        "skip or nearest.",
    )
    clamp: list[ClampRequest] | None = Field(None, max_length=64)
    return_state: bool | None = Field(
        None, description="Whether to return a handle of the state at the end, `state`."
    )


class CompletionRequest(Writing):
    """A text, or several, to go on with."""

    prompt: str | list[str] | list[int] | list[list[int]] | None = Field(
        None,
        description="A text, several, the ids of one, or the ids of several; null begins a "
        "text, or goes on where `state` is given.",
    )
    suffix: str | None = Field(None, description="Empty only.")
    echo: bool | None = Field(None, description="Whether to return the prompt with the text.")
    logprobs: int | None = Field(
        None,
        ge=0,
        le=MAX_ALTERNATIVES,
        description="How many alternatives to tell for each character, with natural logarithms of "
        "probabilities before temperature and filters.",
    )
    best_of: int | None = Field(None, ge=1, description="As `n` only.")
    state: str | None = Field(
        None, max_length=1 << 20, description="A handle from which to go on, without reading again."
    )


class Message(BaseModel):
    """A part of the text so far."""

    model_config = ConfigDict(strict=True, extra="allow")

    role: str = Field(max_length=100)
    content: str | list[dict[str, Any]] | None = None


class ChatRequest(Writing):
    """A text in parts: the contents of the messages, joined by newlines."""

    messages: list[Message] = Field(min_length=1, max_length=10_000)
    max_completion_tokens: Count | None = None
    logprobs: bool | None = None
    top_logprobs: int | None = Field(None, ge=0, le=MAX_ALTERNATIVES)


class TextRequest(Body):
    """A text to measure."""

    text: str = Field(min_length=1)
    label: str | None = _limits("label")
    unknown: Unknown | None = None


class ScoreRequest(TextRequest):
    """A text whose surprise is measured, character by character."""

    top: int = Field(5, ge=0, le=MAX_ALTERNATIVES, description="Alternatives at each place.")


class ClassifyRequest(BaseModel):
    """A text whose style is to be told."""

    model_config = ConfigDict(strict=True, extra="allow")

    text: str = Field(min_length=1)
    models: list[str] | None = Field(
        None, max_length=100, description="Who competes; null for all models offered."
    )


class ActivationsRequest(TextRequest):
    """A text over which hidden units are looked at."""

    layer: int = Field(0, ge=0, le=99)
    units: list[int] | None = Field(None, max_length=10_000, description="null for all of them.")


class UnitsRequest(TextRequest):
    """A text over which to find the units that follow one of its features."""

    feature: str = Field(max_length=100)
    top: int = Field(10, ge=1, le=100)


class TokenizeRequest(Body):
    """A text to turn into ids."""

    prompt: str
    unknown: Unknown | None = None


class DetokenizeRequest(Body):
    """Ids to turn into text."""

    tokens: list[int] = Field(max_length=1_000_000)


class Failure(BaseModel):
    """What went wrong."""

    message: str
    type: Literal["invalid_request_error", "authentication_error", "server_error", "overloaded"]
    param: str | None = None
    code: str | None = None


class ErrorResponse(BaseModel):
    """The body of every response that is no success."""

    error: Failure
