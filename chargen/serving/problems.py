"""What a request is refused with: a status, and a body in the shape that OpenAI's clients raise."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from starlette.responses import Response

from chargen.errors import (
    ChargenError,
    CheckpointError,
    StateError,
    UnknownCharacterError,
)
from chargen.serving.bodies import encode
from chargen.serving.engine import Overloaded

RETRY_AFTER = 1  # seconds


class Problem(ChargenError):
    """A request that is refused.

    Args:
        message: what was received, what was expected, what to do.
        status: of HTTP.
        param: the field that it is about, if one is.
        code: a word for programs.
        headers: of the response.
    """

    def __init__(
        self,
        message: str,
        status: int = 400,
        *,
        param: str | None = None,
        code: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.param, self.code = status, param, code
        self.headers = headers or {}

    def body(self) -> dict[str, Any]:
        """Return the JSON that tells it."""
        kind = _KINDS.get(self.status, "invalid_request_error")
        if self.status >= 500:
            kind = "server_error"
        error = {"message": str(self), "type": kind, "param": self.param, "code": self.code}
        return {"error": error}

    def response(self) -> Response:
        """Return the response that tells it."""
        return Response(encode(self.body()), self.status, self.headers, "application/json")


_KINDS = {401: "authentication_error", 429: "overloaded"}


def as_problem(error: Exception) -> Problem:
    """Return what to answer where an error came up."""
    match error:
        case Problem():
            return error
        case Overloaded():
            headers = {"retry-after": str(RETRY_AFTER)}
            return Problem(str(error), 429, code="overloaded", headers=headers)
        case CheckpointError():  # the model is offered: of an unknown name there is a Problem
            return Problem(str(error), 503, param="model", code="model_unavailable")
        case ChargenError():
            is_state = isinstance(error, StateError)
            param, code = ("state", "invalid_state") if is_state else (error.setting, None)
            return Problem(str(error), param=param, code=code)
    return Problem("The server failed here; its log says more.", 500, code="internal_error")


@contextmanager
def unknown_in(field: str) -> Iterator[None]:
    """Name the field whose text is prepared, if it has characters that the model never saw.

    Raises:
        Problem: if it has.
    """
    try:
        yield
    except UnknownCharacterError as error:
        way_out = 'Send unknown: "nearest" to take similar ones, or "skip" to leave them out.'
        message = f"{error.found} {way_out}"
        raise Problem(message, param=field, code="unknown_character") from None
