"""What the server counts, for Prometheus."""

from collections.abc import Container

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chargen.serving.engine import Engine

_FIRST = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1, 2.5, 5, 10)
_STEPS = (0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1)


class Metrics:
    """Counters of one server, on a registry of their own."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        registry = self._registry
        self.requests = Counter(
            "chargen_requests",
            "Requests, by path and status.",
            ("path", "status"),
            registry=registry,
        )
        self.read = Counter("chargen_prompt_characters", "Characters read.", registry=registry)
        self.written = Counter(
            "chargen_completion_characters", "Characters written.", registry=registry
        )
        self.first = Histogram(
            "chargen_first_character_seconds",
            "Seconds from a request to its first character.",
            registry=registry,
            buckets=_FIRST,
        )
        self.steps = Histogram(
            "chargen_step_seconds",
            "Seconds for one step of a batch, a character of each text.",
            registry=registry,
            buckets=_STEPS,
        )
        self.rows = Gauge("chargen_batch_texts", "Texts in the last step.", registry=registry)

    def watch(self, engine: Engine) -> None:
        """Tell how many texts the engine has."""
        for name, help, read in (
            ("chargen_active_texts", "Texts that are read or written.", lambda: engine.active),
            ("chargen_waiting_texts", "Texts that wait.", lambda: engine.waiting),
        ):
            Gauge(name, help, registry=self._registry).set_function(read)

    def stepped(self, texts: int, seconds: float) -> None:
        """Count a step of the engine."""
        self.rows.set(texts)
        self.steps.observe(seconds)

    def text(self) -> bytes:
        """Return all of it in Prometheus's text format."""
        return generate_latest(self._registry)


class Counting:
    """Count answers by status and by path.

    Args:
        app: that answers.
        metrics: where they are counted.
        paths: that are counted by themselves; others could be without number.
    """

    def __init__(self, app: ASGIApp, *, metrics: Metrics, paths: Container[str]) -> None:
        self._app, self._metrics, self._paths = app, metrics, paths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                path = scope["path"] if scope["path"] in self._paths else "other"
                self._metrics.requests.labels(path, str(message["status"])).inc()
            await send(message)

        await self._app(scope, receive, counted if scope["type"] == "http" else send)
