"""Control characters of strangers' texts and names, shown as escapes instead of obeyed."""

import re

# What a terminal would obey, or could not show: control characters other than line ends and tabs,
# line and paragraph separators, bidirectional overrides and isolates, halves of characters.
CONTROLS = re.compile("[\0-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def escape_controls(text: str) -> str:
    r"""Return `text` with what a terminal would obey as escapes such as \x1b; see `CONTROLS`."""
    return CONTROLS.sub(lambda found: ascii(found[0])[1:-1], text)


def escape_line(text: str) -> str:
    r"""Return `text` in one line: as `escape_controls`, and line ends as \n."""
    return escape_controls(text).replace("\n", r"\n")
