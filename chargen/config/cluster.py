"""Which machines train together."""

from dataclasses import dataclass

from chargen.config.base import Settings, check, setting
from chargen.errors import SettingError

_MAX_PORT = 65_535


@dataclass(frozen=True, kw_only=True)
class ClusterConfig(Settings):
    """Which machines train together. A value outside its limits raises `SettingError`."""

    _group = "Several machines"

    workers: tuple[str, ...] = setting(
        "Addresses of all workers, HOST:PORT,HOST:PORT; the same on every worker. The first one "
        "leads: it saves and reports.",
        (),
        expected="addresses such as 10.0.0.1:2222",
        max_items=1024,
    )
    worker_index: int | None = setting(
        "Place of this worker among the addresses; the first is 0.", None, max=1023
    )
    wait: float = setting("Seconds to wait for the other workers.", 300.0, max=1e6)
    trusted_network: bool = setting(
        "Say that you trust everybody in the workers' network, as their connections have neither "
        "encryption nor passwords. Addresses of other machines need this.",
        False,
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        workers = tuple(each for part in self.workers for each in part.split(","))
        object.__setattr__(self, "workers", workers)
        for each in workers:
            host, _, port = each.rpartition(":")
            is_port = port.isascii() and port.isdecimal() and len(port) <= 5
            is_port = is_port and 0 < int(port) <= _MAX_PORT
            is_host = host.isascii() and host.isprintable() and bool(host) and " " not in host
            is_host &= ":" not in host or (host[0], host[-1]) == ("[", "]")  # IPv6
            check("workers", each, is_host and is_port, "addresses such as 10.0.0.1:2222")
        if len(set(workers)) < len(workers):
            twice = next(each for each in workers if workers.count(each) > 1)
            raise SettingError(f"workers has {twice} twice; each needs its own.", setting="workers")
        index = self.worker_index
        if index is not None and index >= len(workers) > 0:
            raise SettingError(
                f"worker_index {index} is too much for {len(workers)} workers; the last one is "
                f"{len(workers) - 1}.",
                setting="worker_index",
            )
