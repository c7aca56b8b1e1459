"""chargen sample: write text that continues a prompt."""

import json
import sys
from collections.abc import Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any

import click

from chargen.cli import options
from chargen.cli.help import command
from chargen.cli.texts import read_text, read_texts
from chargen.config import SamplingConfig
from chargen.config.base import given
from chargen.config.model import MAX_CHARACTERS

if TYPE_CHECKING:
    from chargen.corpus.sources import Source
    from chargen.text.copies import Passage


@command(
    'chargen sample "Once upon a time"',
    "chargen sample -m novel --length 2000 --temperature 0.5",
    'chargen sample "The sea" -n 3 --lines 4 --seed 1',
)
@click.argument("prompts", metavar="[PROMPT]...", nargs=-1)
@options.model
@options.option(
    "--label",
    "labels",
    multiple=True,
    group="Model",
    help="Write in the style of this label of the model. May be repeated, for texts of each.  "
    "[default: one drawn for each text]",
)
@options.option(
    "--prompt-file",
    "prompt_files",
    multiple=True,
    type=click.Path(readable=False),
    metavar="FILE",
    group="Text",
    help="File that holds a prompt. May be repeated.",
)
@options.encoding("files and standard input")
@options.column("the --report-copies file")
@options.unknown
@options.settings(SamplingConfig, without=("label",))  # here there may be several
@options.number("Texts to write for each prompt.", 1, "-n", "--samples", "n", min=1, max=1_000_000)
@options.output("--no-echo", is_flag=True, help="Leave the prompt out of the text.")
@options.output(
    "--separator",
    default="\n",
    show_default=False,
    help="Text to write between two texts.  [default: an empty line]",
)
@options.output("--json", "as_json", is_flag=True, help="Print each text as a line of JSON.")
@options.number(
    "With --json: list this many of the most likely characters at each place.",
    0,
    "--top",
    max=MAX_CHARACTERS,
)
@options.output(
    "--report-copies",
    "corpus",
    metavar="FILE",
    help="Report the longest piece of each text that is copied word for word from this file or "
    "folder.",
)
@options.output(
    "--engine",
    type=click.Choice(["numpy", "keras"]),
    default="numpy",
    help="Library that computes the text; keras is slow and serves as a reference.",
)
def sample(
    prompts: tuple[str, ...],
    model: str | None,
    prompt_files: tuple[str, ...],
    encoding: str,
    column: str | None,
    n: int,
    labels: tuple[str, ...],
    unknown: Any,
    no_echo: bool,
    separator: str,
    as_json: bool,
    top: int,
    corpus: str | None,
    engine: Any,
    **settings: Any,
) -> None:
    """Write text that continues a prompt.

    Each text goes to standard output: its PROMPT, then what might follow it. A PROMPT of - is read
    from standard input, without its last newline. Without a PROMPT, a new text begins.

    Each character is chosen in these steps: --only, --ban, --repetition-penalty, --max-line and
    --max-copy limit what may come; --temperature flattens or sharpens the probabilities; --top-k,
    --top-p and --min-p remove unlikely characters; one of the rest is drawn at random.

    Standard error says which label a text has, if that was drawn, and, if it is a terminal, which
    random seed.
    """
    from chargen.corpus.sources import check_standard_input
    from chargen.generation.generate import fresh_seed
    from chargen.language_model import load
    from chargen.text.line_ends import without_last

    if top and not as_json:
        raise click.UsageError("--top is shown in JSON only; add --json.")
    if settings["max_copy"] is not None and corpus is None:
        raise click.UsageError("--max-copy needs the corpus; name it with --report-copies FILE.")
    settings = given(settings)
    SamplingConfig(**settings)  # what is wrong with them is told before anything is read
    check_standard_input([*prompts, *prompt_files, corpus])
    loaded = load(model, engine=engine)
    for label in labels:
        loaded.checkpoint.label_ids(label)

    def read(path: str) -> str:
        return without_last(read_text(path, encoding))

    texts = [read(text) if text == "-" else text for text in prompts]
    texts = [*texts, *map(read, prompt_files)] or [""]
    tokenizer = loaded.checkpoint.tokenizer
    prepared = [tokenizer.prepare_prompt(text, unknown) for text in texts]
    for note in dict.fromkeys(note for each in prepared for note in each.notes):
        click.echo(note, err=True)
    files = [] if corpus is None else read_texts(corpus, encoding, column)
    index = loaded.copy_index([text for _, text in files]) if files else None
    sources = [source for source, _ in files]
    if "seed" not in settings and not as_json and sys.stderr.isatty():
        settings["seed"] = fresh_seed()
        click.echo(f"Seed: {settings['seed']}", err=True)

    if len(prepared) * n * max(1, len(labels)) == 1 and not as_json:
        session = loaded.session(copies=index, label=labels[0] if labels else None, **settings)
        if not labels:
            _tell(session.label)
        pieces = session.stream(prepared[0])
        _put("" if no_echo else tokenizer.show(prepared[0].text))
        characters = chain.from_iterable(map(_put, pieces))
        passage = None if index is None else index.longest(characters)
        for piece in pieces:
            _put(piece)
        _put("\n")
        _report("The text", passage, sources, corpus)
        return
    samples = loaded.samples(
        prepared, n=n, label=labels or None, log_probs=as_json, top=top, copies=index, **settings
    )
    for number, each in enumerate(samples):
        passage = None if index is None else index.longest(each.text)
        if as_json:
            copy = {} if index is None else {"copy": passage and _described(passage, sources)}
            _put(json.dumps(each.to_json() | copy, ensure_ascii=False) + "\n")
        else:
            _put(separator if number else "", "surrogateescape")  # it may be any bytes
            if len(labels) != 1:
                _tell(each.label)
            _put(("" if no_echo else each.prompt) + each.text + "\n")
            _report(f"Text {number + 1}", passage, sources, corpus)


def _put(text: str, errors: str = "backslashreplace") -> str:
    """Write at once, as bytes, so that neither locale nor platform changes the text; return it."""
    sys.stdout.buffer.write(text.encode(errors=errors))
    sys.stdout.buffer.flush()
    return text


def _tell(label: str | None) -> None:
    """Say which label a text has, if any."""
    if label is not None:
        click.echo(f"Label: {label}", err=True)


def _described(passage: "Passage", sources: "Sequence[Source]") -> dict[str, Any]:
    """Return a passage as plain values; the file that it is from, if there are several."""
    values = vars(passage).copy()
    number = values.pop("number")
    return values | ({"file": str(sources[number])} if len(sources) > 1 else {})


def _report(
    which: str, passage: "Passage | None", sources: "Sequence[Source]", corpus: str | None
) -> None:
    """Say how much of a text was copied at most, and from where."""
    if passage is not None:
        source = sources[passage.number] if len(sources) > 1 else corpus
        click.echo(
            f"{which} has at most {len(passage.text):,} characters in one piece from {source}, "
            f"line {passage.line:,}: {passage.text!r}",
            err=True,
        )
    elif corpus is not None:
        click.echo(f"{which} copies nothing from {corpus}.", err=True)
