"""What a server takes, and from whom."""

from dataclasses import dataclass

from chargen.config.base import Settings, check, setting


@dataclass(frozen=True, kw_only=True)
class ServingConfig(Settings):
    """What a server takes, and from whom. A value outside its limits raises `SettingError`."""

    host: str = setting(
        "Listen at this address or name; 0.0.0.0 is all of this machine's.",
        "127.0.0.1",
        group="Address",
    )
    port: int = setting(
        "Listen at this port; 0 takes a free one.", 8000, max=65_535, group="Address"
    )
    api_key: str | None = setting(
        "Answer only requests that bear this key. Other users of this machine can see it; "
        "--api-key-file and $CHARGEN_API_KEY hide it.",
        None,
        group="Access",
    )
    allowed_host: tuple[str, ...] = setting(
        "Answer requests that ask for this name, besides localhost and addresses. May be repeated.",
        (),
        group="Access",
    )
    cors_origin: tuple[str, ...] = setting(
        "Let web pages of this origin ask, such as https://example.org. May be repeated.",
        (),
        group="Access",
    )
    max_batch: int = setting(
        "Write this many texts side by side.", 64, min=1, max=1024, group="Limits"
    )
    max_queue: int = setting(
        "Let this many more texts wait; refuse others.", 1024, max=1_000_000, group="Limits"
    )
    max_prompt: int = setting(
        "Read this many characters of a prompt at most.", 200_000, min=1, group="Limits"
    )
    max_length: int = setting(
        "Write this many characters of a text at most.", 20_000, min=1, group="Limits"
    )
    memory: int = setting(
        "Keep loaded models within this many megabytes.", 2048, min=1, max=10**7, group="Limits"
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        key = self.api_key
        fits = key is None or (key.isascii() and key.isprintable() and key == key.strip())
        check("api_key", key, fits, "printable ASCII, without white space around it")
        for origin in self.cors_origin:
            scheme, _, rest = origin.partition("://")
            fits = scheme in ("http", "https") and bool(rest) and "/" not in rest
            check("cors_origin", origin, fits, "an origin such as https://example.org")
