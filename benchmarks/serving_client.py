"""The client of serving.py: HTTP/1.1 over asyncio's sockets, so that it is no bottleneck.

While it is timed, it only keeps bytes and the moments at which they came. JSON is read afterwards.
"""

import asyncio
import json
import re
import time
from dataclasses import dataclass, field
from typing import Any

_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


@dataclass
class Answer:
    """An answer as it came.

    Attributes:
        status: of HTTP; 0 if the connection ended before it.
        sent: when the request was sent, in seconds.
        arrived: when each part of the body came.
        parts: of the body.
        is_whole: whether it came to its end.
    """

    status: int = 0
    sent: float = 0.0
    arrived: list[float] = field(default_factory=list)
    parts: list[bytes] = field(default_factory=list)
    is_whole: bool = False

    @property
    def body(self) -> bytes:
        return b"".join(self.parts)

    def json(self) -> Any:
        return json.loads(self.body)

    def events(self) -> list[Any]:
        """The events of a stream, but for the last, which says that it is over."""
        lines = [line for line in self.body.decode().split("\n\n") if line.startswith("data: ")]
        return [json.loads(line[6:]) for line in lines if line != "data: [DONE]"]

    def text(self) -> str:
        """The text of the first choice, streamed or whole."""
        bodies = self.events() if self.body.startswith((b"data:", b":")) else [self.json()]
        return "".join(c["text"] for body in bodies for c in body["choices"] if not c["index"])

    def first(self) -> float:
        """Seconds from the request to the first character."""
        for moment, part in zip(self.arrived, self.parts, strict=True):
            if b'"text":"' in part:
                return moment - self.sent
        raise ValueError(f"There was no text, but {self.status}: {self.body[:300]!r}")


class Client:
    """A connection that is kept from request to request."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def __aenter__(self) -> "Client":
        return self

    async def __aexit__(self, *error: object) -> None:
        self.close()

    async def post(
        self, path: str, body: dict[str, Any] | bytes, *, leave_after: int | None = None
    ) -> Answer:
        """Send a request and return what is answered.

        Args:
            path: of the request.
            body: to send as JSON, or as it is.
            leave_after: parts of the body after which to hang up; None for never.
        """
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        head = (
            f"POST {path} HTTP/1.1\r\nhost: 127.0.0.1:{self._port}\r\n"
            f"content-type: application/json\r\ncontent-length: {len(content)}\r\n\r\n"
        )
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._streams
        answer = Answer(sent=time.perf_counter())
        writer.write(head.encode() + content)
        try:
            if leave_after != 0:
                await self._read(reader, answer, leave_after)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the answer is not whole, and says so
        if not answer.is_whole:
            self.close()
        return answer

    async def _read(
        self, reader: asyncio.StreamReader, answer: Answer, leave_after: int | None
    ) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        answer.status = int(head.split(None, 2)[1])
        if (found := _LENGTH.search(head)) is not None:
            answer.parts.append(await reader.readexactly(int(found[1])))
            answer.arrived.append(time.perf_counter())
            answer.is_whole = True
            return
        while leave_after is None or len(answer.parts) < leave_after:
            size = int(await reader.readuntil(b"\r\n"), 16)
            part = await reader.readexactly(size + 2)
            if not size:
                answer.is_whole = True
                return
            answer.arrived.append(time.perf_counter())
            answer.parts.append(part[:-2])

    def close(self) -> None:
        """Hang up."""
        if self._streams is not None:
            self._streams[1].transport.abort()
            self._streams = None
