"""The prompts of a request, as texts or as ids, the way that a network reads them."""

from collections.abc import Sequence
from typing import Any

from chargen.serving.networks import Network
from chargen.serving.problems import Problem
from chargen.text.unknown import PreparedText, Unknown


def prepare_prompts(
    network: Network, prompt: Any, unknown: Unknown | None, *, max_prompts: int
) -> list[PreparedText]:
    """Return the prompts of a request as the network reads them: texts, or ids.

    Raises:
        Problem: if there are none or too many, or an id is none of the network's.
        UnknownCharacterError: if a text has characters that the model never saw.
    """
    tokenizer = network.checkpoint.tokenizer
    if prompt is None or isinstance(prompt, str):
        several: list[Any] = [prompt or ""]
    elif not prompt:
        raise Problem("prompt is an empty list; give a text, or null.", param="prompt")
    elif isinstance(prompt[0], int):
        several = [prompt]
    else:
        several = list(prompt)
    if len(several) > max_prompts:
        message = f"prompt holds {len(several):,} prompts; at most {max_prompts} are read."
        raise Problem(message, param="prompt")
    texts = []
    for each in several:
        if isinstance(each, str):
            texts.append(tokenizer.prepare_prompt(each, unknown or "error"))
        else:
            texts.append(PreparedText(decode(network, each, param="prompt")))
    return texts


def decode(network: Network, ids: Sequence[int], *, param: str) -> str:
    """Return the text that ids stand for.

    Raises:
        Problem: if one is none of the network's.
    """
    size = network.checkpoint.config.vocab_size
    for index in ids:
        if not 0 <= index < size:
            message = f"{param} holds the id {index:,}; this model has 0 to {size - 1:,}."
            raise Problem(message, param=param)
    characters = network.checkpoint.tokenizer.vocabulary.idx2char
    return "".join(characters[index] for index in ids)
