"""The networks that are offered, by name.

Each is loaded when first asked for, and again when its file has changed. Where memory is short, the
least used are forgotten.
"""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from chargen.checkpoint import Checkpoint
from chargen.errors import CheckpointError
from chargen.generation.clamps import Clamp
from chargen.generation.decoder import Decoder, MakeDecoder
from chargen.generation.weights import DecoderWeights
from chargen.serving.problems import Problem
from chargen.storage.runs import BUNDLED, MODEL_FILE, bundled_checkpoint
from chargen.text.characters import enumerate_some

_MAX_LISTED = 10  # names in a message
_MAX_MAKERS = 64  # sets of clamped units that are remembered

_Stamp = tuple[int, int, int]


@dataclass(eq=False)
class Network:
    """A network that is loaded. Requests in flight keep it, whatever happens to its file.

    Args:
        name: under which it is offered.
        path: of its file.
        weights: ready to compute with.
        created: when its file was written, in seconds since 1970.
    """

    name: str
    path: Path
    weights: DecoderWeights
    created: int
    fingerprint: str = field(init=False)
    _makers: dict[tuple[Clamp, ...], MakeDecoder] = field(default_factory=dict)

    def __post_init__(self) -> None:
        digest = hashlib.sha256()
        for name, array in sorted(self.checkpoint.weights.items()):
            digest.update(name.encode())
            digest.update(array.tobytes())
        self.fingerprint = digest.hexdigest()[:16]

    @property
    def checkpoint(self) -> Checkpoint:
        """Return what was loaded."""
        return self.weights.checkpoint

    def decoder_maker(self, clamps: Sequence[Clamp]) -> MakeDecoder:
        """Return what makes decoders with these units clamped; texts of the same share a batch.

        Raises:
            SettingError: if the network has no such unit, or one is clamped twice.
        """
        key = tuple(clamps)
        if key not in self._makers:
            if len(self._makers) > _MAX_MAKERS:
                self._makers.clear()
            self._makers[key] = partial(Decoder, self.weights.clamped(clamps))
        return self._makers[key]

    @property
    def bytes(self) -> int:
        """Return how much memory it takes, roughly."""
        arrays = [*self.checkpoint.weights.values(), self.weights.embeddings]
        arrays += [layer.kernel.array for layer in self.weights.layers]
        return sum(array.nbytes for array in arrays)


class Networks:
    """The networks of a folder, or some that were chosen.

    Args:
        folder: of runs; each is offered under its own name, and the one that comes with chargen
            as bundled.
        chosen: instead of those, the file of each by name; the first is the default.
        max_bytes: how much memory those that are loaded may take; the one asked for is always
            loaded.
        threads: for each, as `ComputingConfig` says.
    """

    def __init__(
        self,
        folder: Path,
        *,
        chosen: Mapping[str, Path] | None = None,
        max_bytes: int = 2 << 30,
        threads: int | None = None,
    ) -> None:
        self._folder, self._chosen = folder, dict(chosen or {})
        self._max_bytes, self._threads = max_bytes, threads
        self._loaded: OrderedDict[str, tuple[_Stamp, Network]] = OrderedDict()  # the last used last
        self._lock = threading.Lock()

    def paths(self) -> dict[str, Path]:
        """Return the file of each network that is offered, by name, the default first."""
        if self._chosen:
            return dict(self._chosen)
        found = [path for path in self._folder.glob(f"*/{MODEL_FILE}") if _stamp(path) is not None]
        found.sort(key=lambda path: _stamp(path) or (0, 0, 0), reverse=True)
        paths = {path.parent.name: path for path in found}
        paths.setdefault(BUNDLED, bundled_checkpoint())
        return paths

    def loaded(self, name: str) -> Network | None:
        """Return a network if it is loaded, as it was then."""
        entry = self._loaded.get(name)
        return entry and entry[1]

    def written(self, name: str) -> int:
        """Return when the file of a network was written, in seconds since 1970; 0 if it is gone."""
        stamp = _stamp(self.paths()[name])
        return stamp[0] // 10**9 if stamp else 0

    def get(self, name: str | None) -> Network:
        """Return a network, loaded from its file as that is now.

        Args:
            name: as `paths` has it; None for the default.

        Raises:
            Problem: if none of that name is offered.
            CheckpointError: if its file is gone or damaged.
        """
        paths = self.paths()
        if name is None:
            name = next(iter(paths))
        if name not in paths:
            raise Problem(
                f"There is no model {name!r}; there are "
                f"{enumerate_some(list(paths), max_names=_MAX_LISTED)}.",
                404,
                param="model",
                code="model_not_found",
            )
        with self._lock:
            return self._get(name, paths[name])

    def _get(self, name: str, path: Path) -> Network:
        stamp = _stamp(path)
        if stamp is None:
            self._loaded.pop(name, None)
            raise CheckpointError(f"The file of model {name} is gone.")
        if name in self._loaded and self._loaded[name][0] == stamp:
            self._loaded.move_to_end(name)
            return self._loaded[name][1]
        self._loaded.pop(name, None)
        try:
            checkpoint = Checkpoint.load(path)
        except CheckpointError as error:  # without the path, which is nobody else's business
            raise CheckpointError(
                str(error).replace(str(path), f"The file of model {name}")
            ) from None
        weights = DecoderWeights(checkpoint, self._threads)
        network = Network(name, path, weights, stamp[0] // 10**9)
        self._loaded[name] = stamp, network
        self._forget()
        return network

    def _forget(self) -> None:
        """Forget the least used until the others fit into memory."""
        while len(self._loaded) > 1 and self._bytes() > self._max_bytes:
            self._loaded.popitem(last=False)

    def _bytes(self) -> int:
        return sum(network.bytes for _, network in self._loaded.values())


def _stamp(path: Path) -> _Stamp | None:
    """Return what changes when a file does; None if it is not there."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
