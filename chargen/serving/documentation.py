"""The description of the routes, and a page that shows it without loading anything."""

from html import escape
from typing import Any

from chargen.pages.frame import frame
from chargen.serving.protocol import ErrorResponse

_STATUSES = {
    400: "A field is wrong, or refused; `param` names it.",
    401: "The key is missing or wrong.",
    403: "The Host or the Origin is not one that may ask.",
    404: "There is no such model.",
    413: "The body is too large.",
    429: "The server is busy; `Retry-After` says when to try again.",
    500: "The server failed.",
    503: "The model's file is damaged or gone, or the server is ending.",
}
ERRORS: dict[int | str, dict[str, Any]] = {
    status: {"model": ErrorResponse, "description": text} for status, text in _STATUSES.items()
}
STREAM: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The texts; with `stream: true`, server-sent events.",
        "content": {
            "application/json": {"schema": {"type": "object"}},
            "text/event-stream": {"schema": {"type": "string"}},
        },
    }
}
_STYLE = """
h2 { margin-top: 2em; }
"""


def without_unused(description: dict[str, Any]) -> dict[str, Any]:
    """Return an OpenAPI description without FastAPI's own 422, which is never sent."""
    for methods in description["paths"].values():
        for operation in methods.values():
            operation["responses"].pop("422", None)
    for name in ("HTTPValidationError", "ValidationError"):
        description.get("components", {}).get("schemas", {}).pop(name, None)
    return description


def page(description: dict[str, Any]) -> str:
    """Return an HTML page of an OpenAPI description."""
    schemas = description["components"]["schemas"]
    parts = [f"<p>{escape(description['info']['description'])}</p>"]
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            parts.append(f"<h2><code>{method.upper()} {escape(path)}</code></h2>")
            text = operation.get("description") or operation.get("summary", "")
            parts += [f"<p>{escape(each)}</p>" for each in text.split("\n\n")]
            body = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
            if name := body.get("schema", {}).get("$ref", "").rpartition("/")[2]:
                parts.append(_fields(schemas[name]))
    return frame(description["info"]["title"], "\n".join(parts), style=_STYLE)


def _fields(schema: dict[str, Any]) -> str:
    """Return a table of the fields of a body."""
    rows = [
        f"<tr><td><code>{escape(name)}</code></td><td>{escape(_kind(each))}</td>"
        f"<td>{escape(each.get('description', ''))}</td></tr>"
        for name, each in schema.get("properties", {}).items()
    ]
    head = "<tr><th>Field</th><th>Type</th><th>What it is</th></tr>"
    return f"<table>{head}{''.join(rows)}</table>"


def _kind(schema: dict[str, Any]) -> str:
    """Return the type of a field, in a word or a few."""
    if several := schema.get("anyOf"):
        return ", ".join(_kind(each) for each in several if each.get("type") != "null")
    if name := schema.get("$ref"):
        return str(name).rpartition("/")[2]
    if choices := schema.get("enum"):
        return ", ".join(map(str, choices))
    kind = str(schema.get("type", "anything"))
    if kind == "array":
        kind = f"list of {_kind(schema.get('items', {}))}"
    limits = [f"{word} {schema[key]:,}" for key, word in _LIMITS.items() if key in schema]
    return f"{kind} ({', '.join(limits)})" if limits else kind


_LIMITS = {"minimum": "from", "exclusiveMinimum": "above", "maximum": "to"}
