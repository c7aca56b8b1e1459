"""Who may ask, and how much: Host and Origin, the key, the size of bodies.

A page in a browser can reach a server on 127.0.0.1. So a request must name this server as its
Host, which a foreign name that was made to point here does not (DNS rebinding), and pages of other
origins are refused unless they were allowed.
"""

import hmac
import secrets
from collections.abc import Iterable
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chargen.serving.problems import Problem

MAX_BODY = 8 << 20  # bytes
_OPEN = ("/health", "/", "/playground/")  # paths that need no key
_HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
}


class Guard:
    """Refuse what should not reach the application; give each answer an id.

    Args:
        app: the application.
        hosts: names by which the server may be asked for, besides localhost and IP addresses.
        origins: of other servers whose pages may ask.
        key: that requests must bear; None for none.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        hosts: Iterable[str] = (),
        origins: Iterable[str] = (),
        key: str | None = None,
    ) -> None:
        self._app, self._key = app, key
        self._hosts = {"localhost", *(host.lower() for host in hosts)}
        self._origins = set(origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = secrets.token_hex(8)

        async def send_named(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["x-request-id"] = request_id
                for name, value in _HEADERS.items():
                    headers[name] = value
            await send(message)

        try:
            self._check(scope)
            body = _Limited(receive, Headers(scope=scope))
            await self._app(scope, body.receive, send_named)
        except Problem as problem:
            await problem.response()(scope, receive, send_named)

    def _check(self, scope: Scope) -> None:
        headers = Headers(scope=scope)
        host = _host(headers.get("host", ""))
        if not self._is_known(host):
            raise Problem(
                f"Host {host!r} is none of this server's names; start it with "
                "--allowed-host to add one.",
                403,
                code="unknown_host",
            )
        origin = headers.get("origin")
        if origin is not None and origin not in self._origins and not _is_same(origin, headers):
            raise Problem(
                f"Pages of {origin} may not ask here; start the server with --cors-origin to let "
                "them.",
                403,
                code="unknown_origin",
            )
        path = scope["path"]
        is_open = path in _OPEN or path.startswith(_OPEN[-1])
        if self._key is None or is_open:
            return
        given = headers.get("authorization", "").removeprefix("Bearer ").strip()
        if not hmac.compare_digest(given.encode(), self._key.encode()):
            missing = "no key was given" if not given else "the key is wrong"
            raise Problem(
                f"This server needs a key, and {missing}; send it as Authorization: Bearer KEY.",
                401,
                code="invalid_api_key",
                headers={"www-authenticate": "Bearer"},
            )

    def _is_known(self, host: str) -> bool:
        if host in self._hosts:
            return True
        try:  # an address cannot be made to point elsewhere, as a name can
            ip_address(host.strip("[]"))
        except ValueError:
            return False
        return True


def _host(value: str) -> str:
    """Return the name in a Host header, without its port."""
    try:
        return (urlsplit(f"//{value}").hostname or "").lower()
    except ValueError:
        return ""


def _is_same(origin: str, headers: Headers) -> bool:
    """Return whether a page's origin is this server, as it was asked for."""
    return origin in (f"{scheme}://{headers.get('host')}" for scheme in ("http", "https"))


class _Limited:
    """A body of limited size."""

    def __init__(self, receive: Receive, headers: Headers) -> None:
        self._receive, self._left = receive, MAX_BODY
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > MAX_BODY:
            raise self._problem()

    async def receive(self) -> Message:
        """Return the next message."""
        message = await self._receive()
        if message["type"] == "http.request":
            self._left -= len(message.get("body", b""))
            if self._left < 0:
                raise self._problem()
        return message

    def _problem(self) -> Problem:
        return Problem(f"The body must have at most {MAX_BODY:,} bytes.", 413, code="too_large")
