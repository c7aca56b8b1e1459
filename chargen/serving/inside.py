"""Routes that look inside a network: what its units do, and how far back it remembers."""

import base64
from typing import Any

import numpy as np
from fastapi import APIRouter, Response

from chargen.evaluation.activations import activations
from chargen.evaluation.features import FEATURES
from chargen.evaluation.memory import memory
from chargen.evaluation.units import find_units
from chargen.serving.bodies import json_response
from chargen.serving.documentation import ERRORS
from chargen.serving.measuring import prepare
from chargen.serving.protocol import ActivationsRequest, TextRequest, UnitsRequest
from chargen.serving.service import Service, ignored_header

_MAX_PICTURED = 5_000  # characters whose activations are told
_MAX_SEARCHED = 20_000  # characters over which units are sought, or memory is measured
_PLACES = 256  # characters that are predicted to measure memory


def inside_router(service: Service) -> APIRouter:
    """Return the routes that look inside a network."""
    router = APIRouter(tags=["Look inside"])

    @router.post("/v1/activations", responses=ERRORS)
    async def activations_of_text(body: ActivationsRequest) -> Response:
        """Return what the units of a layer do over a text: h after each character.

        `values` is base64 of int8, [characters][units], each 127 times an activation, rounded.
        """
        network = await service.network(body.model)
        text = prepare(network, body, longest=_MAX_PICTURED).text
        make_decoder = network.decoder_maker(())

        def work() -> dict[str, Any]:
            found = activations(network.checkpoint, make_decoder, text, label=body.label)
            values = found.to_int8(body.layer, body.units)
            width = network.checkpoint.config.units[body.layer]
            return {
                "model": network.name,
                "layer": body.layer,
                "units": list(range(width)) if body.units is None else body.units,
                "characters": len(values),
                "values": base64.b64encode(np.ascontiguousarray(values).tobytes()).decode(),
            }

        return json_response(await service.measure(work), ignored_header(body))

    @router.get("/v1/units/features", responses=ERRORS)
    async def features() -> Response:
        """List the features of a text that units may follow."""
        return json_response({"features": [each.to_json() for each in FEATURES.values()]})

    @router.post("/v1/units", responses=ERRORS)
    async def units(body: UnitsRequest) -> Response:
        """Find the units whose activation follows a feature of a text, by correlation."""
        network = await service.network(body.model)
        text = prepare(network, body, longest=_MAX_SEARCHED).text
        make_decoder = network.decoder_maker(())

        def work() -> dict[str, Any]:
            checkpoint, asked = network.checkpoint, (body.feature, text)
            found = find_units(checkpoint, make_decoder, *asked, label=body.label, top=body.top)
            units = [each.to_json() for each in found]
            return {"model": network.name, "feature": body.feature, "units": units}

        return json_response(await service.measure(work), ignored_header(body))

    @router.post("/v1/memory", responses=ERRORS)
    async def memory_of_text(body: TextRequest) -> Response:
        """Measure how far back a model remembers: its loss against characters of context."""
        network = await service.network(body.model)
        text = prepare(network, body, longest=_MAX_SEARCHED).text
        checkpoint = network.checkpoint

        def work() -> dict[str, Any]:
            (ids,) = checkpoint.tokenizer.encode_documents([text])
            labels = checkpoint.label_ids(body.label, len(ids))
            found = memory(network.weights, ids, labels=labels, places=_PLACES)
            return {"model": network.name, **found.to_json()}

        return json_response(await service.measure(work), ignored_header(body))

    return router
