"""Escapes in the texts of the command line: one rule for prompts, options and lines of the chat.

A text that comes from a file or from standard input is taken as it is, and so is one in Python.
"""

import re
from typing import Any

import click

_CHARACTERS = {"n": "\n", "t": "\t", "f": "\f", "\\": "\\"}
_LETTERS = {character: letter for letter, character in _CHARACTERS.items()}
IN_WORDS = r"\n, \t and \f stand for those characters, \\ for a backslash."


def unescape(text: str) -> str:
    r"""Return a text with what \n, \t, \f and \\ in it stand for.

    Any other backslash stays as it is, so that \section and C:\Users need no second one.
    """
    return re.sub(r"\\([ntf\\])", lambda found: _CHARACTERS[found[1]], text)


def escape(text: str) -> str:
    """Return the text that `unescape` reads as this one."""
    return re.sub(r"[\n\t\f\\]", lambda found: f"\\{_LETTERS[found[0]]}", text)


class _Text(click.ParamType):  # type: ignore[type-arg,unused-ignore]
    name = "text"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        return unescape(value) if isinstance(value, str) else value


TEXT = _Text()
"""The type of an option or argument that is a text to read or to write."""
