"""JSON of bodies, small and large."""

import json
from collections.abc import Iterator
from typing import Any

from starlette.responses import Response

_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))
_SLICE = 1_000  # entries of a list that are encoded at a time


def encode(body: Any) -> bytes:
    """Return JSON; no other thread of Python runs meanwhile."""
    return _ENCODER.encode(body).encode()


def encode_in_parts(body: Any) -> bytes:
    """Return JSON, as `encode` does; between its parts other threads can run."""
    return "".join(_parts(body)).encode()


def json_response(body: Any, headers: dict[str, str] | None = None) -> Response:
    """Return a response of JSON."""
    return Response(encode_in_parts(body), media_type="application/json", headers=headers)


def _parts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for place, (key, each) in enumerate(value.items()):
            yield f"{',' if place else '{'}{_ENCODER.encode(key)}:"
            yield from _parts(each)
        yield "}" if value else "{}"
    elif isinstance(value, list) and len(value) > _SLICE:
        for start in range(0, len(value), _SLICE):
            yield f"{',' if start else '['}{_ENCODER.encode(value[start : start + _SLICE])[1:-1]}"
        yield "]"
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        for place, each in enumerate(value):
            yield "," if place else "["
            yield from _parts(each)
        yield "]"
    else:
        yield _ENCODER.encode(value)
