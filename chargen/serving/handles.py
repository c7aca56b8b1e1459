"""State handles: all that going on with a text needs, as one signed text that the client keeps.

A handle is base64url of: a SHA-256 HMAC of the rest, the length of a JSON header (4 bytes, little
endian), the header, then the arrays of the state in float32 and the last ids in int32. It is bound
to the very weights that it came from. The server keeps nothing.
"""

import base64
import binascii
import hashlib
import hmac
import json
import secrets
import struct
from dataclasses import dataclass

import numpy as np

from chargen.checkpoint import Checkpoint
from chargen.errors import StateError
from chargen.generation.state import STATES, State
from chargen.serving.numbers import Numbers
from chargen.text.vocabulary import Ids

MAX_KEPT = 512  # last characters of a text, for the settings that look back, such as no_repeat
_SIZE = hashlib.sha256().digest_size
_LENGTH = struct.Struct("<I")


@dataclass(frozen=True, eq=False)
class Place:
    """A place in a text, from which it can go on.

    Args:
        state: of the network, of one text.
        unread: ids that it has not read since, shape [n].
        text: the last ids of the text, the unread ones included, shape [n].
        written: how many of these were written since the last prompt.
        left_out: what was drawn there and is no part of the text so far; it comes first.
        numbers: that go on drawing; None for new ones.
    """

    state: State
    unread: Ids
    text: Ids
    written: int
    left_out: str
    numbers: Numbers | None


class Handles:
    """Make handles of places in texts, and read them.

    Args:
        secret: what signs them; one that is drawn now if None, so that handles hold for this
            process only.
    """

    def __init__(self, secret: str | None = None) -> None:
        key = secrets.token_bytes(_SIZE) if secret is None else secret.encode()
        self._key = hashlib.sha256(b"chargen state handles 2\0" + key).digest()

    def make(self, place: Place, fingerprint: str) -> str:
        """Return the handle of a place in a text of the network with this fingerprint."""
        labels, numbers = place.state.labels, place.numbers
        header = {
            "network": fingerprint,
            "label": None if labels is None else int(labels[0]),
            "unread": len(place.unread),
            "written": min(place.written, MAX_KEPT),
            "left_out": place.left_out,
            "numbers": numbers and [numbers.seed, numbers.number, numbers.place],
        }
        document = json.dumps(header, separators=(",", ":")).encode()
        arrays = [array for layer in place.state.layers for array in layer]
        text = place.text[-MAX_KEPT:]
        parts = [
            _LENGTH.pack(len(document)),
            document,
            *(a.astype("<f4").tobytes() for a in arrays),
        ]
        body = b"".join([*parts, text.astype("<i4").tobytes()])
        return base64.urlsafe_b64encode(self._sign(body) + body).decode()

    def read(self, handle: str, checkpoint: Checkpoint, fingerprint: str) -> Place:
        """Return the place that a handle is of.

        Raises:
            StateError: if it was changed, made elsewhere, or is of another network.
        """
        try:
            raw = base64.b64decode(handle.encode("ascii"), altchars=b"-_", validate=True)
        except (ValueError, binascii.Error):
            raise StateError("state is not a handle that a completion gave.") from None
        signature, body = raw[:_SIZE], raw[_SIZE:]
        if not hmac.compare_digest(signature, self._sign(body)):
            raise StateError(
                "state was changed, or was made by another server or before this one was started "
                "again (with --api-key, handles outlast that)."
            )
        (length,) = _LENGTH.unpack_from(body)
        header = json.loads(body[_LENGTH.size : _LENGTH.size + length])
        if header["network"] != fingerprint:
            raise StateError("state is of another model, or of this one before it was trained on.")
        rest, config = body[_LENGTH.size + length :], checkpoint.config
        layers, offset = [], 0
        for units in config.units:
            arrays = []
            for _ in STATES[config.cell]:
                arrays.append(np.frombuffer(rest, "<f4", units, offset).astype(np.float32)[None])
                offset += 4 * units
            layers.append(tuple(arrays))
        text = np.frombuffer(rest, "<i4", offset=offset).astype(np.int32)
        label = header["label"]
        labels = None if label is None else np.array([label], np.int32)
        return Place(
            State(config.cell, tuple(layers), labels),
            text[len(text) - header["unread"] :],
            text,
            header["written"],
            header["left_out"],
            header["numbers"] and Numbers(*header["numbers"]),
        )

    def _sign(self, body: bytes) -> bytes:
        return hmac.digest(self._key, body, "sha256")
