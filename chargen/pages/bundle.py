"""Make one script of modules that import each other, as a page of one file needs it.

Each module becomes a function of its own, so that no name of one meets a name of another. Only
what the modules of our pages use is understood: `import {a, b} from "./other.js";`, alone or over
several lines, and `export` before a class, a function or a constant.
"""

import re
from pathlib import Path

_IMPORT = re.compile(r'^import \{([^}]*)\} from "([^"]+)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export ((?:async )?function\*?|class|const) (\w+)", re.MULTILINE)
_COMMENT = re.compile(r"^\s*(?://.*|/\*\*?(?:[^*]|\*(?!/))*\*/\s*)\n", re.MULTILINE)
_MARGIN = re.compile(r"^[ ]+|[ ]+$", re.MULTILINE)


def bundle(entry: Path) -> str:
    """Return a script that does what a module and those that it imports do.

    Comments of whole lines and margins are left out, since a page is sent around.

    Raises:
        ValueError: if a module has an import, an export or a text that is not understood.
    """
    modules: dict[Path, str] = {}
    _add(entry.resolve(), modules)
    names = {path: f"module{number}" for number, path in enumerate(modules)}
    parts = [_as_function(path, code, names) for path, code in modules.items()]
    script = '"use strict";\n' + "".join(parts)
    if "</script" in script.lower() or "<!--" in script:
        raise ValueError(f"{entry} has a text that ends a script.")
    return script


def _add(path: Path, modules: dict[Path, str]) -> None:
    """Add a module after all those that it imports."""
    if path in modules:
        return
    code = path.read_text("utf-8")
    for _, place in _IMPORT.findall(code):
        _add((path.parent / place).resolve(), modules)
    modules[path] = code


def _as_function(path: Path, code: str, names: dict[Path, str]) -> str:
    exported = [name for _, name in _EXPORT.findall(code)]

    def imported(match: re.Match[str]) -> str:
        return f"const {{{match[1].strip()}}} = {names[(path.parent / match[2]).resolve()]};\n"

    code = _EXPORT.sub(r"\1 \2", _IMPORT.sub(imported, code))
    code = _MARGIN.sub("", _COMMENT.sub("", code))
    if re.search(r"^(import|export)\b", code, re.MULTILINE):
        raise ValueError(f"{path} has an import or export that is not understood.")
    if any(line.count("`") % 2 for line in code.splitlines()):
        raise ValueError(f"{path} has a text of several lines, whose margins would be lost.")
    return (
        f"const {names[path]} = (() => {{\n{code.strip()}\n"
        f"return {{{', '.join(exported)}}};\n}})();\n"
    )
