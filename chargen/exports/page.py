"""A page of one file that writes text without a network: the playground, with the model in it.

The page is `pages/playground`, with `pages/offline` in place of the server. Its weights are int8
with a scale for each column, or float32. The description has, beside what all have:

    id, meta    what the page says of the model, as the server does
    rules       what else a prompt needs: the document separator as a pattern, and what looks alike
    layout      name, type, first byte and length of each array among the weights

The test vectors are those of the weights in the page. A page that is not exactly what chargen
writes for its model does not verify, so that a changed script is found too.
"""

import base64
import hashlib
import re
import unicodedata
import zlib
from collections.abc import Mapping
from dataclasses import replace
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np

from chargen.checkpoint import Checkpoint, weight_shapes
from chargen.config import ModelConfig
from chargen.errors import ExportError
from chargen.exports.document import check_arrays, describe, missing, parse, to_text
from chargen.exports.formats import Loaded
from chargen.exports.int8 import dequantize, is_matrix, quantize
from chargen.exports.vectors import run_of
from chargen.pages.bundle import bundle
from chargen.pages.frame import as_text
from chargen.storage.arrays import Arrays
from chargen.storage.atomic import write_atomically
from chargen.text import unknown
from chargen.text.documents import separator_pattern
from chargen.text.tokenizer import CharTokenizer

_PAGES = Path(__file__).parents[1] / "pages"
_MAX_BYTES = 64_000_000  # of weights in a page; phones refuse more
_STYLE = '<link rel="stylesheet" href="playground/style.css">\n'
_SCRIPT = '<script type="module" src="playground/main.js"></script>\n'
_DATA = '<script type="text/plain" id="{}">{}</script>\n'


def write(checkpoint: Checkpoint, path: Path, *, float32: bool = False) -> None:
    """Write a checkpoint as a page.

    Args:
        checkpoint: the network.
        path: of the file.
        float32: whether the weights are exact, and four times as large.

    Raises:
        ExportError: if the model is too large for a page.
        StorageError: if it cannot be written.
    """
    arrays = dict(checkpoint.weights) if float32 else quantize(checkpoint.weights)
    size = sum(array.nbytes for array in arrays.values())
    if size > _MAX_BYTES:
        raise ExportError(
            f"A page holds up to {_MAX_BYTES / 1e6:g} MB of weights; this model has "
            f"{size / 1e6:.0f} MB{' in float32' if float32 else ''}. "
            f"{'Leave out --float32, or choose' if float32 else 'Choose'} another format."
        )
    inside = replace(checkpoint, weights=dequantize(arrays))
    more = {
        "id": path.stem,
        "meta": _meta(checkpoint),
        "rules": _rules(checkpoint.tokenizer),
        "layout": _layout(arrays),
    }
    document = describe(inside, "page", arrays, more)
    write_atomically(path, _page(document, _packed(b"".join(map(_bytes, arrays.items())))).encode())


def load(path: Path) -> Loaded:
    """Load a page, if it is exactly what chargen writes for the model that it holds.

    What is run is NumPy on the page's weights, not the page's own script.

    Raises:
        ExportError: if it is not; the message names the first line that differs.
    """
    try:
        text = path.read_bytes().decode()
    except UnicodeDecodeError:
        raise ExportError(f"{path} is no text in UTF-8.") from None
    found = re.search(r' id="description">([^<]*)</script>', text)
    data = re.search(r' id="weights">([^<]*)</script>', text)
    if not (found and data):
        raise missing(path, "page")
    document = parse(found[1], path, format="page")
    try:
        arrays = _arrays(document, _unpacked(data[1]))
        plain = {name: array.copy() for name, array in dequantize(arrays).items()}
    except (ValueError, KeyError, TypeError, AttributeError, zlib.error) as error:
        raise ExportError(f"{path} has damaged weights: {error}.") from None
    check_arrays(document, arrays, path)
    lines = zip_longest(text.split("\n"), _page(document, data[1]).split("\n"))
    different = (number for number, (one, other) in enumerate(lines, 1) if one != other)
    if number := next(different, None):
        raise ExportError(
            f"{path} was changed: its line {number} is not what this chargen writes there; or it "
            f"was written by another version ({document['chargen']})."
        )
    checkpoint = Checkpoint.from_json(document["model"], plain, path)
    kind = "int8" if any(array.dtype == np.int8 for array in arrays.values()) else "float32"
    runtime = f"NumPy {np.__version__} with the page's {kind} weights"
    return Loaded(document, arrays, runtime, run_of(checkpoint))


