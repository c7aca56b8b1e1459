"""chargen corpus: describe text files before training."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from chargen.cli import options
from chargen.cli.help import command
from chargen.cli.terminal import say
from chargen.cli.texts import put_json, reading_bar
from chargen.config import PreparationConfig, ReadingConfig, RunConfig
from chargen.config.base import given
from chargen.wording import count

if TYPE_CHECKING:
    from chargen.corpus.survey import Character, Survey

_MAX_LISTED = 12


@command("chargen corpus novel.txt", "chargen corpus poems/ --html poems.html")
@click.argument("corpus", nargs=-1, required=True, metavar="CORPUS...")
@options.json
@options.html
@options.settings(ReadingConfig)
@options.cache
@options.settings(PreparationConfig)
def corpus(
    corpus: tuple[str, ...], as_json: bool, html: Path | None, cache: str | None, **settings: Any
) -> None:
    """Describe text files before you train on them.

    CORPUS is one or more text files or folders of them, or - for standard input. The report gives
    the numbers of documents, characters and lines, rare characters, documents that are the same,
    how well counting alone predicts the text, what `chargen train` would choose for it, about which
    loss it would reach, and what would help most.
    """
    from chargen.corpus.corpus import read_corpus
    from chargen.corpus.survey import survey
    from chargen.pages.survey import page
    from chargen.storage.atomic import write_atomically
    from chargen.text.controls import escape_line

    config = RunConfig.of(given(settings))
    with reading_bar() as progress:
        text = read_corpus(
            corpus, config.reading, config.preparation, cache=cache, progress=progress
        )
    found = survey(text)
    if html is not None:
        write_atomically(html, page(found).encode())
        say(f"Written to {html}.")
    if as_json:
        put_json(asdict(found))
    elif html is None:
        for line in _report(found):
            click.echo(escape_line(line))


def _report(found: "Survey") -> Iterator[str]:
    """Yield the lines that are shown of a survey."""
    from chargen.corpus.survey import RARE_BELOW
    from chargen.text.characters import enumerate_some
    from chargen.text.line_ends import describe_counts

    copies = ""
    if found.duplicates:
        groups = [" = ".join(map(str, group[:6])) for group in found.duplicates[:4]]
        more = ", ..." if len(found.duplicates) > 4 else ""
        extra = sum(len(group) - 1 for group in found.duplicates)
        are = "is a copy of another" if extra == 1 else "are copies of others"
        copies = f"; {extra:,} {are}: {', '.join(groups)}{more}"
    yield f"{found.name}: {found.characters:,} characters, {len(found.distinct):,} distinct"
    yield f"  encoding      {found.encoding}; line endings: {describe_counts(found.line_ends)}"
    yield f"  documents     {found.documents:,}{copies}"
    if found.labels:
        labels = [
            f"{each.label} {each.characters:,} ({each.characters / found.characters:.1%}) "
            f"in {count(each.documents, 'document')}"
            for each in sorted(found.labels, key=lambda each: -each.characters)
        ]
        yield f"  labels        {enumerate_some(labels, max_names=_MAX_LISTED)}"
    lines = found.lines
    yield (
        f"  lines         {lines.number:,}; of {lines.mean:.1f} characters on average, "
        f"half of them up to {lines.median:,}, the longest {lines.longest:,}"
    )
    yield f"  most common   {_characters(found.distinct)}"
    if found.rare:
        yield (
            f"  rare          {found.rare:,} {'occurs' if found.rare == 1 else 'occur'} "
            f"fewer than {RARE_BELOW} times: "
            f"{_characters(found.distinct[: -found.rare - 1 : -1])}"
        )
    for note in found.notes:
        yield f"  note          {note}"
    yield ""
    yield f"N-gram statistics of {found.counted:,} characters, in nats per character:"
    yield "  characters of context  entropy  n-gram loss on the held-out end"
    for each in found.ngrams:
        held_out = "" if each.held_out is None else f"{each.held_out:.3f}"
        yield f"  {each.order:>21}  {each.entropy:>7.3f}  {held_out:>31}"
    yield ""
    yield (
        "What `chargen train --preset auto` would do here "
        f"(cores: {found.cores}, taken to be of ordinary speed):"
    )
    for plan in found.plans:
        units = ",".join(map(str, plan.settings["units"]))
        loss = f", a held-out loss of about {plan.loss:.2f}" if plan.loss is not None else ""
        yield (
            f"  --minutes {plan.minutes:<4} {units} units, about "
            f"{count(plan.passes, 'pass', 'passes')}, dropout {plan.settings['dropout']:g}{loss}"
        )
    yield ""
    yield from found.verdict


def _characters(characters: "Sequence[Character]") -> str:
    from chargen.text.characters import describe, enumerate_some

    described = [f"{describe(each.character)} {each.count:,}×" for each in characters]
    return enumerate_some(described, max_names=_MAX_LISTED)
