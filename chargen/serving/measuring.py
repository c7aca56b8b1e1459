"""Routes that measure a text: its surprise, its style, what it copied, and the network inside."""

from typing import Any

from fastapi import APIRouter, Response

from chargen.evaluation.classify import Candidate, classify
from chargen.evaluation.score import score
from chargen.serving.bodies import json_response
from chargen.serving.documentation import ERRORS
from chargen.serving.networks import Network
from chargen.serving.problems import Problem, unknown_in
from chargen.serving.protocol import ClassifyRequest, ScoreRequest, TextRequest
from chargen.serving.service import Service, ignored_header
from chargen.text import preparation
from chargen.text.copies import CopyTracker
from chargen.text.unknown import PreparedText

MAX_TEXT = 50_000  # characters of a text that is measured
_LONG_COPY = 30  # characters


def measuring_router(service: Service) -> APIRouter:
    """Return the routes that measure a text."""
    router = APIRouter(tags=["Measure"])

    @router.post("/v1/score", responses=ERRORS)
    async def score_text(body: ScoreRequest) -> Response:
        """Measure how much each character of a text surprises a model, in bits."""
        network = await service.network(body.model)
        text = prepare(network, body)

        def work() -> Response:  # as a whole, since it is long
            scored = score(network.weights, text.text, label=body.label, top=body.top)
            answer = {"model": network.name, **scored.to_json(), "notes": list(text.notes)}
            return json_response(answer, ignored_header(body))

        return await service.measure(work)

    @router.post("/v1/classify", responses=ERRORS)
    async def classify_text(body: ClassifyRequest) -> Response:
        """Say whose style a text is: that of the model, or label, which spends the fewest bits."""
        _check_length(body.text)
        names = list(service.networks.paths()) if body.models is None else body.models
        candidates: dict[str, Candidate] = {}
        for name in dict.fromkeys(names):
            network = await service.network(name)
            labels = list(network.checkpoint.labels)
            for label in labels:
                candidates[f"{name}: {label}"] = Candidate(network.weights, label)
            if not labels:
                candidates[name] = Candidate(network.weights)
        if len(candidates) < 2:
            message = "models must name at least two models, or one with several labels."
            raise Problem(message, param="models")
        result = await service.measure(lambda: classify(body.text, candidates))
        return json_response(result.to_json())

    @router.post("/v1/copies", responses=ERRORS)
    async def copies(body: TextRequest) -> Response:
        """Find what a text has copied from the corpus that the server was started with.

        Both are prepared as the model reads a text; places are those of the prepared text.
        """
        network = await service.network(body.model)
        index = await service.copies(network)
        if index is None:
            raise Problem(
                "This server has no corpus; start it with --corpus FILE.", 404, code="no_corpus"
            )
        _check_length(body.text)
        config = network.checkpoint.tokenizer.preparation

        def work() -> dict[str, Any]:
            # A passage ends where a document does: separators stay, of which the index has none.
            return _copies(CopyTracker(index), preparation.prepare(body.text, config))

        return json_response(await service.measure(work), ignored_header(body))

    return router


def prepare(network: Network, body: TextRequest, *, longest: int = MAX_TEXT) -> PreparedText:
    """Return the text of a request as the network reads it.

    Raises:
        Problem: if it is too long, or has characters that the model never saw.
    """
    _check_length(body.text, longest)
    with unknown_in("text"):
        return network.checkpoint.tokenizer.prepare_text(body.text, body.unknown or "error")


def _check_length(text: str, longest: int = MAX_TEXT) -> None:
    if len(text) > longest:
        message = f"text has {len(text):,} characters; at most {longest:,} are measured at a time."
        raise Problem(message, param="text")


def _copies(tracker: CopyTracker, text: str) -> dict[str, Any]:
    """Return the longest passage that a text copied, and all of 30 characters or more."""
    stretches: list[list[int]] = []  # start and end of each; in order, none beside another
    for end, character in enumerate(text, start=1):
        tracker.read(character)
        if tracker.length < _LONG_COPY:
            continue
        start = end - tracker.length
        while stretches and stretches[-1][1] >= start:
            start = min(start, stretches.pop()[0])
        stretches.append([start, end])
    longest = tracker.longest
    copied = sum(end - start for start, end in stretches)
    return {
        "longest": longest
        and {"text": longest.text, "start": longest.start, "length": len(longest.text)},
        "share_over_30": copied / len(text),
        "stretches": [{"start": start, "length": end - start} for start, end in stretches],
    }
