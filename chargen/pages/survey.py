"""A survey as a page for a browser, in one file that needs nothing else."""

from collections.abc import Iterable, Sequence
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chargen.corpus.survey import Survey

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; margin: 2em auto; max-width: 60em; padding: 0 1em; }
table { border-collapse: collapse; margin: 1em 0; }
th, td { padding: .2em .8em; text-align: left; border-bottom: 1px solid #8884; }
td.number { text-align: right; font-variant-numeric: tabular-nums; }
.bar { background: #48c; height: .8em; min-width: 1px; }
@media (prefers-color-scheme: dark) { body { background: #111; color: #ddd; } }
"""


def page(survey: "Survey") -> str:
    """The whole page, as HTML."""
    title = escape(survey.name)
    lines = survey.lines
    facts = [
        ("characters", survey.characters),
        ("distinct", len(survey.distinct)),
        ("documents", survey.documents),
        ("documents that are copies", sum(len(group) - 1 for group in survey.duplicates)),
        ("encoding", survey.encoding),
        ("line endings", survey.line_ending),
        ("lines", lines.number),
        ("mean length of a line", round(lines.mean, 1)),
        ("median", lines.median),
        ("longest", lines.longest),
    ]
    sections = [
        _table(("", ""), facts),
        "".join(f"<p>{escape(note)}</p>" for note in survey.notes),
        "<h2>Yardsticks for the loss</h2>",
        f"<p>By counting {survey.counted:,} characters; nats per character.</p>",
        _table(
            ("characters known before", "entropy", "loss of the count on the held-out end"),
            [(each.order, each.entropy, each.held_out) for each in survey.ngrams],
            decimals=3,
        ),
        "<h2>Training</h2>",
        "<p>With --preset auto, on the computer that wrote this page "
        f"(cores: {survey.cores}, taken to be of ordinary speed).</p>",
        _table(
            ("minutes", "units", "passes, about", "dropout"),
            [
                (
                    plan.minutes,
                    ", ".join(map(str, plan.settings["units"])),
                    float(f"{plan.passes:.2g}"),
                    plan.settings["dropout"],
                )
                for plan in survey.plans
            ],
        ),
        _labels(survey),
        _copies(survey),
        "<h2>Characters</h2>",
        _characters(survey),
    ]
    return (
        f'<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n<title>{title}</title>\n'
        f"<style>{_STYLE}</style>\n<h1>{title}</h1>\n" + "\n".join(sections) + "\n</html>\n"
    )


def _labels(survey: "Survey") -> str:
    if not survey.labels:
        return ""
    rows = [(each.label, each.documents, each.characters) for each in survey.labels]
    return "<h2>Labels</h2>\n" + _table(("label", "documents", "characters"), rows)


def _copies(survey: "Survey") -> str:
    if not survey.duplicates:
        return ""
    groups = (", ".join(f"{number:,}" for number in group) for group in survey.duplicates)
    items = "".join(f"<li>{group}</li>" for group in groups)
    return f"<h2>Documents that are the same</h2>\n<ul>{items}</ul>"


def _characters(survey: "Survey") -> str:
    most = survey.distinct[0].count
    rows = (
        f"<tr><td>{escape(each.character) if each.character.isprintable() else ''}</td>"
        f"<td>{each.code}</td><td>{escape(each.name)}</td>"
        f'<td class="number">{each.count:,}</td>'
        f'<td><div class="bar" style="width: {20 * each.count / most:.2f}em"></div></td></tr>'
        for each in survey.distinct
    )
    return f"<table>{''.join(rows)}</table>"


def _table(
    head: Sequence[str], rows: Iterable[Sequence[object]], *, decimals: int | None = None
) -> str:
    """Fractions have so many decimals, else as many as they need."""
    top = "".join(f"<th>{escape(each)}</th>" for each in head) if any(head) else ""
    body = "".join(f"<tr>{''.join(_cell(each, decimals) for each in row)}</tr>" for row in rows)
    return f"<table><tr>{top}</tr>{body}</table>"


def _cell(value: object, decimals: int | None) -> str:
    if value is None:
        return "<td></td>"
    if isinstance(value, int):
        return f'<td class="number">{value:,}</td>'
    if isinstance(value, float):
        digits = ",.4g" if decimals is None else f",.{decimals}f"
        return f'<td class="number">{value:{digits}}</td>'
    return f"<td>{escape(str(value))}</td>"
