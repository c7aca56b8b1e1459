"""From bytes to text; what to say where bytes are not text, and how to detect an encoding."""

import codecs
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import chain

from chargen.config.base import shorten
from chargen.corpus.encodings import MULTI_BYTE, candidates, in_words
from chargen.errors import CorpusError, EncodingError

AUTO = "auto"
# The byte order mark that a file begins with, and what it says of the file. The longer ones come
# first, since one begins as another does.
_MARKS = {
    codecs.BOM_UTF32_LE: "utf-32-le",
    codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
    codecs.BOM_UTF8: "utf-8",
}
_NEED_MARK = {"utf-16": ("utf-16-le", "utf-16-be"), "utf-32": ("utf-32-le", "utf-32-be")}
_WIDE = re.compile("utf[-_]?(16|32)", re.IGNORECASE)
_HEAD = 8192  # bytes in which NULs say that a file is UTF-16, or no text
_NOT_BY_CHANCE = 6  # characters of valid UTF-8, from which on it is none by chance
_WINDOW = 1 << 18  # bytes after the first wrong one, of whose lines the sample is made
_BEFORE = 80  # bytes of a line before it, at most
_SAMPLE = 1 << 14  # bytes in which an encoding is detected


def encoding_by_mark(head: bytes) -> str | None:
    """Return the encoding that a byte order mark at the start of a file names; None without one."""
    return next((name for mark, name in _MARKS.items() if head.startswith(mark)), None)


def encoding_by_nuls(head: bytes) -> str | None:
    """Return the encoding of UTF-16 or UTF-32 text without a mark; None if it does not look so.

    In such text the upper bytes of ASCII characters are NULs: spaces and line ends in any script.
    """
    head = head[:_HEAD]
    if b"\0" not in head:
        return None
    for name in ("utf-32-le", "utf-32-be", "utf-16-le", "utf-16-be"):
        with suppress(UnicodeDecodeError):
            text = codecs.getincrementaldecoder(name)().decode(head)
            ascii_letters = sum(each.isascii() and each.isalpha() for each in text)
            others = sum(each.isascii() for each in text) - ascii_letters
            is_likely = (
                ascii_letters > 0.6 * len(text) or ascii_letters < 0.1 * len(text) < 5 * others
            )
            if is_likely and all(each.isprintable() or each.isspace() for each in text):
                return name
    return None


def resolve_encoding(asked: str, head: bytes, *, name: str) -> str:
    """Return the encoding of a file by its byte order mark, else the one that was asked for.

    Args:
        asked: what the user said, or `AUTO`, which stays where there is no mark.
        head: the beginning of the file.
        name: what messages call the file.

    Raises:
        EncodingError: if the encoding needs a mark, and there is neither a mark nor a sign of which
            byte comes first.
    """
    if (marked := encoding_by_mark(head)) is not None:
        return marked
    orders: tuple[str, ...] = ()
    with suppress(LookupError, ValueError):
        orders = _NEED_MARK.get(codecs.lookup(asked).name, ())
    if not orders or not head:
        return asked
    if (found := encoding_by_nuls(head)) in orders:
        return found
    raise EncodingError(
        f"{name} is not {asked} text that begins with its byte order mark; name the order of the "
        f"bytes: --encoding {' or '.join(orders)}."
    )


def is_binary(head: bytes, encoding: str) -> bool:
    """Return whether a file's first bytes hold NULs as no text does that may be in `encoding`."""
    if b"\0" not in head[:_HEAD] or _WIDE.match(encoding):
        return False
    return not encoding_by_mark(head) and not encoding_by_nuls(head)


def decode_blocks(blocks: Iterable[bytes], *, encoding: str, name: str) -> Iterator[str]:
    """Yield the text of a file, a piece for each block, with its byte order marks if it has some.

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
    blocks = chain(filter(None, blocks), [b""])
    for block in blocks:
        likely = None if read or _WIDE.match(encoding) else encoding_by_nuls(block)
        if likely is not None:
            raise EncodingError(
                f"{name} is not {encoding} text. It looks like {likely} without a byte order mark: "
                f"if so, --encoding {likely}, or auto for that of each file.",
                likely,
            )
        read += len(block)
        try:
            piece = decoder.decode(block, final=not block)
        except UnicodeDecodeError as error:
            # What the decoder kept of earlier blocks is in error.object too.
            offset = read - len(error.object) + error.start
            around = previous + block
            place = max(0, offset - (read - len(around)))
            advice, likely = _advice(around + next(blocks, b""), place, encoding)
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
    except (LookupError, ValueError):  # the latter of what cannot be a name
        raise EncodingError(
            f"Python does not know the encoding {shorten(encoding)}; try utf-8, utf-16, cp1252 or "
            "latin-1."
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


def _advice(data: bytes, place: int, encoding: str) -> tuple[str, str | None]:
    """Return what to do with bytes that are no text in the encoding that was named.

    Args:
        data: what surrounds the first wrong byte.
        place: where that is.
        encoding: the encoding that was named.

    Returns:
        A sentence without its stop, and the encoding that they are most likely in, if one is.
    """
    if _WIDE.match(encoding):
        return "It seems to be damaged or cut off; restore it", None
    start = max(data.rfind(b"\n", 0, place) + 1, place - _BEFORE)
    end = min(len(data), start + _WINDOW)
    text = data[start:end].decode(errors="replace")
    wrong = text.count("\N{REPLACEMENT CHARACTER}")
    right = sum(not each.isascii() for each in text) - wrong
    if right and not wrong:
        return "It is UTF-8: leave --encoding out", "utf-8"
    lines = b"\n".join(line for line in data[start:end].split(b"\n") if not line.isascii())
    likely = candidates(lines[:_SAMPLE], is_cut=end < len(data) or len(lines) > _SAMPLE)
    before = sum(not each.isascii() for each in data[:place].decode(errors="ignore"))
    # In a multi-byte encoding, one character in four is valid UTF-8 by chance; in others, few are.
    chance = 1 if likely and likely[0].encoding in MULTI_BYTE else 0.25
    if before >= _NOT_BY_CHANCE or (right >= _NOT_BY_CHANCE and right > chance * wrong):
        return (
            "Much of it is UTF-8, so it seems to be damaged, or joined from files in several "
            "encodings; mend it there",
            None,
        )
    if not likely:
        example = "leave it out, or name its encoding, as in --encoding cp1252"
        return f"It looks like no text; {example}", None
    if len(likely) > 1:
        return f"It may be {in_words(likely)}; name the right one with --encoding", None
    best = likely[0].encoding
    way_out = f"--encoding {best}, or auto for that of each file"
    return f"It looks like {in_words(likely)}; if so, {way_out}", best


def detect(blocks: Iterable[bytes], *, name: str) -> str:
    """Return the encoding of a file without a mark: UTF-8 if it can be read so, else a likely one.

    Raises:
        EncodingError: if it does not look like text, or if several encodings are likely.
    """
    try:
        for _ in decode_blocks(blocks, encoding="utf-8", name=name):
            pass
    except EncodingError as error:
        if error.likely is None:
            raise
        return error.likely
    return "utf-8"
