"""Routes that write: `/v1/completions` and `/v1/chat/completions`."""

from fastapi import APIRouter, Request, Response

from chargen.serving.documentation import ERRORS, STREAM
from chargen.serving.problems import Problem, unknown_in
from chargen.serving.protocol import MAX_PROMPTS, ChatRequest, CompletionRequest
from chargen.serving.service import Service
from chargen.serving.shapes import Chat, Completions


def completions_router(service: Service) -> APIRouter:
    """Return the routes that write."""
    router = APIRouter(tags=["Write"])

    @router.post("/v1/completions", responses=ERRORS | STREAM)
    async def completions(request: Request, body: CompletionRequest) -> Response:
        """Go on with a text, or with several.

        One token is one character. Without `max_tokens`, a text has 500 characters at most; with
        `lines` or `stop`, 10,000; a document ends by itself, at 2,000 at the latest. The
        temperature is 0.8 if none is given.

        A seed gives the same text each time, whatever else is written at that time; text k of n
        is sample k of the seed, as `chargen sample -n` writes it.
        """
        if body.best_of not in (None, body.n or 1):
            raise Problem("best_of is not supported here but as n.", param="best_of")
        network = await service.network(body.model)
        with unknown_in("prompt"):
            prompts = await service.prompts(
                network, body.prompt, body.unknown, max_prompts=MAX_PROMPTS
            )
        return await service.answer(
            request,
            body,
            Completions(),
            network,
            prompts,
            max_tokens=body.max_tokens,
            state=body.state,
            alternatives=body.logprobs,
            echo=bool(body.echo),
        )

    @router.post("/v1/chat/completions", responses=ERRORS | STREAM)
    async def chat_completions(request: Request, body: ChatRequest) -> Response:
        """Go on with a text that comes as messages.

        The model continues a text and answers nobody: the contents of all messages, joined by
        newlines, are the text, whoever said them.
        """
        if body.top_logprobs is not None and not body.logprobs:
            raise Problem("top_logprobs needs logprobs: true.", param="top_logprobs")
        network = await service.network(body.model)
        text = "\n".join(_content(message.content) for message in body.messages)
        with unknown_in("messages"):
            prompts = await service.prompts(network, text, body.unknown, max_prompts=1)
        several = (body.max_completion_tokens, body.max_tokens)
        return await service.answer(
            request,
            body,
            Chat(),
            network,
            prompts,
            max_tokens=next((each for each in several if each is not None), None),
            alternatives=(body.top_logprobs or 0) if body.logprobs else None,
        )

    return router


def _content(content: str | list[dict[str, object]] | None) -> str:
    """Return the text of a message, which may come in parts."""
    if not isinstance(content, list):
        return content or ""
    texts = []
    for part in content:
        text = part.get("text")
        if part.get("type") != "text" or not isinstance(text, str):
            raise Problem("messages may hold parts of type text only.", param="messages")
        texts.append(text)
    return "".join(texts)
