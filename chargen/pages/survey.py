"""A survey of a corpus as a page of tables."""

from collections.abc import Iterable, Sequence
from dataclasses import astuple
from html import escape
from typing import TYPE_CHECKING

from chargen.pages.frame import frame
from chargen.text.line_ends import describe_counts

if TYPE_CHECKING:
    from chargen.corpus.survey import Survey

_STYLE = """
table { border-collapse: collapse; display: block; overflow-x: auto; }
th, td { padding: .2em .8em; text-align: left; border-bottom: 1px solid #8884; }
td.number { text-align: right; font-variant-numeric: tabular-nums; }
"""


def page(survey: "Survey") -> str:
    """Return the whole page, as HTML."""
    lines = survey.lines
    facts = [
        ("characters", survey.characters),
        ("distinct", len(survey.distinct)),
        ("documents", survey.documents),
        ("documents that are copies", sum(len(group) - 1 for group in survey.duplicates)),
        ("encoding", survey.encoding),
        ("line endings", describe_counts(survey.line_ends)),
        ("lines", lines.number),
        ("mean length of a line", round(lines.mean, 1)),
        ("median length", lines.median),
        ("longest line", lines.longest),
        *(("note", note) for note in survey.notes),
    ]
    plans = []
    for plan in survey.plans:
        units = ", ".join(map(str, plan.settings["units"]))
        passes = float(f"{plan.passes:.2g}")
        loss = None if plan.loss is None else round(plan.loss, 2)
        plans.append((plan.minutes, units, passes, plan.settings["dropout"], loss))
    characters = []
    for each in survey.distinct:
        shown = each.character if each.character.isprintable() else ""
        share = f"{each.count / survey.characters:.2%}"
        characters.append((shown, each.code, each.name, each.count, share))
    copies = [(", ".join(f"{number:,}" for number in group),) for group in survey.duplicates]
    sections = [
        _section(survey.name, (), facts, level=1),
        _section(
            f"N-gram statistics of {survey.counted:,} characters, in nats per character",
            ("characters of context", "entropy", "n-gram loss on the held-out end"),
            map(astuple, survey.ngrams),
        ),
        _section(
            "Training with --preset auto on the computer that wrote this page "
            f"(cores: {survey.cores}, taken to be of ordinary speed)",
            ("minutes", "units", "passes, about", "dropout", "held-out loss, about"),
            plans,
        ),
        _section("What to expect", (), [(each,) for each in survey.verdict]),
        _section("Labels", ("label", "documents", "characters"), map(astuple, survey.labels)),
        _section("Documents that are the same", ("their numbers",), copies),
        _section("Characters", ("", "code", "name", "count", "share"), characters),
    ]
    return frame(survey.name, "".join(sections), style=_STYLE)


def _section(
    title: str, head: Sequence[str], rows: Iterable[Sequence[object]], *, level: int = 2
) -> str:
    """Return a heading and a table; nothing where the table would have no rows."""
    body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>\n" for row in rows)
    names = "".join(f"<th>{escape(each)}</th>" for each in head)
    top = f"<tr>{names}</tr>\n" if names else ""
    return f"<h{level}>{escape(title)}</h{level}>\n<table>\n{top}{body}</table>\n" if body else ""


def _cell(value: object) -> str:
    if isinstance(value, int):
        return f'<td class="number">{value:,}</td>'
    if isinstance(value, float):
        return f'<td class="number">{value:,{".4g" if value < 10_000 else ".0f"}}</td>'
    return f"<td>{escape(str(value)) if value is not None else ''}</td>"
