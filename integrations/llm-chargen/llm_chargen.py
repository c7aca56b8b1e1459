"""A plugin for llm: every run of chargen is a model, named chargen/RUN.

llm -m chargen/bundled "All: " -o temperature 0.5
"""

from collections.abc import Iterator
from functools import cached_property
from typing import Any

import llm
from pydantic import Field, create_model

from chargen.config import SamplingConfig
from chargen.errors import ChargenError
from chargen.language_model import LanguageModel, load
from chargen.storage.runs import BUNDLED, run_names

_NOT_OFFERED = ("max_copy", "unique")  # they need a corpus, or several texts


def _options() -> type[llm.Options]:
    """Return chargen's sampling settings as options of llm; chargen checks their limits."""
    fields: dict[str, Any] = {
        name: (each.type | None, Field(default=None, description=each.help))
        for name, each in SamplingConfig.described().items()
        if name not in _NOT_OFFERED
    }
    return create_model("Options", __base__=llm.Options, **fields)


class Chargen(llm.Model):
    """One model of chargen, loaded when it first writes."""

    can_stream = True
    Options = _options()

    def __init__(self, run: str) -> None:
        self.model_id, self._run = f"chargen/{run}", run

    @cached_property
    def _model(self) -> LanguageModel:
        return load(self._run)

    def execute(
        self,
        prompt: llm.Prompt,
        stream: bool,
        response: llm.Response,
        conversation: llm.Conversation | None,
    ) -> Iterator[str]:
        """Give the text that continues the conversation so far."""
        if prompt.system:
            raise llm.ModelError(
                "A model of chargen continues a text and follows no instructions; leave the "
                "system prompt out."
            )
        earlier = conversation.responses if conversation is not None else []
        said = [part for each in earlier for part in (each.prompt.prompt, each.text())]
        settings = {
            name: value for name, value in prompt.options.model_dump().items() if value is not None
        }
        try:
            text = "".join(filter(None, [*said, prompt.prompt]))
            yield from self._model.stream(text, unknown="nearest", **settings)
        except ChargenError as error:
            raise llm.ModelError(str(error)) from None

    def __str__(self) -> str:
        return f"chargen: {self.model_id}"


@llm.hookimpl
def register_models(register: Any) -> None:
    """Offer the runs under checkpoints/ here, and the model that comes with chargen."""
    for run in [*run_names(), BUNDLED]:
        register(Chargen(run))
