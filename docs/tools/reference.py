"""Write docs/reference*.md: every public name of chargen, from its signature and its docstring.

Usage: python docs/tools/reference.py [FOLDER]; the folder is docs/ unless given.
"""

import inspect
import re
import sys
import textwrap
from functools import cached_property
from pathlib import Path
from types import FunctionType
from typing import Any

import chargen

DOCS = Path(__file__).parents[1]
_WIDTH = 88  # characters, of a call
_TITLES = {
    "reference.md": "functions and corpora",
    "reference-model.md": "a model",
    "reference-results.md": "results and errors",
}
# What is on no other page is on the last one.
_PAGES = {
    "reference.md": "train resume load from_keras classify verify Corpus BaseVocabulary CopyIndex "
    "Reporter Terminal Silent",
    "reference-model.md": "LanguageModel Session Clamp",
}
_HEAD = """\
# Python: {title}

What the docstrings say; [From Python](python.md) shows how to use it. On other pages: {others}.
Generated: `make commands`.
{contents}

"""
_SECTION = re.compile(r"^(Args|Attributes|Returns|Yields|Raises):\n((?:(?: {4}.*)?\n)+)", re.M)
_ITEM = re.compile(r"^(\w+): (.*(?:\n(?!\w+: ).*)*)", re.M)
_EMPTY = inspect.Parameter.empty


def type_of(annotation: Any) -> str:
    """Return a type as a reader would write it: without modules, an array by its numbers."""
    text = annotation if isinstance(annotation, str) else inspect.formatannotation(annotation)
    text = re.sub(r"\b(?:\w+\.)+(?=\w)", "", text)
    text = re.sub(r"ndarray\[tuple\[Any, \.\.\.\], dtype\[(\w+)(\[Any\])?\]\]", r"\1 array", text)
    text = re.sub(r"Literal\[([^]]+)\]", lambda found: found[1].replace(", ", " | "), text)
    return text.replace("'", '"')


def call_of(name: str, function: Any) -> tuple[str, dict[str, str]]:
    """Return how something is called, and the type of each argument; "" where it tells none."""
    types, shown = {}, []
    for each in inspect.signature(function).parameters.values():
        if each.name == "self":
            continue
        is_typed = each.annotation is not _EMPTY and "Keywords" not in str(each)
        types[each.name] = type_of(each.annotation) if is_typed else ""
        is_plain = isinstance(each.default, (str, int, float, tuple, type(None)))
        default = each.default if is_plain or each.default is _EMPTY else ...
        shown.append(each.replace(annotation=_EMPTY, default=default))
    call = name + str(inspect.Signature(shown)).replace("Ellipsis", "...").replace("'", '"')
    return textwrap.fill(call, _WIDTH, subsequent_indent=" " * (len(name) + 1)), types


def body_of(thing: Any, types: dict[str, str]) -> str:
    """Return a docstring in Markdown: what it says, then a list for each of its sections."""
    text = f"{inspect.getdoc(thing) or ''}\n"
    parts = [_SECTION.sub("", text).strip()]
    if types and "Args:\n" not in text:
        parts += ["Args:\n\n" + "\n".join(_item(name, "", types) for name in types)]
    for title, lines in _SECTION.findall(text):
        plain = inspect.cleandoc(lines)
        known = types if title == "Args" else {}
        rows = [_item(name, what, known) for name, what in _ITEM.findall(plain)]
        parts += [f"{title}:\n\n" + ("\n".join(rows) or plain)]
    return "\n\n".join(parts)


def _item(name: str, what: str, types: dict[str, str]) -> str:
    kind = f" (`{types[name]}`)" if types.get(name) else ""
    return f"- `{name}`{kind}" + (f": {' '.join(what.split())}" if what else "")


def members_of(kind: type) -> dict[str, Any]:
    """Return the public members of a class, those that are called last; not a public base's."""
    bases = [base for base in kind.__mro__[1:] if base.__name__ in chargen.__all__]
    inherited = {name for base in bases for name in vars(base)}
    found = {
        name: member
        for name, member in inspect.getmembers_static(kind)
        if isinstance(member, (property, cached_property, FunctionType))
        and not name.startswith("_")
        and name not in inherited
        and inspect.getdoc(getattr(member, "fget", None) or getattr(member, "func", member))
    }
    return dict(sorted(found.items(), key=lambda item: isinstance(item[1], FunctionType)))


def _is_error(name: str) -> bool:
    thing = getattr(chargen, name)
    return isinstance(thing, type) and issubclass(thing, Exception)


def entry(name: str) -> str:
    """Return what there is to say of a public name."""
    thing = getattr(chargen, name)
    if isinstance(thing, dict):
        keys = ", ".join(f"`{key}`" for key in thing)
        return f"## {name}\n\nA dict with the features of a text by name: {keys}.\n"
    if _is_error(name):
        return f"## {name}\n\nBase: `{thing.__bases__[0].__name__}`.\n\n{body_of(thing, {})}\n"
    parts = [f"## {name}"]
    members = members_of(thing) if isinstance(thing, type) else {}
    for title, each in {"": thing, **members}.items():
        parts += [f"### {name}.{title}"] if title else []
        types: dict[str, str] = {}
        if callable(each) and str(inspect.signature(each)) != "(*args, **kwargs)":  # a protocol
            call, types = call_of(title or f"chargen.{name}", each)
            parts.append(f"```text\n{call}\n```")
        parts.append(body_of(each, types))
    return "\n\n".join(parts) + "\n"


def references() -> dict[str, str]:
    """Return the pages by their file's name."""
    pages = {page: names.split() for page, names in _PAGES.items()}
    placed = {name for names in pages.values() for name in names}
    rest = [name for name in chargen.__all__ if name not in {*placed, "__version__"}]
    pages["reference-results.md"] = sorted(rest, key=lambda name: (_is_error(name), name))
    written = {}
    for page, names in pages.items():
        text = "\n".join(entry(name) for name in names)
        titles = re.findall(r"^##(#?) ((?:\w+\.)?(\w+))$", text, re.M)
        links = [f"[{name}](#{full.lower().replace('.', '')})" for _, full, name in titles]
        contents = "".join(
            f", {link}" if is_member else f"\n- {link}"
            for (is_member, *_), link in zip(titles, links, strict=True)
        )
        others = " and ".join(f"[{_TITLES[x]}]({x})" for x in _TITLES if x != page)
        written[page] = _HEAD.format(title=_TITLES[page], others=others, contents=contents) + text
    return written


if __name__ == "__main__":
    folder = Path(sys.argv[1]) if sys.argv[1:] else DOCS
    for page, content in references().items():
        (folder / page).write_text(content, "utf-8")