def _page(document: Mapping[str, Any], weights: str) -> str:
    """Return the page of a model with these weights, packed."""
    style = (_PAGES / "playground" / "style.css").read_text("utf-8")
    script = "\n" + bundle(_PAGES / "offline" / "main.js")
    kernel = (_PAGES / "offline" / "kernel.wasm").read_bytes()
    parts = {
        "description": to_text(document).replace("<", "\\u003c"),
        "worker": bundle(_PAGES / "offline" / "worker.js"),
        "kernel": base64.b64encode(kernel).decode("ascii"),
        "weights": weights,
    }
    policy = (
        f"default-src 'none'; script-src '{_hash(script)}' 'wasm-unsafe-eval'; "
        f"style-src '{_hash(style)}'; worker-src blob:; img-src data:; base-uri 'none'; "
        "form-action 'none'"
    )
    head = f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
    html = (_PAGES / "playground" / "index.html").read_text("utf-8")
    html = html.replace("<meta name=", head + "<meta name=", 1)
    html = html.replace(_STYLE, f"<style>{style}</style>\n").replace(_SCRIPT, "")
    title = as_text(str(document.get("id")))
    html = html.replace("<title>chargen playground", f"<title>{title}")
    data = "".join(_DATA.format(name, text) for name, text in parts.items())
    return html.replace("</body>", f"{data}<script>{script}</script>\n</body>")


def _hash(text: str) -> str:
    """Return the hash by which a policy allows a script or a style."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode('ascii')}"


def _packed(data: bytes) -> str:
    """Return bytes as text: deflated, in base64."""
    packer = zlib.compressobj(9, wbits=-zlib.MAX_WBITS)
    return base64.b64encode(packer.compress(data) + packer.flush()).decode("ascii")


def _unpacked(text: str) -> bytes:
    """Return what `_packed` made a text of.

    Raises:
        ValueError, zlib.error: if it is none, or of more than a page holds.
    """
    unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
    data = unpacker.decompress(base64.b64decode(text, validate=True), 2 * _MAX_BYTES)
    if not unpacker.eof:
        raise ValueError("they are cut off, or too many")
    return data


def _bytes(item: tuple[str, Any]) -> bytes:
    """Return an array as the page has it: a matrix by rows of its outputs; to multiples of 16."""
    name, array = item
    data: bytes = np.ascontiguousarray(array.T if is_matrix(name) else array).tobytes()
    return data + bytes(-len(data) % 16)


def _layout(arrays: Arrays) -> list[list[Any]]:
    layout, start = [], 0
    for name, array in arrays.items():
        layout.append([name, array.dtype.name, start, array.size])
        start += len(_bytes((name, array)))
    return layout


def _arrays(document: Mapping[str, Any], data: bytes) -> dict[str, np.ndarray]:
    """Return the arrays among the bytes of a page.

    Raises:
        ValueError, KeyError, TypeError: if they are not as the description says.
    """
    shapes = weight_shapes(ModelConfig.from_json(document["model"]["config"]))
    arrays = {}
    for name, kind, start, size in document["layout"]:
        array = np.frombuffer(data, {"int8": np.int8, "float32": np.float32}[kind], size, start)
        shape = shapes.get(name, array.shape)
        arrays[name] = array.reshape(shape[::-1]).T if is_matrix(name) else array.reshape(shape)
    return arrays


def _meta(checkpoint: Checkpoint) -> dict[str, Any]:
    """Return what the page says of the model."""
    config, origin = checkpoint.config, checkpoint.origin
    return {
        "cell": config.cell,
        "units": list(config.units),
        "vocab_size": config.vocab_size,
        "labels": list(checkpoint.labels),
        "corpus": origin.corpus,
        "loss": origin.known_loss,
    }


def _rules(tokenizer: CharTokenizer) -> dict[str, Any]:
    """Return what turns a prompt into characters that the model knows, beside the preparation."""
    separator = None
    if tokenizer.separator is not None and tokenizer.boundary is not None:
        # JavaScript has no atomic groups.
        pattern = separator_pattern(tokenizer.separator)
        separator = pattern.replace("(?>\r\n|[", "(?:\r\n|(?!\r\n)[")
    is_own = tokenizer.line_end is not None and tokenizer.line_end == tokenizer.newline
    return {
        "separator": separator,
        "line_end": tokenizer.line_end if is_own else None,
        "rare": tokenizer.unknown is not None,
        "alike": unknown.ALIKE,
        "several": unknown.SEVERAL,
        "directed": unknown.DIRECTED,
        "strokes": _strokes(tokenizer.vocabulary.idx2char),
    }


def _strokes(known: str) -> dict[str, str]:
    """Return the letters whose stroke or hook is in their name only, and what they are without."""
    pairs = {}
    for code in range(0x80, 0x3000):
        name, _, addition = unicodedata.name(chr(code), "").partition(" WITH ")
        if addition and unicodedata.normalize("NFKD", chr(code)) == chr(code):
            try:
                base = unicodedata.lookup(name)
            except KeyError:
                continue
            if {base, base.lower(), base.upper()} & set(known):
                pairs[chr(code)] = base
    return pairs
