"""Routes that tell what is offered, and turn text into ids: for clients that ask beforehand."""

from functools import partial
from typing import Any

from fastapi import APIRouter, Response

from chargen.serving.bodies import json_response
from chargen.serving.documentation import ERRORS
from chargen.serving.networks import Network
from chargen.serving.problems import unknown_in
from chargen.serving.prompts import decode
from chargen.serving.protocol import DetokenizeRequest, TokenizeRequest
from chargen.serving.service import Service, ignored_header


def models_router(service: Service) -> APIRouter:
    """Return the routes that tell what is offered."""
    router = APIRouter(tags=["Models"])

    @router.get("/v1/models", responses=ERRORS)
    async def models() -> Response:
        """List the models that are offered, the default first."""
        paths = service.networks.paths()
        cards = [_card(name, service, is_default=place == 0) for place, name in enumerate(paths)]
        return json_response({"object": "list", "data": cards})

    @router.get("/v1/models/{name}", responses=ERRORS)
    async def model(name: str) -> Response:
        """Describe one model: its shape, its characters, its labels, its loss."""
        network = await service.network(name)
        is_default = next(iter(service.networks.paths())) == network.name
        return json_response(_card(network.name, service, network, is_default=is_default))

    @router.get("/v1/models/{name}/history", responses=ERRORS)
    async def history(name: str) -> Response:
        """Return the evaluations of a model's training, for its loss curve; none if not kept."""
        network = await service.network(name)
        return json_response({"rows": await service.measure(lambda: service.history(network))})

    return router


def tokens_router(service: Service) -> APIRouter:
    """Return the routes between text and ids."""
    router = APIRouter(tags=["Characters"])

    @router.post("/tokenize", responses=ERRORS)
    async def tokenize(body: TokenizeRequest) -> Response:
        """Return the ids of a text's characters, as the model reads it."""
        network = await service.network(body.model)
        tokenizer = network.checkpoint.tokenizer

        def encode() -> Response:
            with unknown_in("prompt"):
                prepared = tokenizer.prepare_prompt(body.prompt, body.unknown or "error")
            ids, most = tokenizer.encode(prepared.text).tolist(), service.config.max_prompt
            answer = {"tokens": ids, "count": len(ids), "max_model_len": most}
            return json_response(answer | {"notes": list(prepared.notes)}, ignored_header(body))

        return await service.prepare(len(body.prompt), encode)

    @router.post("/detokenize", responses=ERRORS)
    async def detokenize(body: DetokenizeRequest) -> Response:
        """Return the text of some ids."""
        network = await service.network(body.model)
        work = partial(decode, network, body.tokens, param="tokens")
        text = await service.prepare(len(body.tokens), work)
        prompt = network.checkpoint.tokenizer.show(text)
        return json_response({"prompt": prompt}, ignored_header(body))

    @router.get("/tokenizer_info", responses=ERRORS)
    async def tokenizer_info(model: str | None = None) -> Response:
        """Describe how a model reads text: one token is one character."""
        network = await service.network(model)
        tokenizer = network.checkpoint.tokenizer
        return json_response(
            {
                "tokenizer_class": "CharTokenizer",
                "vocab_size": tokenizer.vocabulary.vocab_size,
                "bos_token": tokenizer.show(tokenizer.start),
                "eos_token": tokenizer.boundary and tokenizer.show(tokenizer.boundary),
                "pad_token": None,
                "chat_template": None,
            }
        )

    return router


def _card(
    name: str, service: Service, network: Network | None = None, *, is_default: bool
) -> dict[str, Any]:
    """Return what a list says of a model; more, if it is loaded."""
    network = network or service.networks.loaded(name)
    created = network.created if network else service.networks.written(name)
    meta: dict[str, Any] = {"is_default": is_default}
    if network is not None:
        checkpoint = network.checkpoint
        config, origin, tokenizer = checkpoint.config, checkpoint.origin, checkpoint.tokenizer
        meta |= {
            "cell": config.cell,
            "units": list(config.units),
            "embedding_dim": config.embedding_dim,
            "vocab_size": config.vocab_size,
            "vocabulary": tokenizer.vocabulary.idx2char,
            "labels": list(checkpoint.labels),
            "corpus": origin.corpus,
            "loss": origin.known_loss,
            "has_documents": tokenizer.boundary is not None,
            "has_corpus": service.corpus is not None,
        }
    return {
        "id": name,
        "object": "model",
        "created": created,
        "owned_by": "chargen",
        "meta": meta,
    }
