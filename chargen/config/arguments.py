"""Check arguments of public functions, and fields that a file gives, against their annotations.

So a wrong type is told at the door, in the words of a wrong setting, and not by whatever fails
first within.
"""

import inspect
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import is_dataclass
from functools import wraps
from numbers import Integral, Real
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, ParamSpec, TypeVar, Union, get_args, get_origin, get_type_hints

from chargen.config.base import check

P = ParamSpec("P")
R = TypeVar("R")

_WORDS = {
    str: "a text",
    Path: "a path",
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    NoneType: "None",
}
_MAX_NUMBER = 2**63
_MAX_LENGTH = 100_000  # of texts
_MAX_ITEMS = 1_000_000
_MAX_DEPTH = 4
_SURROGATES = re.compile("[\ud800-\udfff]")
_NO_SEQUENCES = (str, bytes, bytearray, memoryview)


def check_arguments(function: Callable[P, R]) -> Callable[P, R]:
    """Return the function with a check before it, for use as a decorator.

    An annotation in quotes, and keyword arguments that are settings, are not checked.

    Raises:
        SettingError: by the function returned, if an argument is not what its annotation says.
    """
    signature = inspect.signature(function)
    expected = {
        name: parameter.annotation
        for name, parameter in signature.parameters.items()
        if parameter.kind not in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL)
        and parameter.annotation is not parameter.empty
        and not isinstance(parameter.annotation, str)
    }

    @wraps(function)
    def checked(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            given = signature.bind(*args, **kwargs).arguments
        except TypeError:
            given = {}  # the call itself says what is missing or too much
        for name, value in given.items():
            if name in expected:
                hint = expected[name]
                check(name, value, _fits(value, hint), _in_words(hint))
        return function(*args, **kwargs)

    return checked


def check_fields(instance: Any) -> None:
    """Check the fields of a dataclass that a file gave: values of the annotated types.

    Whole numbers are 0 or more, others are finite, and all are of bounded length and depth. So are
    the fields of dataclasses among them; other objects were checked when they were made.

    Raises:
        SettingError: naming the first field that is something else.
    """
    hints = get_type_hints(type(instance))
    for name, value in vars(instance).items():
        hint = hints[name]
        check(name, value, _fits(value, hint) and _is_plain(value), _in_words(hint))


def _is_plain(value: Any, depth: int = 0) -> bool:
    """Return whether a value is neither odd, nor long, nor deep."""
    if isinstance(value, bool) or value is None:
        return True
    if isinstance(value, int):
        return 0 <= value < _MAX_NUMBER
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, str):
        return len(value) <= _MAX_LENGTH and not _SURROGATES.search(value)
    if is_dataclass(value):
        check_fields(value)
    if not isinstance(value, Mapping | list | tuple):
        return True
    items = [*value, *value.values()] if isinstance(value, Mapping) else value
    is_small = depth < _MAX_DEPTH and len(items) <= _MAX_ITEMS
    return is_small and all(_is_plain(each, depth + 1) for each in items)


def _fits(value: Any, hint: Any) -> bool:
    """Return whether a value is of the type that an annotation says."""
    origin, parts = get_origin(hint), get_args(hint)
    is_plain = isinstance(value, _NO_SEQUENCES)
    if origin in (Union, UnionType):
        fits = any(_fits(value, part) for part in parts)
    elif origin is Literal:
        fits = isinstance(value, str) and value in parts
    elif origin is Callable:
        fits = callable(value)
    elif origin is Sequence:
        is_sequence = isinstance(value, Sequence) and not is_plain
        fits = is_sequence and all(_fits(each, parts[0]) for each in value)
    elif origin is list:
        fits = isinstance(value, list) and all(_fits(each, parts[0]) for each in value)
    elif origin is tuple:
        fits = isinstance(value, tuple) and _fit_each(value, parts)
    elif origin is Mapping:
        is_mapping = isinstance(value, Mapping)
        fits = is_mapping and all(_fits(each, parts[1]) for each in value.values())
    elif origin is Iterable:  # which may be read only once
        fits = isinstance(value, Iterable) and not is_plain
    elif hint in (int, float):
        kind = Integral if hint is int else Real  # NumPy's numbers too
        fits = isinstance(value, kind) and not isinstance(value, bool)
    else:
        fits = hint is Any or isinstance(value, origin or hint or NoneType)
    return fits


def _fit_each(values: tuple[Any, ...], hints: tuple[Any, ...]) -> bool:
    """Return whether the values of a tuple are of the types that its annotation says."""
    hints = hints[:1] * len(values) if ... in hints else hints
    return len(values) == len(hints) and all(map(_fits, values, hints))


def _in_words(hint: Any) -> str:
    """Return what an annotation allows, in the words of an error."""
    origin, parts = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        words = list(dict.fromkeys(map(_in_words, parts)))
        text = " or ".join(filter(None, [", ".join(words[:-1]), words[-1]]))
    elif origin is Literal:
        text = " or ".join(map(str, parts))
    elif origin is Callable:
        text = "a function"
    elif origin in (Sequence, Iterable, list) or ... in parts:
        text = f"a list (each {_in_words(parts[0])})"
    elif origin is tuple:
        text = f"a list ({', '.join(map(_in_words, parts))})"
    elif origin is Mapping:
        text = f"a mapping (each value {_in_words(parts[1])})"
    else:
        text = _WORDS.get(hint) or f"a {(origin or hint).__name__}"
    return text
