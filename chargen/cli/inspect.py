"""chargen inspect: look at what the units of a network do while it reads a text."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from chargen.cli import options
from chargen.cli.escapes import TEXT
from chargen.cli.help import command
from chargen.cli.models import describe_model, load_model
from chargen.cli.over_text import put_over_text
from chargen.cli.terminal import is_terminal, say
from chargen.cli.texts import (
    check_one_source,
    json_text,
    note_file,
    progress_bar,
    read_texts,
    source_name,
)
from chargen.evaluation.features import FEATURES
from chargen.wording import count

if TYPE_CHECKING:
    from chargen.evaluation.activations import Activations
    from chargen.evaluation.memory import Memory
    from chargen.evaluation.units import FoundUnit
    from chargen.language_model import LanguageModel
    from chargen.text.unknown import PreparedText

_MAX_EXAMPLE = 1000  # characters over which --find shows what it found
_WIDTH = 40  # of the longest bar of --memory
_EXCLUDED = {"find": ("memory", "unit", "layer"), "memory": ("unit", "layer", "html")}
_CONTEXTS = 511  # characters that --memory reads for each that it predicts


@command(
    'chargen inspect "The tide is out." --unit 12',
    'chargen inspect --file novel.txt --find "line position"',
    "chargen inspect --file novel.txt --memory",
)
@click.argument("text", required=False, type=TEXT)
@options.file("Read the text from this file, or from the files of this folder.")
@options.model
@options.verbose
@options.label
@options.encoding("the file or standard input")
@options.column("--file or -")
@options.unknown("nearest")
@options.option(
    "--layer",
    type=int,
    metavar="N",
    group="Units",
    help="Layer of the units, counted from 0, the one nearest the input.  "
    "[default: 0 with --unit, else all layers]",
)
@options.option(
    "--unit",
    "units",
    type=int,
    metavar="N",
    multiple=True,
    group="Units",
    help="Unit to show, counted from 0; can be given several times.  "
    "[default: the three that vary most over the text]",
)
@options.option(
    "--find",
    type=click.Choice(list(FEATURES)),
    metavar="FEATURE",
    group="Units",
    help=f"List the units that follow a feature of the text: {', '.join(FEATURES)}.",
)
@options.number("List this many units with --find.", 10, "--top", min=1)
@options.option(
    "--memory",
    is_flag=True,
    group="Units",
    help="Measure how far back the model remembers, instead of showing units.",
)
@options.threads
@options.json
@options.html
def inspect(
    text: str | None,
    file: Path | None,
    model: str | None,
    verbose: bool,
    label: str | None,
    encoding: str,
    column: str | None,
    unknown: Any,
    layer: int | None,
    units: tuple[int, ...],
    find: str | None,
    top: int,
    memory: bool,
    threads: int | None,
    as_json: bool,
    html: Path | None,
) -> None:
    r"""Look inside a model while it reads a text.

    A TEXT of - is read from standard input. In any other one, \n, \t and \f stand for those
    characters, \\ for a backslash.

    Shows the output of hidden units, from -1 to 1, after each character: in a terminal as colours
    over the text, or as bars below it if NO_COLOR is set; elsewhere in a line for each character,
    with tabs between its fields. --find lists the units of all layers whose output correlates
    most with a feature of the text. --memory predicts the same characters after 1, 2, 4 ... 256
    characters of context, each time from a zero state, and gives the mean losses.
    """
    from chargen.storage.runs import find_checkpoint

    _check_combined(find=find, memory=memory, unit=units, layer=layer is not None, html=html)
    check_one_source(text, file, column)
    note_file(text, "--file")
    texts = [text or ""]
    if file is not None or text == "-":
        texts = [each for _, each in read_texts("-" if file is None else file, encoding, column)]
    path = find_checkpoint(model)
    loaded = load_model(path, verbose=verbose, threads=threads)
    prepared = loaded.checkpoint.tokenizer.prepare_text(texts, unknown)
    for note in prepared.notes:
        say(note)
    page = None
    if html is not None:
        page = _Page(html, describe_model(path, loaded, label), source_name(text, file))
    if memory:
        _show_memory(loaded, prepared, label, as_json)
    elif find is not None:
        _show_found(loaded, prepared, label, find, top, as_json, page)
    else:
        _show_units(loaded, prepared, label, layer, units, as_json, page)


@dataclass(frozen=True)
class _Page:
    """The page that --html asks for: its file, and the names of what it is of."""

    path: Path
    model: str
    source: str

    def write(self, found: "Activations", units: Sequence[tuple[int, int]]) -> None:
        """Write units over a text."""
        from chargen.storage.atomic import write_atomically

        html = found.picture(*units).to_html(model=self.model, source=self.source)
        write_atomically(self.path, html.encode())
        say(f"Written to {self.path}.")


def _check_combined(**given: object) -> None:
    """Check that options which exclude each other were not given together.

    Raises:
        click.UsageError: naming two that were.
    """
    for name, excluded in _EXCLUDED.items():
        for other in excluded:
            if given[name] and given[other]:
                raise click.UsageError(f"--{name} and --{other} cannot be combined; give one.")


def _show_units(
    model: "LanguageModel",
    text: "PreparedText",
    label: str | None,
    layer: int | None,
    units: Sequence[int],
    as_json: bool,
    page: _Page | None,
) -> None:
    from chargen.evaluation.activations import to_json
    from chargen.generation.clamps import check_unit

    for unit in units:  # what is wrong is told at once
        check_unit(model.config.units, layer or 0, unit)
    with progress_bar(len(text.text)) as progress:
        found = model.activations(text, label=label, progress=progress)
    chosen = [(layer or 0, unit) for unit in units] or found.most_varied(layer=layer)
    if page is not None:
        page.write(found, chosen)
    if as_json:  # bytes, here and below, for they are UTF-8 whatever the locale
        click.echo(json_text(to_json(found, chosen)).encode())
    elif page is not None:
        return
    elif is_terminal(sys.stdout):
        put_over_text(found, chosen)
    else:
        click.echo("\n".join(_table(found, chosen)).encode())


def _show_found(
    model: "LanguageModel",
    text: "PreparedText",
    label: str | None,
    feature: str,
    top: int,
    as_json: bool,
    page: _Page | None,
) -> None:
    with progress_bar(len(text.text)) as progress:
        found = model.find_units(feature, text, label=label, top=top, progress=progress)
    if page is not None:
        chosen = [(each.layer, each.unit) for each in found]
        page.write(_beginning(model, text, label), chosen)
    if as_json:
        units = [each.to_json() for each in found]
        click.echo(json_text({"feature": feature, "units": units}).encode())
        return
    click.echo("\n".join(_found_table(found)))
    if is_terminal(sys.stdout) and page is None:
        best = found[0].layer, found[0].unit
        click.echo("\nThe first of them, over the text's beginning:\n")
        put_over_text(_beginning(model, text, label), [best])


def _beginning(model: "LanguageModel", text: "PreparedText", label: str | None) -> "Activations":
    """Return the activations of the first characters of a text."""
    from dataclasses import replace

    return model.activations(replace(text, text=text.text[:_MAX_EXAMPLE]), label=label)


def _found_table(found: Sequence["FoundUnit"]) -> Iterator[str]:
    """Yield a header and a line for each unit."""
    yield f"{'layer':>5}  {'unit':>5}  {'correlation':>11}"
    for each in found:
        yield f"{each.layer:>5}  {each.unit:>5}  {each.correlation:>+11.3f}"


def _show_memory(
    model: "LanguageModel", text: "PreparedText", label: str | None, as_json: bool
) -> None:
    from chargen.evaluation.memory import PLACES

    with progress_bar(_CONTEXTS * min(PLACES, len(text.text))) as progress:
        found = model.memory(text, label=label, progress=progress)
    if as_json:
        click.echo(json_text(found.to_json()).encode())
        return
    click.echo("\n".join(_memory_table(found)).encode())
    say(
        f"{count(found.places, 'character')} predicted at each context. More context than "
        f"{count(found.reach, 'character')} lowers the loss by less than 0.01 nats."
    )


def _memory_table(found: "Memory") -> Iterator[str]:
    """Yield a header and a line for each context, with a bar at a terminal."""
    from chargen.generation.log_probs import bits

    shows_bars = is_terminal(sys.stdout)
    yield f"{'context':>7}  {'nats/char':>9}  {'bits/char':>9}"
    for context, loss in zip(found.contexts, found.losses, strict=True):
        bar = "  " + "█" * round(_WIDTH * loss / max(found.losses)) if shows_bars else ""
        yield f"{context:>7}  {loss:>9.4f}  {bits(loss):>9.4f}{bar}"


def _table(found: "Activations", units: Sequence[tuple[int, int]]) -> Iterator[str]:
    """Yield a header and a line for each character, with tabs between the fields."""
    from chargen.text.characters import escape_hidden

    yield "\t".join(["character", *(f"layer{layer}.unit{unit}" for layer, unit in units)])
    columns = [found.unit(layer, unit).tolist() for layer, unit in units]
    for character, *values in zip(found.text, *columns, strict=True):
        yield "\t".join([escape_hidden(character), *(f"{value:.4f}" for value in values)])
