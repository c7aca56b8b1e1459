"""From bytes to text; what to say where bytes are not text, and how to detect an encoding."""

import codecs
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import chain

from chargen.errors import CorpusError, EncodingError

AUTO = "auto"
_SAMPLE = 1 << 15  # bytes on each side of the first wrong one, in which an encoding is detected


def decode_blocks(blocks: Iterable[bytes], *, encoding: str, name: str) -> Iterator[str]:
    """Yield the text of a file, a piece for each block, with its byte order mark if it has one.

    Args:
        blocks: the file's bytes.
        encoding: a name that Python knows.
        name: what messages call the file.

    Raises:
        EncodingError: if the bytes are not text in `encoding`. The message has their offset, and
            the encoding that they may be in.
        CorpusError: if the text holds NUL characters.
    """
    decoder = _decoder(encoding)
    read = characters = 0
    previous = b""
    for block in chain(filter(None, blocks), [b""]):
        read += len(block)
        try:
            piece = decoder.decode(block, final=not block)
        except UnicodeDecodeError as error:
            from charset_normalizer import from_bytes

            # What the decoder kept of earlier blocks is in error.object too.
            offset = read - len(error.object) + error.start
            around = previous + block
            place = max(0, offset - (read - len(around)))
            guess = from_bytes(around[max(0, place - _SAMPLE) : place + _SAMPLE]).best()
            likely = None if guess is None else guess.encoding
            advice = (
                "It looks like no text; leave it out, or name its encoding, as in --encoding cp1252"
                if likely is None
                else f"It looks like {likely}: if so, --encoding {likely}, or auto for that of "
                "each file"
            )
            raise EncodingError(
                f"{name} is not {encoding} text: byte {around[place]:#04x} at offset {offset:,}. "
                f"{advice}.",
                likely,
            ) from None
        except UnicodeError as error:  # such as UTF-16 without its mark
            raise EncodingError(f"{name} is not {encoding} text: {error}.") from None
        refuse_nul(piece, name, before=characters)
        characters += len(piece)
        previous = block
        yield piece


def _decoder(encoding: str) -> codecs.IncrementalDecoder:
    try:
        with suppress(UnicodeError):
            b" ".decode(encoding)  # refuses codecs such as base64, which do not give text
        return codecs.getincrementaldecoder(encoding)()
    except LookupError:
        raise EncodingError(
            f"Python does not know the encoding {encoding!r}; try utf-8, utf-16, cp1252 or latin-1."
        ) from None


def refuse_nul(text: str, name: str, *, before: int = 0) -> None:
    """Check that a piece of a text holds no NUL characters; `before` is how many came before it.

    Raises:
        CorpusError: saying where the first one is.
    """
    if (place := text.find("\0")) >= 0:
        raise CorpusError(
            f"{name} holds NUL characters (the first is character {before + place:,}), so it is "
            "not plain text; if it is text in UTF-16 or UTF-32, name it with --encoding."
        )


def detect(blocks: Iterable[bytes], *, name: str) -> str:
    """Return the encoding of a file: UTF-8 if it can be read as that, else the most likely one.

    Raises:
        EncodingError: if it does not look like text.
    """
    try:
        for _ in decode_blocks(blocks, encoding="utf-8", name=name):
            pass
    except EncodingError as error:
        if error.likely is None:
            raise
        return error.likely
    return "utf-8"
