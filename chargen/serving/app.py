"""The HTTP application: routes, errors in one shape, the playground."""

import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import HTMLResponse, PlainTextResponse

import chargen
from chargen.config import ServingConfig
from chargen.config.base import shorten
from chargen.errors import ChargenError
from chargen.serving import documentation
from chargen.serving.bodies import json_response
from chargen.serving.completions import completions_router
from chargen.serving.guard import Guard
from chargen.serving.inside import inside_router
from chargen.serving.measuring import measuring_router
from chargen.serving.metrics import Counting
from chargen.serving.networks import Networks
from chargen.serving.problems import Problem, as_problem
from chargen.serving.service import Service
from chargen.serving.tokens import models_router, tokens_router

_ROUTERS = (completions_router, models_router, tokens_router, measuring_router, inside_router)
_DESCRIPTION = (
    "Text in the style of the models that chargen trained, character by character, for programs "
    "that speak to OpenAI's completion servers. One token is one character."
)
_CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_DOCS_CSP = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
_TYPES = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}


def make_app(
    networks: Networks, config: ServingConfig, *, corpus: Sequence[str] | None = None
) -> FastAPI:
    """Return the application.

    Args:
        networks: that are offered.
        config: what it takes, and from whom.
        corpus: texts as they were before a network read them, for `max_copy` and the copy meter,
            if there are any.
    """
    service = Service(networks, config, corpus=corpus)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        await service.start()
        yield
        await service.stop()

    app = FastAPI(
        title="chargen",
        version=chargen.__version__,
        description=_DESCRIPTION,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
    )
    app.state.service = service
    routers = [make_router(service) for make_router in _ROUTERS]
    for router in routers:
        app.include_router(router)
    _add_pages(app, service)
    _add_errors(app)
    routes = [*app.routes, *(route for router in routers for route in router.routes)]
    paths = {getattr(route, "path", "") for route in routes}
    app.add_middleware(Counting, metrics=service.metrics, paths=paths)
    hosts = (config.host, *config.allowed_host)
    app.add_middleware(Guard, hosts=hosts, origins=config.cors_origin, key=config.api_key)
    if config.cors_origin:  # the outermost, so that a page can read what it is refused with
        app.add_middleware(
            CORSMiddleware,
            allow_origins=config.cors_origin,
            allow_methods=["GET", "POST"],
            allow_headers=["*"],
        )
    return app


def _add_pages(app: FastAPI, service: Service) -> None:
    """Add what a person or a monitor looks at."""

    @app.get("/health", tags=["Server"], responses={503: documentation.ERRORS[503]})
    async def health() -> Response:
        """Tell whether the server answers requests; it needs no key."""
        if service.is_draining:
            raise Problem("The server is ending.", 503, code="draining")
        return json_response({"status": "ok"})

    @app.get(
        "/metrics",
        tags=["Server"],
        responses=documentation.ERRORS,
        response_class=PlainTextResponse,
    )
    async def metrics() -> Response:
        """Return what the server counted, for Prometheus."""
        return Response(service.metrics.text(), media_type="text/plain; version=0.0.4")

    described: dict[str, Any] = {}

    def description() -> dict[str, Any]:
        if not described:
            of_routes = get_openapi(
                title=app.title, version=app.version, description=_DESCRIPTION, routes=app.routes
            )
            described.update(documentation.without_unused(of_routes))
        return described

    app.openapi = description  # type: ignore[method-assign]

    @app.get("/openapi.json", include_in_schema=False)
    async def openapi() -> Response:
        return json_response(description())

    @app.get("/docs", include_in_schema=False)
    async def docs() -> Response:
        headers = {"content-security-policy": _DOCS_CSP}
        return HTMLResponse(documentation.page(description()), headers=headers)

    files = _static_files()

    @app.get("/", include_in_schema=False)
    async def playground() -> Response:
        return _static(files, "index.html")

    @app.get("/playground/{name}", include_in_schema=False)
    async def playground_file(name: str) -> Response:
        return _static(files, name)


def _static_files() -> dict[str, bytes]:
    """Return the files of the playground, by name."""
    folder = Path(__file__).parents[1] / "pages" / "playground"
    return {path.name: path.read_bytes() for path in folder.glob("*") if path.suffix in _TYPES}


def _static(files: dict[str, bytes], name: str) -> Response:
    if name not in files:
        raise HTTPException(404)
    kind = _TYPES[Path(name).suffix]
    headers = {"content-security-policy": _CSP, "cache-control": "no-cache"}
    return Response(files[name], media_type=f"{kind}; charset=utf-8", headers=headers)


def _add_errors(app: FastAPI) -> None:
    """Answer every error in one shape."""

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        return _validation_problem(error).response()

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> Response:
        if isinstance(error.__cause__, Problem):  # of a body that was too large while it was read
            return error.__cause__.response()
        messages = {
            404: f"There is no {shorten(request.url.path)} here; see /docs.",
            405: f"{request.method} is not for {shorten(request.url.path)}; see /docs.",
        }
        message = messages.get(error.status_code, str(error.detail))
        return Problem(message, error.status_code, headers=dict(error.headers or {})).response()

    @app.exception_handler(ChargenError)
    async def refused(request: Request, error: ChargenError) -> Response:
        return as_problem(error).response()

    @app.exception_handler(Exception)
    async def failed(request: Request, error: Exception) -> Response:
        logging.getLogger("chargen.serving").error("A request failed.", exc_info=error)
        return as_problem(error).response()


def _validation_problem(error: RequestValidationError) -> Problem:
    """Return what is wrong with a body, in a sentence."""
    first = error.errors()[0]
    place = [str(part) for part in first["loc"][1:]]
    if first["type"] == "json_invalid":
        reason = first.get("ctx", {}).get("error", "it does not parse")
        return Problem(f"The body is not JSON: {reason}.", code="invalid_json")
    if not place:
        return Problem(
            "The body must be a JSON object, with content-type: application/json.",
            code="invalid_body",
        )
    message = first["msg"].removeprefix("Input should be ").removeprefix("Value error, ")
    if first["type"] == "missing":
        return Problem(f"{'.'.join(place)} is missing.", param=place[0], code="missing_field")
    received = shorten(first.get("input"))
    return Problem(f"{'.'.join(place)} must be {message}; received {received}.", param=place[0])
