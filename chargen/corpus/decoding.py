"""From bytes to text, and what to say when they are none."""

import codecs
from collections.abc import Iterable, Iterator
from contextlib import suppress

from chargen.errors import CorpusError, EncodingError

AUTO = "auto"
_SAMPLE = 1 << 15  # bytes on each side of the first wrong one, by which an encoding is detected


def decoded(blocks: Iterable[bytes], *, encoding: str, name: str) -> Iterator[str]:
    """The text of a file, a piece for each block; a byte order mark at its start is kept.

    Raises:
        EncodingError: if the bytes are not text in `encoding`. The offset is named, and the
            encoding that they may be in.
        CorpusError: if the text holds NUL characters.
    """
    decoder = _decoder(encoding)
    read = characters = 0
    previous = b""
    for block in _with_end(blocks):
        read += len(block)
        try:
            piece = decoder.decode(block, final=not block)
        except UnicodeDecodeError as error:
            # What the decoder kept of earlier blocks is in error.object too.
            offset = read - len(error.object) + error.start
            around = previous + block
            place = max(0, offset - (read - len(around)))
            likely = _likely(around[max(0, place - _SAMPLE) : place + _SAMPLE])
            raise EncodingError(
                f"{name} is not {encoding} text: byte {around[place]:#04x} at offset {offset:,}. "
                + _advice(likely),
                likely,
            ) from None
        except UnicodeError as error:  # such as UTF-16 without its mark
            raise EncodingError(f"{name} is not {encoding} text: {error}.") from None
        refuse_nul(piece, name, before=characters)
        characters += len(piece)
        previous = block
        yield piece


def _with_end(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Every block that is not empty, then an empty one."""
    yield from (block for block in blocks if block)
    yield b""


def _decoder(encoding: str) -> codecs.IncrementalDecoder:
    try:
        with suppress(UnicodeError):
            b" ".decode(encoding)  # refuses codecs such as base64, which do not give text
        return codecs.getincrementaldecoder(encoding)()
    except LookupError:
        raise EncodingError(
            f"Python knows no encoding {encoding!r}; try utf-8, utf-16, cp1252 or latin-1."
        ) from None


def refuse_nul(text: str, name: str, *, before: int = 0) -> None:
    """Refuse a text with NUL characters, of which `before` characters came earlier.

    Raises:
        CorpusError: naming the place of the first.
    """
    if (place := text.find("\0")) >= 0:
        raise CorpusError(
            f"{name} holds NUL characters (the first is character {before + place:,}), so it is "
            "not plain text; if it is text in UTF-16 or UTF-32, name it with --encoding."
        )


def detect(blocks: Iterable[bytes], *, name: str) -> str:
    """The encoding of a file: UTF-8 where it can be read so, else the likeliest.

    Raises:
        EncodingError: if it looks like no text.
    """
    try:
        for _ in decoded(blocks, encoding="utf-8", name=name):
            pass
    except EncodingError as error:
        if error.likely is None:
            raise
        return error.likely
    return "utf-8"


def _advice(likely: str | None) -> str:
    if likely is None:
        return "It looks like no text; leave it out, or name its encoding, as in --encoding cp1252."
    return f"It looks like {likely}: if so, --encoding {likely}, or auto for that of each file."


def _likely(sample: bytes) -> str | None:
    """The encoding that a sample of bytes is most likely in."""
    from charset_normalizer import from_bytes

    best = from_bytes(sample).best()
    return best.encoding if best is not None else None
