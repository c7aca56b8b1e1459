"""A program of one file that writes text with NumPy alone, for reading and for embedding.

    python writer.py "All: " --seed 1

It is `programs/writer.py` with the model at its end. It prepares a prompt, starts documents and
draws as chargen does. So the same seed writes the same text, but for draws that fall within the
rounding of another order of sums. It leaves out what replaces unknown characters, and all settings
but length, temperature, seed and label. The description is an array of bytes among the weights.

A program that is not exactly what chargen writes for its model is never run by `load`.
"""

import ast
import base64
import io
import zipfile
from collections.abc import Iterator, Mapping
from itertools import zip_longest
from pathlib import Path
from types import ModuleType

import numpy as np

from chargen.checkpoint import Checkpoint
from chargen.errors import ExportError
from chargen.exports.document import check_arrays, describe, missing, parse, to_text
from chargen.exports.formats import Loaded
from chargen.exports.vectors import state_names
from chargen.generation.state import STATES, Floats
from chargen.storage.arrays import Arrays
from chargen.storage.atomic import write_atomically
from chargen.text.documents import separator_pattern
from chargen.text.tokenizer import CharTokenizer
from chargen.text.vocabulary import Ids

_TEMPLATE = Path(__file__).parent / "programs" / "writer.py"
_DESCRIPTION = "description"  # its name among the arrays
_LINE = 96  # characters of base64 in a line
_MAX_BYTES = 400_000_000  # of weights; a longer program would take Python too long to read
_EMPTY = 'WEIGHTS = dict(np.load(io.BytesIO(base64.b64decode(""))))\n'  # in the template
_BEGINNING, _END = _EMPTY.replace("\n", "").split('""')
_BEGINNING, _END = f'{_BEGINNING}"""\n', f'\n"""{_END}\n'
_LINE_ENDS = "\r\n|[\r\x85\v\f\u2028\u2029]"  # what `newlines="unix"` turns into line feeds


def write(checkpoint: Checkpoint, path: Path) -> None:
    """Write a checkpoint as a program.

    Raises:
        ExportError: if the model is too large for one.
        StorageError: if it cannot be written.
    """
    size = sum(array.nbytes for array in checkpoint.weights.values())
    if size > _MAX_BYTES:
        raise ExportError(
            f"A program holds up to {_MAX_BYTES / 1e6:g} MB of weights; this model has "
            f"{size / 1e6:.0f} MB. Choose another format."
        )
    text = to_text(describe(checkpoint, "python", checkpoint.weights)).encode("ascii")
    arrays = {_DESCRIPTION: np.frombuffer(text, np.uint8), **checkpoint.weights}
    write_atomically(path, _program(checkpoint, arrays).encode())


def load(path: Path) -> Loaded:
    """Load a program, if it is exactly what chargen writes for the model that it holds.

    Raises:
        ExportError: if it is not; the message names the first line that differs.
    """
    try:
        text = path.read_bytes().decode()
    except UnicodeDecodeError:
        raise ExportError(f"{path} is no text in UTF-8.") from None
    _, found, after = text.partition(_BEGINNING)
    data, has_end, _ = after.partition(_END)
    if not (found and has_end):
        raise missing(path, "python")
    try:
        raw = base64.b64decode(data.replace("\n", ""), validate=True)
        arrays = dict(np.load(io.BytesIO(raw)))
        description = arrays[_DESCRIPTION].tobytes()
    except (ValueError, KeyError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise ExportError(f"{path} has damaged weights: {error}.") from None
    document = parse(description, path, format="python")
    weights = {name: array for name, array in arrays.items() if name != _DESCRIPTION}
    check_arrays(document, weights, path)
    expected = _program(Checkpoint.from_json(document["model"], weights, path), arrays)
    lines = zip_longest(text.splitlines(), expected.splitlines())
    different = (number for number, (one, other) in enumerate(lines, 1) if one != other)
    if number := next(different, None):
        raise ExportError(
            f"{path} is not run, as its line {number} is not what this chargen writes there; it "
            f"was changed, or written by another version ({document['chargen']})."
        )
    program = ModuleType("writer")
    exec(compile(text, str(path), "exec"), vars(program))  # noqa: S102, it is our own

    def run(ids: Ids, label: int | None) -> tuple[Floats, Mapping[str, Floats]]:
        network = program.Network(label)
        logits = [network.read(index) for index in ids.tolist()]
        cell, units = (document["model"]["config"][name] for name in ("cell", "units"))
        arrays = [array for state in network.states for array in state[: len(STATES[cell])]]
        return np.array(logits), dict(zip(state_names(cell, len(units)), arrays, strict=True))

    return Loaded(document, weights, f"NumPy {np.__version__}", run)


def _program(checkpoint: Checkpoint, arrays: Arrays) -> str:
    """Return the program of a model, with the arrays that it holds."""
    data = io.BytesIO()
    np.savez(data, **dict(arrays))  # type: ignore[arg-type] # no array is called allow_pickle
    encoded = base64.b64encode(data.getvalue()).decode("ascii")
    lines = (encoded[place : place + _LINE] for place in range(0, len(encoded), _LINE))
    code = _with_one_cell(_TEMPLATE.read_text("utf-8"), checkpoint.config.cell)
    code = code.replace("STEP = lstm\n", f"STEP = {checkpoint.config.cell}\n")
    code = code.replace("MODEL = {}\n", "".join(_model(checkpoint)))
    return code.replace(_EMPTY, _BEGINNING + "\n".join(lines) + _END)


def _with_one_cell(code: str, cell: str) -> str:
    """Return the template without the steps of other cells."""
    lines = code.splitlines(keepends=True)
    others = [
        node
        for node in ast.parse(code).body
        if isinstance(node, ast.FunctionDef) and node.name in set(STATES) - {cell}
    ]
    for node in reversed(others):
        del lines[node.lineno - 1 : (node.end_lineno or 0) + 2]  # and two empty ones after it
    return "".join(lines)


def _model(checkpoint: Checkpoint) -> Iterator[str]:
    """Yield the lines that say what the network is and what text it reads."""
    tokenizer = checkpoint.tokenizer
    preparation = tokenizer.preparation
    yield "MODEL = {\n"
    yield f'    "units": {list(checkpoint.config.units)}, "start": {tokenizer.start!r},\n'
    yield f'    "normalize": {preparation.normalize!r}, "lowercase": {preparation.lowercase},'
    yield f' "rare": {tokenizer.unknown is not None},\n'
    yield f'    "substitutions": {list(_substitutions(tokenizer))},\n'
    yield f'    "labels": {dict(checkpoint.labels)},  # and how many characters each had\n'
    yield f'    "vocabulary": {tokenizer.vocabulary.idx2char!r},\n'
    yield "}\n"


def _substitutions(tokenizer: CharTokenizer) -> Iterator[tuple[str, str]]:
    """Yield what is replaced in a prompt, and by what, before its letters are prepared."""
    if tokenizer.separator is not None and tokenizer.boundary is not None:
        yield separator_pattern(tokenizer.separator), tokenizer.boundary
    if tokenizer.preparation.newlines == "unix":
        yield _LINE_ENDS, "\n"
    if tokenizer.line_end is not None and tokenizer.line_end == tokenizer.newline:
        yield r"\r\n?|\n", tokenizer.line_end
