"""A survey of a corpus as a page of tables."""

from collections.abc import Iterable, Sequence
from dataclasses import astuple
from typing import TYPE_CHECKING
from unicodedata import combining

from chargen.pages.frame import as_text, frame
from chargen.text.characters import visible
from chargen.text.line_ends import describe_counts
from chargen.wording import count

if TYPE_CHECKING:
    from chargen.corpus.survey import Survey

_NUMBER = ' class="number"'
_STYLE = """
.number { text-align: end; font-variant-numeric: tabular-nums; }
td.number { white-space: nowrap; }
"""


def page(survey: "Survey") -> str:
    """Return the whole page, as HTML."""
    lines = survey.lines
    extra = sum(len(group) - 1 for group in survey.duplicates)
    facts = [
        ("Text", survey.name),
        ("Characters", f"{survey.characters:,}, {len(survey.distinct):,} of them distinct"),
        ("Documents", f"{survey.documents:,}" + (f", {extra:,} of them copies" if extra else "")),
        ("Encoding", f"{survey.encoding}; line endings: {describe_counts(survey.line_ends)}"),
        (
            "Lines",
            f"{lines.number:,}; mean length {lines.mean:,.1f}, median {lines.median:,}, longest "
            f"{lines.longest:,} characters",
        ),
        *(("Note", note) for note in survey.notes),
    ]
    plans = []
    for plan in survey.plans:
        units = ", ".join(map(str, plan.settings["units"]))
        passes = float(f"{plan.passes:.2g}")
        loss = None if plan.loss is None else round(plan.loss, 2)
        plans.append((plan.minutes, units, passes, plan.settings["dropout"], loss))
    characters = []
    for each in survey.distinct:
        circle = "◌" if combining(each.character) else ""  # a mark has to stand over something
        share = 100 * each.count / survey.characters
        characters.append(
            (circle + visible(each.character), each.code, each.name, each.count, share)
        )
    copies = [(", ".join(f"{number:,}" for number in group),) for group in survey.duplicates]
    sections = [
        _section(
            f"N-gram statistics of {count(survey.counted, 'character')}",
            ("context", "entropy", "loss on the last tenth"),
            map(astuple, survey.ngrams),
            "What counting alone says of a character, with so many characters of context before "
            "it, in nats per character; lower is better. The entropy is by the counts of the text "
            "itself, so it is too low where contexts are rare. The loss is that of predicting the "
            "last tenth by the counts of the rest: a model should get below the lowest.",
        ),
        _section(
            "What chargen train would choose",
            ("minutes", "units", "passes", "dropout", "held-out loss"),
            plans,
            "The choice of --preset auto on the computer that wrote this page (cores: "
            f"{survey.cores}, taken to be of ordinary speed). A pass is once through the text. "
            "Passes and losses are estimates.",
        ),
        "<h2>What to expect</h2>\n" if survey.verdict else "",
        *(f"<p>{as_text(each)}</p>\n" for each in survey.verdict),
        _section("Labels", ("label", "documents", "characters"), map(astuple, survey.labels)),
        _section("Documents that are the same", ("their numbers",), copies),
        _section("Characters", ("sign", "code", "name", "count", "%"), characters),
    ]
    return frame("Report on a text", "".join(sections), name=survey.name, facts=facts, style=_STYLE)


def _section(
    title: str, head: Sequence[str], rows: Iterable[Sequence[object]], explained: str = ""
) -> str:
    """Return a heading, what it means, and a table; nothing where the table would have no rows."""
    listed = list(rows)
    if not listed:
        return ""
    names = "".join(
        f"<th{_NUMBER if _is_number(value) else ''}>{as_text(name)}</th>"
        for name, value in zip(head, listed[0], strict=True)
    )
    body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>\n" for row in listed)
    told = f"<p>{as_text(explained)}</p>\n" if explained else ""
    return f"<h2>{as_text(title)}</h2>\n{told}<table>\n<tr>{names}</tr>\n{body}</table>\n"


def _cell(value: object) -> str:
    if isinstance(value, int):
        return f"<td{_NUMBER}>{value:,}</td>"
    if isinstance(value, float):
        return f"<td{_NUMBER}>{value:,{'.4g' if value < 10_000 else '.0f'}}</td>"
    return f"<td>{as_text(str(value)) if value is not None else ''}</td>"


def _is_number(value: object) -> bool:
    return value is None or isinstance(value, int | float)  # None: a loss that was not measured
