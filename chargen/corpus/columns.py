"""Read one column of a table, in CSV or in JSON lines, row after row."""

import csv
import json
import re
from collections.abc import Iterable, Iterator
from itertools import chain, dropwhile
from typing import Any

from chargen.corpus.decoding import refuse_nul
from chargen.errors import CorpusError
from chargen.text.characters import enumerate_some, escape_hidden

_DELIMITERS = ",;\t|"
_MAX_FIELD = 1 << 26  # characters; a longer one has a quote that is never closed
_MAX_HEADER = 10_000  # characters of a first line that a hint looks at
_MAX_NAME = 30  # characters of a column's name in a message
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)")


def read_column(
    pieces: Iterable[str], column: str, label_column: str | None = None, *, name: str
) -> Iterator[tuple[str, str | None]]:
    """Yield the text and the label of every row of a table.

    Args:
        pieces: the table, as text. It is JSON lines where its first line begins with a brace, else
            CSV whose first line names the columns and shows by which sign they are separated.
        column: the column that holds the texts.
        label_column: the one that holds the labels; None for no labels.
        name: what messages call the file.

    Raises:
        CorpusError: if there is no such column, or a row is no row of this table.
    """
    numbered = dropwhile(lambda line: not line[1].strip(), enumerate(_lines(pieces), 1))
    first = next(numbered, None)
    if first is None:
        return
    start = first[1].lstrip()
    if start.startswith("["):
        file = re.sub(r".*[/\\]", "", name)
        raise CorpusError(
            f"{name} is one JSON array; --column reads JSON lines, an object on each line: "
            f"jq -c '.[]' {file} > lines.jsonl"
        )
    lines = chain([first], numbered)
    rows = _json_rows(lines, name) if start.startswith("{") else _csv_rows(lines, column, name)
    wanted = [column] if label_column is None else [column, label_column]
    for number, (line, row) in enumerate(rows):
        for each in wanted:
            if not number and each not in row:
                raise CorpusError(_missing(each, list(row), name))
        text = _value(row, column, f"{name}, line {line:,}")
        label = None
        if label_column is not None:
            label = _value(row, label_column, f"{name}, line {line:,}").strip()
            if not label:
                raise CorpusError(f"{name}, line {line:,}: there is no label in {label_column!r}.")
        yield text, label


def column_names(head: str) -> str:
    """Return the columns of a table that begins so, in words, as far as they can be told."""
    first = next((line for line in _lines([head[:_MAX_HEADER]]) if line.strip()), "")
    try:
        return _in_words(json.loads(first) if first.startswith("{") else _header(first, None)[1])
    except (ValueError, RecursionError, csv.Error):
        return ""


def _lines(pieces: Iterable[str]) -> Iterator[str]:
    """Yield the lines of a text that comes in pieces, each with its end: LF, CR or both."""
    held = ""
    for piece in pieces:
        held += piece
        # A CR at the end may be half of a line end.
        end = max(held.rfind("\n"), held.rfind("\r", 0, max(0, len(held) - 1))) + 1
        yield from _LINE.findall(held, 0, end)
        held = held[end:]
    if held:
        yield held


def _header(line: str, column: str | None) -> tuple[str, list[str]]:
    """Return the sign that separates columns, by a table's first line, and their names.

    It is the sign by which there is a column of the name wanted, else the one that makes the most.
    """
    headers = []
    for delimiter in _DELIMITERS:
        names = [each.strip() for each in next(csv.reader([line], delimiter=delimiter), [])]
        if column in names:
            return delimiter, names
        headers.append((delimiter, names))
    return max(headers, key=lambda header: len(header[1]))


def _csv_rows(
    lines: Iterator[tuple[int, str]], column: str, name: str
) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the rows of a CSV table, each with the number of its first line."""
    before, first = next(lines)
    delimiter, names = _header(first, column)
    if column not in names:
        raise CorpusError(_missing(column, names, name))
    if names.count(column) > 1:
        raise CorpusError(
            f"{name} has {names.count(column)} columns called {column!r}; rename one."
        )
    if csv.field_size_limit() < _MAX_FIELD:
        csv.field_size_limit(_MAX_FIELD)
    reader = csv.reader((line for _, line in lines), delimiter=delimiter, strict=True)
    while True:
        line = before + reader.line_num + 1
        try:
            fields = next(reader, None)
        except csv.Error as error:
            raise CorpusError(
                f"{name}: the row that begins in line {line:,} is not CSV: {error}. In a field in "
                'quotes, each quote is written twice: "".'
            ) from None
        if fields is None:
            return
        if fields and len(fields) != len(names):
            raise CorpusError(
                f"{name}, line {line:,}: the row has {len(fields):,} fields, but the first line "
                f"names {len(names):,} columns; put quotes around a field that holds {delimiter!r}."
            )
        if fields:
            yield line, dict(zip(names, fields, strict=True))


def _json_rows(lines: Iterator[tuple[int, str]], name: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the objects of JSON lines, each with the number of its line."""
    for number, line in lines:
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            reason = "it is no object"
        except (ValueError, RecursionError) as error:
            row, reason = None, str(error)
        if not isinstance(row, dict):
            raise CorpusError(f"{name}, line {number:,} is not a JSON object: {reason}.")
        yield number, row


def _value(row: dict[str, Any], column: str, place: str) -> str:
    """Return the text in a column of a row, "" where there is none.

    Raises:
        CorpusError: if it is no text or number, or holds what no text does.
    """
    value = row.get(column)
    if value is None:
        return ""
    if isinstance(value, bool | list | dict):
        kind = {bool: "true or false", list: "a list", dict: "an object"}[type(value)]
        raise CorpusError(f"{place}: {column!r} is {kind}, not a text.")
    text = str(value)
    refuse_nul(text, place)
    if re.search("[\ud800-\udfff]", text):
        raise CorpusError(f"{place}: {column!r} holds half of a character, a lone surrogate.")
    return text


def _missing(column: str, names: list[str], name: str) -> str:
    return (
        f"{name} has no column {column!r}; its first line has {_in_words(names)}. A CSV file "
        "without a line of names needs one."
    )


def _in_words(names: Iterable[str]) -> str:
    short = [each if len(each) <= _MAX_NAME else f"{each[:_MAX_NAME]}..." for each in names]
    return escape_hidden(enumerate_some(short))
