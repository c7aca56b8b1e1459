"""The frame of every page: a whole HTML document, its heading and the style that pages share.

Names and facts come from strangers' files: markup in them is shown as text, control characters and
halves of characters as escapes.
"""

from collections.abc import Iterable
from html import escape

from chargen.text.controls import escape_line

# The colours are named, although browsers have their own, so that a contrast can be reckoned with.
_STYLE = """
:root { color-scheme: light dark; --ground: #fff; --ink: #1a1a1a; --line: #b8b8b8; }
@media (prefers-color-scheme: dark) { :root { --ground: #141414; --ink: #f2f2f2; --line: #555; } }
body { max-width: 60em; margin: 0 auto; padding: 1.5em 1em; font: 16px/1.5 system-ui, sans-serif;
  background: var(--ground); color: var(--ink); overflow-wrap: anywhere; }
h1 { margin: 0 0 .6em; font-size: 1.6em; line-height: 1.25; }
h2 { margin: 1.6em 0 .5em; font-size: 1.15em; line-height: 1.3; }
dl { display: grid; grid-template-columns: fit-content(45%) 1fr; gap: .2em 1em; margin: 1em 0; }
dd { margin: 0; }
table { border-collapse: collapse; }
th, td { padding: .2em .6em; text-align: start; vertical-align: top;
  border-bottom: 1px solid var(--line); }
th { overflow-wrap: break-word; }
@media (max-width: 30em) { body { padding: 1em .5em; }
  th, td { padding: .2em; font-size: 87.5%; } }
"""


def frame(
    heading: str,
    body: str,
    *,
    name: str | None = None,
    facts: Iterable[tuple[str, str | None]] = (),
    style: str = "",
) -> str:
    """Return a page that a browser opens, dark where the reader's other pages are.

    Args:
        heading: plain text; without a name, the page's title too.
        body: HTML.
        name: of what the page is about; with it, the titles of several pages are told apart.
        facts: shown below the heading: names and values in plain text; None for one not known.
        style: CSS that this page needs besides the shared one.
    """
    shown = as_text(heading)
    title = f"{as_text(name)}: {shown}" if name else shown
    rows = "".join(
        f"<dt>{as_text(fact)}</dt><dd><bdi>{as_text(value)}</bdi></dd>\n"
        for fact, value in facts
        if value is not None
    )
    listed = f"<dl>\n{rows}</dl>\n" if rows else ""
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width">\n'
        f"<title>{title}</title>\n<style>{_STYLE}{style}</style>\n</head>\n"
        f"<body>\n<main>\n<h1>{shown}</h1>\n{listed}{body}</main>\n</body>\n</html>\n"
    )


def as_text(value: str) -> str:
    """Return a text in one line, as HTML."""
    return escape(escape_line(value))
