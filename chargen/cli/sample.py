"""chargen sample: write text that continues a prompt."""

import sys
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from chargen.cli import options
from chargen.cli.escapes import TEXT
from chargen.cli.help import command
from chargen.cli.models import load_model, tell_unwritable
from chargen.cli.terminal import TextOutput, is_terminal, say
from chargen.cli.texts import json_text, note_file, read_text, read_texts
from chargen.config import SamplingConfig
from chargen.config.base import given
from chargen.config.model import MAX_CHARACTERS
from chargen.config.sampling import DEFAULT_LENGTH
from chargen.text.controls import escape_line

if TYPE_CHECKING:
    from chargen.corpus.sources import Source
    from chargen.generation.stopping import FinishReason
    from chargen.text.copies import Passage
    from chargen.text.tokenizer import CharTokenizer


@command(
    'chargen sample "Once upon a time"',
    "chargen sample -m novel --length 2000 --temperature 0.5",
    'chargen sample "The sea" -n 3 --lines 4 --seed 1',
)
@click.argument("prompts", metavar="[PROMPT]...", nargs=-1, type=TEXT)
@options.model
@options.verbose
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
    type=options.input_path,
    metavar="FILE",
    group="Text",
    help="File that holds a prompt. May be repeated.",
)
@options.encoding("files and standard input")
@options.column("the --report-copies file")
@options.unknown("nearest")
@options.settings(SamplingConfig, without=("label",))  # here there may be several
@options.number("Texts to write for each prompt.", 1, "-n", "--samples", "n", min=1, max=1_000_000)
@options.output("--no-echo", is_flag=True, help="Leave the prompt out of the text.")
@options.output(
    "--separator",
    type=TEXT,
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
@options.option(
    "--engine",
    type=click.Choice(["numpy", "keras"]),
    default="numpy",
    group="Computing",
    help="Library that computes the text; keras is slow and serves as a reference.",
)
@options.threads
def sample(
    prompts: tuple[str, ...],
    model: str | None,
    verbose: bool,
    prompt_files: tuple[Path, ...],
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
    threads: int | None,
    **settings: Any,
) -> None:
    r"""Write text that continues a prompt.

    Each text goes to standard output: its PROMPT, then what might follow it. A PROMPT of - is read
    from standard input, without its last newline. Without a PROMPT, a new text begins. In a PROMPT,
    as in --stop and --separator, \n, \t and \f stand for those characters, \\ for a backslash.

    Each character is chosen in these steps: --only, --ban, --max-line, --min-length, --max-copy
    and --no-repeat limit what may come; --temperature flattens or sharpens the probabilities;
    --top-k, --top-p and --min-p remove unlikely characters; one of the rest is drawn at random.

    With --unique, --report-copies names the corpus to differ from. When 300 texts in a row were not
    new, no more are tried, and standard error says how many came.

    Standard error says which label a text has, if that was drawn, and, if it is a terminal, which
    model writes with which random seed.
    """
    from chargen.corpus.sources import check_standard_input
    from chargen.generation.blas import held
    from chargen.generation.generate import fresh_seed

    _check_together(top, as_json, settings["max_copy"], column, corpus)
    settings = given(settings)
    config = SamplingConfig(**settings)  # what is wrong is told before anything is read
    check_standard_input([*prompts, *map(str, prompt_files), corpus])
    loaded = load_model(model, verbose=verbose, engine=engine, threads=threads)
    click.get_current_context().with_resource(held())
    for label in labels:
        loaded.checkpoint.label_ids(label)

    tokenizer = loaded.checkpoint.tokenizer
    texts = _read_prompts(prompts, prompt_files, encoding)
    prepared = [tokenizer.prepare_prompt(text, unknown) for text in texts]
    for note in dict.fromkeys(note for each in prepared for note in each.notes):
        say(note)
    tell_unwritable(loaded, config)
    files = [] if corpus is None else read_texts(corpus, encoding, column)
    index = loaded.copy_index([text for _, text in files]) if files else None
    sources = [source for source, _ in files]
    if "seed" not in settings and not as_json and sys.stderr.isatty():
        settings["seed"] = fresh_seed()
        say(f"Seed: {settings['seed']}")

    number_of_texts = len(prepared) * n * max(1, len(labels))
    output, tally = TextOutput(), _Tally(config, tokenizer, number_of_texts)
    if number_of_texts == 1 and not as_json:
        session = loaded.session(copies=index, label=labels[0] if labels else None, **settings)
        _tell(None if labels else session.label)
        lead = "" if no_echo else tokenizer.show(prepared[0].text)
        text = _write_one(output, lead, session.stream(prepared[0]), config)
        if text is not None:
            tally.count(text, session.finish_reason)
            _report("The text", index.longest(text) if index else None, sources, corpus)
        return tally.tell()
    samples = loaded.samples(
        prepared, n=n, label=labels or None, log_probs=as_json, top=top, copies=index, **settings
    )
    are_numbered = output.at_terminal and is_terminal(sys.stderr) and not as_json
    for number, each in enumerate(samples, start=1):
        passage = index.longest(each.text) if index else None
        tally.count(each.text, each.finish_reason)
        if as_json:
            copy = {} if index is None else {"copy": passage and _described(passage, sources)}
            output.put(json_text(each.to_json() | copy) + "\n")
            continue
        output.put(separator if number > 1 else "", "surrogateescape")  # it may be any bytes
        if are_numbered:
            say(f"Text {number:,} of {number_of_texts:,}:")
        _tell(None if len(labels) == 1 else each.label)
        output.put(("" if no_echo else each.prompt) + each.text + "\n")
        _report(f"Text {number}", passage, sources, corpus)
    tally.tell()


def _check_together(
    top: int, as_json: bool, max_copy: int | None, column: str | None, corpus: str | None
) -> None:
    """Check that what an option needs is given with it.

    Raises:
        click.UsageError: naming one whose need is not.
    """
    if top and not as_json:
        raise click.UsageError("--top is shown in JSON only; add --json.")
    if max_copy is not None and corpus is None:
        raise click.UsageError("--max-copy needs the corpus; name it with --report-copies FILE.")
    if column is not None and corpus is None:
        raise click.UsageError("--column needs a table; name it with --report-copies FILE.")


def _write_one(
    output: TextOutput, lead: str, pieces: Iterator[str], config: SamplingConfig
) -> str | None:
    """Write a text as it comes, after `lead`; return it, or None where no new one came."""
    first = next(filter(None, pieces), "") if config.unique else ""
    if config.unique and not first:
        return None
    output.put(lead)
    text = "".join(map(output.put, chain([first], pieces)))
    output.put("\n")
    return text


def _read_prompts(
    prompts: tuple[str, ...], prompt_files: tuple[Path, ...], encoding: str
) -> list[str]:
    """Return the prompts, those of standard input and of files without their last line end."""
    from chargen.text.line_ends import without_last

    def read(path: str | Path) -> str:
        return without_last(read_text(path, encoding))

    for prompt in prompts:
        note_file(prompt, "--prompt-file")
    texts = [read(text) if text == "-" else text for text in prompts]
    return [*texts, *map(read, prompt_files)] or [""]


class _Tally:
    """Counts the texts, and of them those that did not come as they should.

    Some are cut at the usual length, though they should have ended by themselves. Some lack lines,
    or do not come at all, since too many in a row were not new.
    """

    def __init__(self, config: SamplingConfig, tokenizer: "CharTokenizer", wanted: int) -> None:
        from chargen.generation.stopping import length_limit

        self._limit = length_limit(config, tokenizer)
        self._wanted, self._lines_wanted = wanted, config.lines
        self._is_usual = config.length is None and self._limit > DEFAULT_LENGTH
        self._came = self._cut = self._lines = self._stuck = 0

    def count(self, text: str, reason: "FinishReason | None") -> None:
        """Take a text and why it ended."""
        self._came += 1
        self._cut += self._is_usual and len(text) >= self._limit
        self._lines += len(text.splitlines())
        self._stuck += reason == "unique"

    def tell(self) -> None:
        """Say how many there were of each, if there were any."""
        if self._cut:
            texts = "The text was" if self._cut == 1 else f"{self._cut:,} texts were"
            say(f"{texts} cut at {self._limit:,} characters; --length changes that.")
        missing = f"{self._came:,} of {self._wanted:,} texts" if self._came < self._wanted else ""
        if self._stuck and self._lines_wanted:
            missing = f"{self._lines:,} of {self._lines_wanted * self._came:,} lines"
        if missing:
            say(
                f"Only {missing} came: too many in a row were not new. "
                "A higher --temperature brings more."
            )


def _tell(label: str | None) -> None:
    """Say which label a text has, if any."""
    if label is not None:
        say(f"Label: {label}")


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
        source = escape_line(str(sources[passage.number] if len(sources) > 1 else corpus))
        click.echo(
            f"{which} has at most {len(passage.text):,} characters in one piece from {source}, "
            f"line {passage.line:,}: {passage.text!r}",
            err=True,
        )
    elif corpus is not None:
        say(f"{which} copies nothing from {corpus}.")
