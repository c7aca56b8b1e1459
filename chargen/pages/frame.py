"""The frame of every page: a whole HTML document, its title and the style that pages share."""

from html import escape

_STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60em; margin: 2em auto; padding: 0 1em; }
"""


def frame(title: str, body: str, *, style: str = "") -> str:
    """Return a page that a browser opens, dark where the reader's other pages are.

    Args:
        title: plain text.
        body: HTML.
        style: CSS that this page needs besides the shared one.
    """
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}{style}</style>\n</head>\n"
        f"<body>\n{body}</body>\n</html>\n"
    )
